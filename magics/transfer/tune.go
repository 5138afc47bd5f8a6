package transfer

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

type tuneFlags struct {
	Search  training.SearchOptions
	Workers int
	Full    bool
	TrainFlags
}

func tuneMagic(l *Lab) magics.Magic {
	return &magics.Command[tuneFlags]{
		Use:     "tune",
		Short:   "Searches the head, rate, dropout and weight decay on cached features; the best becomes the current model",
		Example: "%tune --trials 50 --time 60s",
		JSON:    true,
		Flags: func(f *pflag.FlagSet, o *tuneFlags) {
			o.Search, o.Recipe = training.DefaultSearchOptions(), training.DefaultRecipe()
			f.IntVar(&o.Search.Trials, "trials", o.Search.Trials, "trials")
			f.DurationVar(&o.Search.Time, "time", time.Minute, "no new trial starts after it; 0 for no limit")
			f.IntVar(&o.Recipe.Epochs, "epochs", o.Recipe.Epochs, "passes over the training images that the last trials get")
			f.IntVar(&o.Workers, "workers", 0, "trials at once; 0 for one a core")
			f.StringArrayVar(&o.Search.Heads, "head", nil, "a head to try; may be given several times")
			f.BoolVar(&o.Full, "full", false, "train every trial to the end, instead of dropping the bad half early")
			f.Int64Var(&o.Recipe.Seed, "seed", o.Recipe.Seed, "seed of the search")
			f.StringVar(&o.Dataset, "dataset", "", "search on this dataset instead of the current one")
			f.StringVar(&o.Model, "model", "", "search for this model instead of the current one")
		},
		Do: func(ctx context.Context, in *magics.Invocation, o *tuneFlags) error {
			job, model, err := l.trainJob(in, o.TrainFlags)
			if err != nil {
				return err
			}
			device, err := l.Device(ctx)
			if err != nil {
				return err
			}
			search := o.Search
			search.Halving = !o.Full
			if o.Workers != 0 {
				search.Workers = o.Workers
			}
			if search.Heads == nil {
				search.Heads = training.DefaultSearchOptions().Heads
			}
			board := &trialBoard{screen: in, quiet: in.JSON, epochs: job.Recipe.Epochs}
			result, err := training.Search(ctx, device, job, search, board.hear, board.add)
			board.draw(true)
			if err != nil {
				return advised(err)
			}
			best := classifier.New(result.Best)
			model.Head = best.Head().String()
			model.setTrained(best, job.Dataset)
			if in.JSON {
				return in.Result(result.Trials, nil)
			}
			first := result.Trials[0]
			return in.Printf("%d trials; the best, now the current model: --head %q --lr %.2g, validation loss %.3g, accuracy %.1f %%\n",
				len(result.Trials), first.Head, first.LearningRate, first.ValLoss, 100*first.ValAccuracy)
		},
	}
}

// A trialBoard draws the trials of a search as they end, by the validation loss that the search goes by.
type trialBoard struct {
	screen magics.Display
	quiet  bool
	epochs int // of a trial that is not cut

	mu     sync.Mutex
	trials []figure.Trial
	note   string
	id     display.ID
	shown  bool
	drawn  time.Time
}

func (b *trialBoard) hear(e training.Event) {
	if e.Kind != training.FeaturesEvent {
		return
	}
	b.mu.Lock()
	b.note = featureLine(e.Features) + "."
	b.mu.Unlock()
	b.draw(false)
}

func (b *trialBoard) add(t training.Trial) {
	b.mu.Lock()
	trial := figure.Trial{
		Number: t.Number, Value: t.ValLoss, Took: time.Duration(t.Seconds * float64(time.Second)), Cut: t.Ended && t.Epochs < b.epochs,
		Params: []figure.Param{
			{Name: "val accuracy", Value: fmt.Sprintf("%.1f %%", 100*t.ValAccuracy)}, {Name: "head", Value: t.Head}, {Name: "lr", Value: fmt.Sprintf("%.2g", t.LearningRate)},
			{Name: "dropout", Value: fmt.Sprintf("%.2g", t.Dropout)}, {Name: "weight decay", Value: fmt.Sprintf("%.2g", t.WeightDecay)},
			{Name: "epochs", Value: fmt.Sprint(t.Epochs)},
		},
	}
	if t.ValLoss == math.MaxFloat64 { // its loss was no number
		trial.Value = math.NaN()
	}
	for i := range b.trials { // halving tells a trial again when it has trained further
		if b.trials[i].Number == t.Number {
			b.trials[i] = trial
			b.mu.Unlock()
			b.draw(false)
			return
		}
	}
	b.trials = append(b.trials, trial)
	b.mu.Unlock()
	b.draw(false)
}

func (b *trialBoard) draw(force bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.quiet || len(b.trials) == 0 || !force && time.Since(b.drawn) < redrawEvery {
		return
	}
	b.drawn = time.Now()
	bundle := figure.Trials(figure.TrialsData{Title: "trials", Metric: "val loss", Lower: true, Trials: b.trials, Notes: []string{b.note}})
	if !b.shown {
		id, err := b.screen.Show(context.Background(), bundle)
		b.id, b.shown = id, err == nil
		return
	}
	_ = b.screen.Update(context.Background(), b.id, bundle)
}

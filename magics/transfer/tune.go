package transfer

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	training "github.com/headstart-nb/headstart/models/transfer"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

type tuneFlags struct {
	Trials, Workers, Epochs int
	Time                    time.Duration
	Heads                   []string
	Full                    bool
	TrainFlags
}

func tuneMagic(l *Lab) magics.Magic {
	return &magics.Command[tuneFlags]{
		Use:     "tune",
		Short:   "Searches the head, rate, dropout and weight decay on cached features; the best becomes the current model",
		Example: "%tune --trials 50 --time 60s",
		JSON:    true,
		Flags: func(f *pflag.FlagSet, o *tuneFlags) {
			f.IntVar(&o.Trials, "trials", 50, "settings to try")
			f.DurationVar(&o.Time, "time", time.Minute, "no new trial starts after it; 0 for no limit")
			f.IntVar(&o.Epochs, "epochs", training.DefaultEpochs, "passes that the last trials get")
			f.IntVar(&o.Workers, "workers", 0, "trials at once; 0 for one a core")
			f.StringArrayVar(&o.Heads, "head", nil, "a head to try; may be given several times")
			f.BoolVar(&o.Full, "full", false, "train every trial to the end, instead of dropping the bad half early")
			f.Int64Var(&o.Seed, "seed", training.DefaultSeed, "seed of the search")
			f.StringVar(&o.Dataset, "dataset", "", "search on this dataset instead of the current one")
			f.StringVar(&o.Model, "model", "", "search for this model instead of the current one")
		},
		Do: func(ctx context.Context, in *magics.Invocation, o *tuneFlags) error {
			o.TrainFlags.Epochs = o.Epochs
			config, model, err := l.trainConfig(in, o.TrainFlags)
			if err != nil {
				return err
			}
			device, err := l.Device(ctx)
			if err != nil {
				return err
			}
			search := training.TuneConfig{
				Base: config, Trials: o.Trials, Time: o.Time, Workers: o.Workers, Heads: o.Heads, Halving: !o.Full,
			}
			board := &trialBoard{screen: in, quiet: in.JSON, epochs: o.Epochs}
			result, err := training.Tune(ctx, device, search, board.hear, board.add)
			board.draw(true)
			if err != nil {
				return err
			}
			model.Head = result.Model.Head.String()
			model.setTrained(result.Model, config.Dataset)
			if in.JSON {
				return in.Result(result.Trials, nil)
			}
			best := result.Trials[0]
			return in.Printf("%d trials; the best, now the current model: --head %q --lr %.2g, validation loss %.3g, accuracy %.1f %%\n",
				len(result.Trials), best.Head, best.LearningRate, best.ValLoss, 100*best.ValAccuracy)
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

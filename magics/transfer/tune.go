package transfer

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imagefolder/phrase"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/search"
	"github.com/headstart-nb/headstart/models/training/trial"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/study"
	"github.com/headstart-nb/headstart/nbhelpers/live"
)

// TuneFlags are the choices of %tune; the command line shares them.
type TuneFlags struct {
	Search  search.Options
	Workers int
	Full    bool
	TrainFlags
}

// Declare declares the flags.
func (o *TuneFlags) Declare(f *pflag.FlagSet) {
	o.Search, o.Recipe = search.DefaultOptions(), recipe.DefaultRecipe()
	f.IntVar(&o.Search.Trials, "trials", o.Search.Trials, "number of trials")
	f.DurationVar(&o.Search.Time, "time", time.Minute, "time after which no new trial starts; 0 for no limit")
	f.IntVar(&o.Recipe.Epochs, "epochs", o.Recipe.Epochs, "epochs of the last trials")
	f.IntVar(&o.Workers, "workers", 0, "number of trials at once; 0 for one per core")
	f.StringArrayVar(&o.Search.Heads, "head", nil, "head to try; may be repeated")
	f.BoolVar(&o.Full, "full", false, "train every trial to the end, without successive halving")
	f.Int64Var(&o.Recipe.Seed, "seed", o.Recipe.Seed, "seed of the search")
	f.StringVar(&o.Dataset, "dataset", "", "name of the dataset; by default the current one")
	f.StringVar(&o.Model, "model", "", "name of the model; by default the current one")
}

func tuneMagic(p *Presenter) magics.Magic {
	return &magics.Command[TuneFlags]{
		Use:     "tune",
		Short:   "Searches classifiers, heads, rate, dropout and weight decay by cross-validation; the best becomes the current model",
		Example: "%tune --trials 50 --time 60s",
		JSON:    true,
		Flags:   func(f *pflag.FlagSet, o *TuneFlags) { o.Declare(f) },
		Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, o *TuneFlags) error {
			return p.Tune(ctx, output.Of(in), *o)
		}),
	}
}

// Tune searches for a better head, which becomes that of the current model, and shows the trials.
func (p *Presenter) Tune(ctx context.Context, page output.Page, o TuneFlags) error {
	options := o.Search
	options.Halving = !o.Full
	if o.Workers != 0 {
		options.Workers = o.Workers
	}
	if options.Heads == nil {
		options.Heads = search.DefaultOptions().Heads
	}
	board := &trialBoard{ctx: context.WithoutCancel(ctx), screen: page, quiet: page.JSON, epochs: o.Recipe.Epochs}
	result, err := p.lab.Search(ctx, o.options(page), options, board.hear, board.add)
	board.draw(true)
	if err != nil {
		return err
	}
	if page.JSON {
		return page.Result(ctx, result.Trials, nil)
	}
	return tuned(ctx, page, result)
}

// tuned says what the search found. The accuracies that it chose by are too high for the best; the validation images had no part
// in the choice.
func tuned(ctx context.Context, page output.Page, result *search.Result) error {
	if result.Probes != nil {
		if _, err := page.Show(ctx, drawing.SelectionTable(result.Probes, true)); err != nil {
			return err
		}
	}
	best, name, accuracy, spread := result.Best, "", 0.0, 0.0
	if best.Selection != nil {
		choice := result.Probes.Choice()
		name, accuracy, spread = choice.Candidate.String(), choice.Accuracy, choice.Error
	} else {
		first := result.Trials[0]
		name, accuracy, spread = fmt.Sprintf("--head %q --lr %.2g", first.Head, first.LearningRate), first.Accuracy, first.Error
	}
	measured := ""
	if kept := best.History.Best(); kept != nil {
		n := 0
		for _, f := range best.Provenance.Files {
			if f.Split == imagefolder.Val {
				n++
			}
		}
		measured = "; validation accuracy " + metric.Percent(kept.ValAccuracy, n)
	}
	return page.Printf("%s; the best, now the current model: %s, chosen by a cross-validated accuracy of %.1f ± %.1f %%%s\n",
		phrase.Plural(len(result.Trials), "trial", "trials"), name, 100*accuracy, 100*spread, measured)
}

// A trialBoard draws the trials of a search as they end, by the cross-validated loss that the search goes by.
type trialBoard struct {
	ctx    context.Context // of the search, without its end: the last state is shown when it was canceled
	screen magics.Display
	quiet  bool
	epochs int // of a trial that is not cut

	mu     sync.Mutex
	trials []study.Trial
	note   string
	figure *live.Figure // nil before the first trial
}

func (b *trialBoard) hear(e progress.Event) {
	if e.Kind != progress.FeaturesEvent {
		return
	}
	b.mu.Lock()
	b.note = drawing.FeatureLine(e.Features) + "."
	b.mu.Unlock()
	b.draw(false)
}

func (b *trialBoard) add(t trial.Trial) {
	b.mu.Lock()
	trial := study.Trial{
		Number: t.Number, Value: t.Loss, Took: time.Duration(t.Seconds * float64(time.Second)), Cut: t.Ended && t.Epochs < b.epochs,
		Params: []study.Param{
			{Name: "cv accuracy", Value: fmt.Sprintf("%.1f ± %.1f %%", 100*t.Accuracy, 100*t.Error)}, {Name: "head", Value: t.Head}, {Name: "lr", Value: fmt.Sprintf("%.2g", t.LearningRate)},
			{Name: "dropout", Value: fmt.Sprintf("%.2g", t.Dropout)}, {Name: "weight decay", Value: fmt.Sprintf("%.2g", t.WeightDecay)},
			{Name: "epochs", Value: fmt.Sprint(t.Epochs)},
		},
	}
	if t.Loss == math.MaxFloat64 { // its loss was no number
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

func (b *trialBoard) draw(last bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.quiet || len(b.trials) == 0:
	case b.figure == nil:
		b.figure = live.New(live.Forms{ // called with the lock held
			Light: func() display.Bundle { return study.TrialsLight(b.data()) },
			Full:  func(bool) display.Bundle { return study.Trials(b.data()) },
		}, time.Now)
		_ = b.figure.Attach(b.ctx, b.screen)
	default:
		b.figure.Change()
		_ = b.figure.Update(b.ctx)
	}
	if last && b.figure != nil {
		_ = b.figure.Close(b.ctx)
	}
}

func (b *trialBoard) data() study.TrialsData {
	return study.TrialsData{Title: "trials", Metric: "cv loss", Lower: true, Trials: b.trials, Notes: []string{b.note}}
}

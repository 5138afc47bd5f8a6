package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// TrainFlags are the choices of %train; the command line shares them.
type TrainFlags struct {
	Recipe training.Recipe

	Run, Dataset, Model, Resume, Log string
	Device                           string
	Background, Outlive, FindLR      bool
	Allow                            []string
}

// Declare declares the flags.
func (o *TrainFlags) Declare(f *pflag.FlagSet) {
	o.Recipe = training.DefaultRecipe()
	bindRecipe(f, &o.Recipe)
	f.BoolVar(&o.Background, "background", false, "return at once; %attach shows it")
	f.BoolVar(&o.Outlive, "outlive", true, "let a background run continue when its kernel restarts or ends")
	f.StringVar(&o.Run, "run", "", "name of the run; by default one is made")
	f.StringVar(&o.Dataset, "dataset", "", "train on this dataset instead of the current one")
	f.StringVar(&o.Model, "model", "", "train this model instead of the current one")
	f.StringVar(&o.Resume, "resume", "", "resume this run from its last completed epoch")
	magics.Path(f, &o.Log, "log", "", "write each epoch as a row of this CSV file")
	declareDevice(f, &o.Device)
	f.BoolVar(&o.FindLR, "find-lr", false, "draw the loss over a rising learning rate and propose one; no model changes")
	f.StringSliceVar(&o.Allow, "allow", nil, "accept what the check before training found, by its name")
}

func trainMagic(l *Lab) magics.Magic {
	return &magics.Command[TrainFlags]{
		Use:     "train",
		Short:   "Trains the current model's head on the current dataset, with live curves",
		Long:    "The frozen backbone computes each image's features once; they are cached by content, so that the next training\non the same images starts at once. An interrupt stops after the batch and keeps the best model.",
		Example: "%train --epochs 10 --lr 0.001\n%train --unfreeze conv5",
		JSON:    true,
		Flags:   func(f *pflag.FlagSet, o *TrainFlags) { o.Declare(f) },
		Do: func(ctx context.Context, in *magics.Invocation, o *TrainFlags) error {
			if err := l.changeDevice(ctx, o.Device); err != nil {
				return err
			}
			job, model, err := l.trainJob(in, *o)
			if err != nil {
				return err
			}
			if o.FindLR {
				return advised(l.findRate(ctx, in, job))
			}
			r, err := l.Start(ctx, *o, job, model)
			if err != nil {
				return advised(err)
			}
			if !in.JSON || o.Background {
				if err := r.attach(ctx, in); err != nil {
					return err
				}
			}
			if o.Background {
				return in.Printf("%s trains in the background: %%attach %s shows it, %%runs lists it\n", r.name, r.name)
			}
			return l.wait(ctx, in, r)
		},
	}
}

// trainJob is what the flags ask for with the current dataset and model.
func (l *Lab) trainJob(in *magics.Invocation, o TrainFlags) (training.Job, *Model, error) {
	data, err := l.Dataset(o.Dataset)
	if err != nil {
		return training.Job{}, nil, err
	}
	model, err := l.Model(o.Model)
	if err != nil {
		return training.Job{}, nil, err
	}
	var flags []string
	in.Flags.Visit(func(f *pflag.Flag) { flags = append(flags, "--"+f.Name+"="+f.Value.String()) })
	job := training.Job{
		Recipe: o.Recipe, Dataset: data, Backbone: model.backbone(data.Options.Method), Accept: o.Allow,
		Environment: training.Environment{Home: l.home, CSVLog: o.Log},
		Request:     training.Request{Name: o.Run, Cell: in.Call.Code, Flags: flags},
	}
	job.Recipe.Head = model.Head
	if o.Resume == "" {
		return job, model, nil
	}
	job.Request.Name = o.Resume
	if !in.Flags.Changed("epochs") { // it ends where it was to end
		stored, err := training.ReadRun(l.home, o.Resume)
		if err != nil {
			return training.Job{}, nil, fmt.Errorf("resuming: %w; %%runs lists the runs", err)
		}
		job.Recipe.Epochs = stored.Epochs
	}
	return job, model, nil
}

// Start begins a training in a goroutine of the lab's own. Unless it goes to the background, ctx stops it gently.
func (l *Lab) Start(ctx context.Context, o TrainFlags, job training.Job, model *Model) (*run, error) {
	if err := training.Check(job); err != nil {
		return nil, err
	}
	device, err := l.Device(ctx)
	if err != nil {
		return nil, err
	}
	if o.Background {
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &run{
		model: model.Name, trained: model.Backbone.Trained(), dataset: job.Dataset.Name, backend: device.Name(), images: len(job.Dataset.Items),
		facts: facts(job.Backbone.Identity(), job.Dataset.Digest, job.Recipe.Seed, job.Request.Flags), cell: job.Request.Cell,
		epochs: job.Recipe.Epochs, started: time.Now(), tied: !o.Background || !o.Outlive, stopSoft: cancel, stopHard: make(chan struct{}), done: make(chan struct{}), drawn: make(chan struct{}),
	}
	if why := device.Fallback(); why != "" {
		r.notes = append(r.notes, "computed on "+device.Name()+", which may be many times slower: "+why)
	}
	if err := l.register(r, job.Request.Name, o.Resume != ""); err != nil {
		cancel()
		return nil, err
	}
	job.Request.Name, job.Control.Abort = r.name, r.stopHard
	job.Accept = append(job.Accept, training.CodeRandom) // the figure labels an untrained backbone itself
	fit := training.Fit
	if o.Resume != "" {
		fit = training.Resume
	}
	go func() {
		defer cancel()
		result, err := fit(ctx, device, job, r.hear)
		if result != nil {
			model.setTrained(classifier.New(result), job.Dataset)
			r.learn(versionFacts(result.Provenance.Versions))
		}
		r.finish(advised(err))
		l.leave("last.run", r.snapshot())
	}()
	go r.follow()
	return r, nil
}

// register gives the run a name that no other run of this process or on disk has, unless it was asked for by name.
func (l *Lab) register(r *run, name string, resumed bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if name == "" {
		name = l.freeName(fmt.Sprintf("%s-%s", r.model, r.started.Format("0102-150405")))
	}
	for _, other := range l.runs {
		if other.name == name && other.running() {
			return fmt.Errorf("a run named %s trains already: %%attach %s shows it", name, name)
		}
	}
	if l.home != "" && !resumed {
		if _, err := training.ReadRun(l.home, name); err == nil {
			return fmt.Errorf("there is already a run %s: choose another name, or continue it by %%train --resume %s", name, name)
		}
	}
	r.name = name // before others can see the run
	l.runs = append(l.runs, r)
	return nil
}

// freeName numbers a name that another run of the same second has already. The caller holds the lock.
func (l *Lab) freeName(stem string) string {
	name := stem
	for n := 2; slices.ContainsFunc(l.runs, func(r *run) bool { return r.name == name }); n++ {
		name = fmt.Sprintf("%s-%d", stem, n)
	}
	return name
}

func (r *run) snapshot() figure.RunData {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.data()
}

// wait sees a run in the foreground to its end and says what came of it.
func (l *Lab) wait(ctx context.Context, in *magics.Invocation, r *run) error {
	<-r.drawn
	r.mu.Lock()
	err, features, history := r.err, r.features, r.history
	r.mu.Unlock()
	if features != nil && !in.JSON {
		if err := in.Printf("%s\n", featureLine(features)); err != nil {
			return err
		}
	}
	if errors.Is(err, training.ErrStopped) {
		kept := "no epoch was finished, and no model is kept"
		if best := history.Best(); best != nil {
			kept = fmt.Sprintf("the best model (epoch %d, validation accuracy %.1f %%) is kept", best.Epoch, 100*best.ValAccuracy)
		}
		return &stopped{fmt.Sprintf("training stopped in epoch %d of %d: %s", len(history)+1, r.epochs, kept), errors.Join(err, context.Cause(ctx))}
	}
	if err != nil {
		return err
	}
	if in.JSON {
		return in.Result(r.snapshot(), nil)
	}
	_, err = in.Show(ctx, epochTable(history))
	return err
}

// stopped is an interrupt in words.
type stopped struct {
	text  string
	cause error // ErrStopped, and why the context ended
}

func (s *stopped) Error() string { return s.text }
func (s *stopped) Unwrap() error { return s.cause }

func epochTable(history training.History) display.Bundle {
	d := figure.EpochsData{Title: "Epochs", Metrics: []figure.Metric{
		{Name: "loss"}, {Name: "accuracy", Fraction: true}, {Name: "val loss"}, {Name: "val accuracy", Fraction: true},
	}}
	for _, e := range history {
		d.Rows = append(d.Rows, figure.EpochRow{
			Epoch: e.Epoch, Values: []float64{e.Loss, e.Accuracy, e.ValLoss, e.ValAccuracy}, Rate: e.Rate,
			Waited: time.Duration(e.Waited * float64(time.Second)), Duration: time.Duration(e.Seconds * float64(time.Second)),
		})
	}
	if best := history.Best(); best != nil {
		d.Best = best.Epoch
	}
	return figure.Epochs(d)
}

func (l *Lab) findRate(ctx context.Context, in *magics.Invocation, job training.Job) error {
	device, err := l.Device(ctx)
	if err != nil {
		return err
	}
	curve, err := training.FindRate(ctx, device, job, nil)
	if err != nil {
		return err
	}
	return in.Result(curve, func() (display.Bundle, error) { return rateFigure(curve), nil })
}

func rateFigure(curve *training.RateCurve) display.Bundle {
	d := figure.CurvesData{
		Title: "learning-rate range test", Epoch: len(curve.Losses), Axis: "step",
		Panels: []figure.Panel{{Name: "loss", Lines: []figure.Line{{Name: "train", Values: curve.Losses}}}},
		Notes:  []string{fmt.Sprintf("The loss falls fastest near a rate of %.2g: try %%train --lr %.2g. The model is unchanged.", curve.Suggested, curve.Suggested)},
	}
	if n := len(curve.Rates); n > 0 {
		d.Notes = append(d.Notes, fmt.Sprintf("From the first step to the last the rate rises from %.0e to %.0e.", curve.Rates[0], curve.Rates[n-1]))
	}
	return figure.Curves(d)
}

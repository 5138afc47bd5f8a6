package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/imagefolder"
	training "github.com/headstart-nb/headstart/models/transfer"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// TrainFlags are the choices of %train; the command line shares them.
type TrainFlags struct {
	Epochs     int
	LR         float64
	Batch      int
	Optimizer  string
	Augment    string
	EarlyStop  int
	Unfreeze   string
	Background bool
	Outlive    bool
	Seed       int64
	Devices    int
	Precision  string
	Device     string

	Run, Dataset, Model, Resume, Log                           string
	Task, Schedule, ClassWeights                               string
	Momentum, WeightDecay, L2, Clip, LabelSmoothing, StageRate float64
	Warmup, Accumulate, AugmentCopies                          int
	TrainNorm, KeepLast, FindLR                                bool
	Allow                                                      []string
}

// Declare declares the flags.
func (o *TrainFlags) Declare(f *pflag.FlagSet) {
	f.IntVar(&o.Epochs, "epochs", training.DefaultEpochs, "passes over the training images")
	f.Float64Var(&o.LR, "lr", training.DefaultLearningRate, "learning rate")
	f.IntVar(&o.Batch, "batch", training.DefaultBatch, "images in a step")
	magics.Enum(f, &o.Optimizer, "optimizer", "adam", []string{"adam", "adamw", "sgd", "momentum"}, "how the weights move")
	f.StringVar(&o.Augment, "augment", "", "changes to each image in each epoch, such as \""+exampleAugment+"\"; features then cannot be cached once")
	f.IntVar(&o.EarlyStop, "early-stop", 0, "stop after so many epochs without a better validation loss; 0 never")
	magics.Enum(f, &o.Unfreeze, "unfreeze", "", []string{"conv2", "conv3", "conv4", "conv5"}, "train the backbone from this stage on as well")
	f.BoolVar(&o.Background, "background", false, "return at once; %attach shows it")
	f.BoolVar(&o.Outlive, "outlive", true, "let a background run go on when its kernel restarts or ends")
	f.Int64Var(&o.Seed, "seed", training.DefaultSeed, "seed of the head, the order and the augmentation")

	f.StringVar(&o.Run, "run", "", "name of the run; by default one is made")
	f.StringVar(&o.Dataset, "dataset", "", "train on this dataset instead of the current one")
	f.StringVar(&o.Model, "model", "", "train this model instead of the current one")
	f.StringVar(&o.Resume, "resume", "", "go on with this run behind its last finished epoch")
	magics.Path(f, &o.Log, "log", "", "write each epoch as a row of this CSV file")
	magics.Enum(f, &o.Task, "task", "single", []string{"single", "multi", "regression"}, "one class, several classes, or numbers")
	magics.Enum(f, &o.Schedule, "schedule", "constant", []string{"constant", "cosine", "onecycle", "warmup", "plateau"}, "how the learning rate goes")
	f.IntVar(&o.Warmup, "warmup", 0, "epochs of rising learning rate, of the schedules warmup and cosine")
	f.StringVar(&o.ClassWeights, "class-weights", "none", "none, auto (rare classes count more), or class=weight,class=weight")
	f.Float64Var(&o.Momentum, "momentum", 0, "of --optimizer momentum; 0 means 0.9")
	f.Float64Var(&o.WeightDecay, "weight-decay", 0, "of --optimizer adamw")
	f.Float64Var(&o.L2, "l2", 0, "penalty on large weights of the head")
	f.Float64Var(&o.Clip, "clip", 0, "largest norm of all gradients together; 0 for none")
	f.Float64Var(&o.LabelSmoothing, "label-smoothing", 0, "from 0 to below 1")
	f.IntVar(&o.Accumulate, "accumulate", 0, "steps whose gradients are added before the weights move")
	f.Float64Var(&o.StageRate, "stage-rate", 0, "learning rate of an unfrozen stage as a share of the one above it; 0 means 0.1")
	magics.Enum(f, &o.Precision, "precision", "auto", []string{"auto", "float32", "bfloat16"},
		"of what unfrozen stages compute, on float32 weights; auto is bfloat16 on a GPU and float32 elsewhere")
	declareDevice(f, &o.Device)
	f.IntVar(&o.Devices, "devices", 1, "GPUs, or parts of a CPU (%device cpu --devices N), that share each batch")
	f.BoolVar(&o.TrainNorm, "train-norm", false, "let the batch norms of unfrozen stages learn")
	f.IntVar(&o.AugmentCopies, "augment-copies", 0, "compute so many augmented copies of each image once, and cache them")
	f.BoolVar(&o.KeepLast, "keep-last", false, "keep the last epoch's weights instead of the best's")
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
			if err := o.check(); err != nil {
				return err
			}
			if err := l.changeDevice(ctx, o.Device); err != nil {
				return err
			}
			config, model, err := l.trainConfig(in, *o)
			if err != nil {
				return err
			}
			if o.FindLR {
				return l.findRate(ctx, in, config)
			}
			r, err := l.Start(ctx, *o, config, model)
			if err != nil {
				return err
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

// check refuses numbers for which the library would take its defaults.
func (o TrainFlags) check() error {
	if o.Epochs < 1 || o.Batch < 1 || o.Devices < 1 || !(o.LR > 0) {
		return fmt.Errorf("train with --epochs %d --batch %d --devices %d --lr %g: epochs, batch and devices are 1 at least, the rate lies above 0",
			o.Epochs, o.Batch, o.Devices, o.LR)
	}
	return nil
}

// trainConfig gathers what the flags say about the current dataset and model.
func (l *Lab) trainConfig(in *magics.Invocation, o TrainFlags) (training.Config, *Model, error) {
	data, err := l.Dataset(o.Dataset)
	if err != nil {
		return training.Config{}, nil, err
	}
	model, err := l.Model(o.Model)
	if err != nil {
		return training.Config{}, nil, err
	}
	var flags []string
	in.Flags.Visit(func(f *pflag.Flag) { flags = append(flags, "--"+f.Name+"="+f.Value.String()) })
	config := o.Config(data, model)
	config.Home, config.Cell, config.Flags = l.home, in.Call.Code, flags
	if o.Resume != "" && !in.Flags.Changed("epochs") { // it ends where it was to end
		stored, err := training.ReadRun(l.home, o.Resume)
		if err != nil {
			return training.Config{}, nil, fmt.Errorf("resuming: %w; %%runs lists the runs", err)
		}
		config.Epochs = stored.Epochs
	}
	return config, model, nil
}

// Config is what the flags ask for.
func (o TrainFlags) Config(data *imagefolder.Dataset, model *Model) training.Config {
	name := o.Run
	if o.Resume != "" {
		name = o.Resume
	}
	return training.Config{
		Name: name, Dataset: data, Backbone: model.backbone(data.Geometry()), Head: model.Head,
		Task: training.Task(o.Task), Epochs: o.Epochs, LearningRate: o.LR, Batch: o.Batch, Accumulate: o.Accumulate,
		Optimizer: o.Optimizer, Momentum: o.Momentum, WeightDecay: o.WeightDecay, L2: o.L2, Schedule: o.Schedule,
		WarmupEpochs: o.Warmup, ClipNorm: o.Clip, LabelSmoothing: o.LabelSmoothing, ClassWeights: o.ClassWeights,
		Unfreeze: o.Unfreeze, StageRate: o.StageRate, TrainNorm: o.TrainNorm, Augment: o.Augment, AugmentCopies: o.AugmentCopies,
		EarlyStop: o.EarlyStop, KeepLast: o.KeepLast, Seed: o.Seed, Silence: o.Allow, CSVLog: o.Log, Devices: o.Devices,
		Precision: strings.TrimPrefix(o.Precision, "auto"),
	}
}

// Start begins a training in a goroutine of the lab's own. Unless it goes to the background, ctx stops it gently.
func (l *Lab) Start(ctx context.Context, o TrainFlags, config training.Config, model *Model) (*run, error) {
	if err := training.Check(config); err != nil {
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
		model: model.Name, trained: model.Backbone.Trained(), dataset: config.Dataset.Name, backend: device.Name(), images: len(config.Dataset.Items),
		facts: facts(config.Backbone.Identity(), config.Dataset.Digest, config.Seed, config.Flags), cell: config.Cell,
		epochs: config.Epochs, started: time.Now(), tied: !o.Background || !o.Outlive, stopSoft: cancel, stopHard: make(chan struct{}), done: make(chan struct{}), drawn: make(chan struct{}),
	}
	if why := device.Fallback(); why != "" {
		r.notes = append(r.notes, "computed on "+device.Name()+", which may be many times slower: "+why)
	}
	if err := l.register(r, config.Name, o.Resume != ""); err != nil {
		cancel()
		return nil, err
	}
	config.Name, config.Abort = r.name, r.stopHard
	config.Silence = append(config.Silence, training.SilenceRandom) // the figure labels an untrained backbone itself
	fit := training.Fit
	if o.Resume != "" {
		fit = training.Resume
	}
	go func() {
		defer cancel()
		result, err := fit(ctx, device, config, r.hear)
		if result != nil {
			model.setTrained(result, config.Dataset)
			r.learn(versionFacts(result.Provenance.Versions))
		}
		r.finish(err)
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
			return fmt.Errorf("there is already a run %s: choose another name, or go on with it by %%train --resume %s", name, name)
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

func (l *Lab) findRate(ctx context.Context, in *magics.Invocation, config training.Config) error {
	device, err := l.Device(ctx)
	if err != nil {
		return err
	}
	curve, err := training.FindRate(ctx, device, config, nil)
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

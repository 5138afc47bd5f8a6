package transfer

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/augment"
	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/trainer"
)

// Defaults of settings that have one beside zero.
const (
	defaultMomentum    = 0.9
	defaultStageRate   = 0.1
	defaultWeightDecay = 0.004 // Keras's AdamW
	maxEpochs          = 100_000
	maxBatch           = 1 << 16
	maxDevices         = 1024
)

// complete fills the defaults in and refuses what makes no sense.
func (c Config) complete() (Config, error) {
	c = c.withDefaults()
	return c, c.check()
}

// withDefaults fills the defaults in.
func (c Config) withDefaults() Config {
	fill(&c.Head, head.Default)
	fill(&c.Task, Single)
	fill(&c.Epochs, DefaultEpochs)
	fill(&c.LearningRate, DefaultLearningRate)
	fill(&c.Batch, DefaultBatch)
	fill(&c.Accumulate, 1)
	fill(&c.Optimizer, "adam")
	fill(&c.Momentum, defaultMomentum)
	fill(&c.Schedule, "constant")
	fill(&c.StageRate, defaultStageRate)
	fill(&c.Seed, DefaultSeed)
	fill(&c.Devices, 1)
	if c.Optimizer == "adamw" {
		fill(&c.WeightDecay, defaultWeightDecay)
	}
	if c.ClassWeights == "none" {
		c.ClassWeights = ""
	}
	return c
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (c Config) check() error {
	if c.Dataset == nil || c.Backbone == nil {
		return errors.New("train: a dataset and a backbone are needed; load the one and build the other first")
	}
	if err := c.optimizer().Validate(); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if err := c.schedule(1).Validate(); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	for _, limit := range []struct {
		what      string
		value     float64
		low, high float64
	}{
		{"the number of epochs", float64(c.Epochs), 1, maxEpochs},
		{"the batch", float64(c.Batch), 1, maxBatch},
		{"the accumulated steps", float64(c.Accumulate), 1, maxBatch},
		{"the learning rate", c.LearningRate, 1e-12, 1e6},
		{"the weight decay", c.WeightDecay, 0, 1e6},
		{"L2", c.L2, 0, 1e6},
		{"the label smoothing", c.LabelSmoothing, 0, 0.999},
		{"the gradient norm", c.ClipNorm, 0, 1e12},
		{"the share of the learning rate from stage to stage", c.StageRate, 0, 1},
		{"the warm-up epochs", float64(c.WarmupEpochs), 0, float64(c.Epochs)},
		{"the epochs before an early stop", float64(c.EarlyStop), 0, maxEpochs},
		{"the augmented copies", float64(c.AugmentCopies), 0, 1000},
		{"the number of devices", float64(c.Devices), 1, maxDevices},
	} {
		if !(limit.value >= limit.low && limit.value <= limit.high) {
			return fmt.Errorf("train: %s is %g, and must lie from %.4g to %.4g", limit.what, limit.value, limit.low, limit.high)
		}
	}
	if c.Unfreeze != "" && !slices.Contains(c.Backbone.Stages(), c.Unfreeze) {
		return fmt.Errorf("train: there is no stage %q to unfreeze; the backbone has %s", c.Unfreeze,
			strings.Join(c.Backbone.Stages(), ", "))
	}
	if err := c.checkCompute(); err != nil {
		return err
	}
	if len(c.Dataset.Select(imagefolder.Train)) == 0 {
		return fmt.Errorf("train on %s: it has no images to train on", imagefolder.Printable(c.Dataset.Name))
	}
	if _, err := c.classWeights(); err != nil {
		return err
	}
	if _, err := augment.Parse(c.Augment); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	return c.checkTargets()
}

// checkCompute looks at what a device is asked for.
func (c Config) checkCompute() error {
	switch {
	case c.Batch%c.Devices != 0:
		return fmt.Errorf("train: %d devices cannot share a batch of %d images evenly; take a batch of %d", c.Devices, c.Batch,
			(c.Batch/c.Devices+1)*c.Devices)
	case c.Precision == "":
		return nil
	case c.Precision != "float32" && c.Precision != "bfloat16":
		return fmt.Errorf("train: there is no precision %q; choose float32 or bfloat16", c.Precision)
	case c.Unfreeze == "":
		return fmt.Errorf("train: the precision %s is that of unfrozen stages, and none is unfrozen; the precision of the frozen pass "+
			"belongs to the model (%%model --precision)", c.Precision)
	}
	return nil
}

// on fits the configuration to a device.
func (c Config) on(device *accel.Device) (Config, error) {
	if n := device.Count(); c.Devices > n {
		return c, fmt.Errorf("train on %d devices: %s has %d; %%device cpu --devices %d makes as many of a CPU, and %%device cuda takes "+
			"all GPUs", c.Devices, device.Name(), n, c.Devices)
	}
	if c.Unfreeze != "" && c.Precision == "" {
		c.Precision = "float32"
		if device.Name() == "xla:cuda" {
			c.Precision = "bfloat16"
		}
	}
	return c, nil
}

func (c Config) checkTargets() error {
	switch c.Task {
	case Single:
		if len(c.Dataset.Classes) < 2 {
			return fmt.Errorf("train on %s: a classifier needs at least two classes", imagefolder.Printable(c.Dataset.Name))
		}
		return nil
	case Multi, Regression:
	default:
		return fmt.Errorf("train: there is no task %q; choose single, multi or regression", c.Task)
	}
	if len(c.Targets) != len(c.Dataset.Items) || len(c.Targets[0]) == 0 {
		return fmt.Errorf("train for the task %s: %d rows of targets for %d images; each image needs one", c.Task,
			len(c.Targets), len(c.Dataset.Items))
	}
	for i, row := range c.Targets {
		if len(row) != len(c.Targets[0]) {
			return fmt.Errorf("train for the task %s: image %d has %d targets, and the first has %d", c.Task, i, len(row), len(c.Targets[0]))
		}
		for _, v := range row {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) || (c.Task == Multi && v != 0 && v != 1) {
				return fmt.Errorf("train for the task %s: image %d has the target %g", c.Task, i, v)
			}
		}
	}
	if c.Task == Multi && len(c.Targets[0]) != len(c.Dataset.Classes) {
		return fmt.Errorf("train for the task multi: %d targets an image and %d classes", len(c.Targets[0]), len(c.Dataset.Classes))
	}
	return nil
}

func (c Config) optimizer() trainer.Optimizer {
	return trainer.Optimizer{Name: c.Optimizer, Momentum: c.Momentum}
}

// schedule is the learning rate's course with so many steps in an epoch.
func (c Config) schedule(steps int) trainer.Schedule {
	return trainer.Schedule{Name: c.Schedule, Steps: c.Epochs * steps, Warmup: c.WarmupEpochs * steps}
}

func (c Config) loss() trainer.Loss {
	switch c.Task {
	case Multi:
		return trainer.Binary
	case Regression:
		return trainer.Squared
	}
	return trainer.CrossEntropy
}

// outputs is how many numbers the head gives.
func (c Config) outputs() int {
	if c.Task == Regression {
		return len(c.Targets[0])
	}
	return len(c.Dataset.Classes)
}

// classes names the outputs.
func (c Config) classes() []string {
	if c.Task != Regression {
		return slices.Clone(c.Dataset.Classes)
	}
	names := make([]string, c.outputs())
	for i := range names {
		names[i] = "value " + strconv.Itoa(i+1)
	}
	return names
}

// target appends an item's row of targets.
func (c Config) target(to []float32, item int) []float32 {
	if c.Task != Single {
		return append(to, c.Targets[item]...)
	}
	start := len(to)
	to = append(to, make([]float32, len(c.Dataset.Classes))...)
	to[start+c.Dataset.Items[item].Label] = 1
	return to
}

// classWeights is a factor of the loss for each class; nil: all the same.
func (c Config) classWeights() ([]float32, error) {
	if c.ClassWeights == "" {
		return nil, nil
	}
	if c.Task != "" && c.Task != Single {
		return nil, fmt.Errorf("train: class weights are for the task single, and this is %s", c.Task)
	}
	weights := make([]float32, len(c.Dataset.Classes))
	if c.ClassWeights == "auto" {
		for i, w := range c.Dataset.ClassWeights() {
			weights[i] = float32(w)
		}
		return weights, nil
	}
	for i := range weights {
		weights[i] = 1
	}
	for _, pair := range strings.Split(c.ClassWeights, ",") {
		at := strings.LastIndex(pair, "=")
		if at < 0 {
			return nil, fmt.Errorf("class weights %q: write auto, or class=weight,class=weight", c.ClassWeights)
		}
		class := slices.Index(c.Dataset.Classes, strings.TrimSpace(pair[:at]))
		weight, err := strconv.ParseFloat(strings.TrimSpace(pair[at+1:]), 32)
		if class < 0 || err != nil || !(weight >= 0 && weight <= 1e6) {
			return nil, fmt.Errorf("train: class weights: %q is no class=weight of a class of the dataset with a weight from 0 to 1e6; the classes are %s",
				pair, strings.Join(c.Dataset.Classes, ", "))
		}
		weights[class] = float32(weight)
	}
	return weights, nil
}

// settings is what decides the numbers, for the record.
func (c Config) settings() Settings {
	s := Settings{
		Head: c.Head, Task: c.Task, Epochs: c.Epochs, LearningRate: c.LearningRate, Batch: c.Batch, Accumulate: c.Accumulate,
		Optimizer: c.Optimizer, Momentum: c.Momentum, WeightDecay: c.WeightDecay, L2: c.L2, Schedule: c.Schedule,
		WarmupEpochs: c.WarmupEpochs, ClipNorm: c.ClipNorm, LabelSmoothing: c.LabelSmoothing, ClassWeights: c.ClassWeights,
		Unfreeze: c.Unfreeze, Precision: c.Precision, StageRate: c.StageRate, TrainNorm: c.TrainNorm, Augment: c.Augment,
		AugmentCopies: c.AugmentCopies, EarlyStop: c.EarlyStop, KeepLast: c.KeepLast, Seed: c.Seed, Devices: c.Devices,
	}
	if c.Task != Single {
		s.Targets = c.Targets
	}
	return s
}

// apply puts recorded settings into a Config.
func (s Settings) apply(c Config) Config {
	c.Head, c.Task, c.Epochs, c.LearningRate, c.Batch, c.Accumulate = s.Head, s.Task, s.Epochs, s.LearningRate, s.Batch, s.Accumulate
	c.Optimizer, c.Momentum, c.WeightDecay, c.L2, c.Schedule = s.Optimizer, s.Momentum, s.WeightDecay, s.L2, s.Schedule
	c.WarmupEpochs, c.ClipNorm, c.LabelSmoothing, c.ClassWeights = s.WarmupEpochs, s.ClipNorm, s.LabelSmoothing, s.ClassWeights
	c.Unfreeze, c.Precision, c.StageRate, c.TrainNorm = s.Unfreeze, s.Precision, s.StageRate, s.TrainNorm
	c.Augment, c.AugmentCopies = s.Augment, s.AugmentCopies
	c.EarlyStop, c.KeepLast, c.Seed, c.Devices = s.EarlyStop, s.KeepLast, s.Seed, s.Devices
	if s.Targets != nil {
		c.Targets = s.Targets
	}
	return c
}

package transfer

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/trainer"
)

// shape says what is trained: the head on features, or with it the backbone from a stage on.
type shape struct {
	backbone Backbone
	frozen   Backbone // what images go through once; nil: they go to the network itself
	behind   string   // the last frozen stage, where the backbone is trained from a later one on
	tuning   Tuning
	plan     head.Plan
	spec     head.Spec
}

func newShape(backbone Backbone, headText string, tuning Tuning, outputs int) (shape, error) {
	s := shape{backbone: backbone, frozen: backbone, tuning: tuning}
	var err error
	if s.spec, err = head.Parse(headText); err != nil {
		return s, err
	}
	if s.plan, err = s.spec.Plan(backbone.FeatureShape(), outputs); err != nil {
		return s, err
	}
	if tuning.Unfreeze == "" {
		return s, nil
	}
	stages := backbone.Stages()
	switch i := slices.Index(stages, tuning.Unfreeze); {
	case i < 0:
		return s, fmt.Errorf("there is no stage %q to unfreeze; the backbone has %s", tuning.Unfreeze, strings.Join(stages, ", "))
	case i == 0:
		s.frozen = nil
	default:
		s.behind = stages[i-1]
		if s.frozen, err = backbone.Maps(s.behind); err != nil {
			return s, err
		}
	}
	return s, nil
}

// options describe the network to the trainer.
func (s shape) options(batch int, seed int64, loss trainer.Loss) trainer.Options {
	o := trainer.Options{Head: s.plan, Seed: seed, Batch: batch, Loss: loss}
	if s.frozen != nil {
		o.Input = s.frozen.FeatureShape()
	} else {
		size := s.backbone.Identity().Geometry.Size
		o.Input, o.Bytes = []int{size, size, 3}, true
	}
	if s.tuning.Unfreeze != "" {
		o.Body = func(scope *model.Scope, x *graph.Node) *graph.Node {
			return s.backbone.After(scope, s.behind, s.tuning, x)
		}
	}
	return o
}

// rate gives a variable of the backbone its fraction of the head's learning rate: fraction for the last stage, the square of
// it for the one below, and so on. Batch norms stay frozen unless asked.
func (s shape) rate(fraction float64, trainNorm bool) func(path string) (float64, error) {
	stages := s.backbone.Stages()
	return func(path string) (float64, error) {
		stage, norm, err := s.backbone.StageOf(path)
		if err != nil {
			return 0, err
		}
		i := slices.Index(stages, stage)
		if i < 0 {
			return 0, fmt.Errorf("the variable %s belongs to the stage %q, and the backbone has %s", path, stage, strings.Join(stages, ", "))
		}
		if norm && !trainNorm {
			return 0, nil
		}
		return math.Pow(fraction, float64(len(stages)-i)), nil
	}
}

// newTrainer builds the network that config describes.
func newTrainer(device *accel.Device, s shape, c Config) (*trainer.Trainer, error) {
	o := s.options(c.Batch, c.Seed, c.loss())
	o.LabelSmoothing, o.L2, o.Optimizer = c.LabelSmoothing, c.L2, c.optimizer()
	o.ClipNorm, o.Accumulate, o.Rate = c.ClipNorm, c.Accumulate, s.rate(c.StageRate, c.TrainNorm)
	o.Devices = c.Devices
	return trainer.New(device.Backend, o)
}

// probabilities turns logits [rows, outputs] into what the task means by its outputs, in place.
func probabilities(task Task, logits []float32, outputs int) {
	switch task {
	case Multi:
		for i, x := range logits {
			logits[i] = float32(1 / (1 + math.Exp(-float64(x))))
		}
	case Single:
		for at := 0; at < len(logits); at += outputs {
			softmax(logits[at : at+outputs])
		}
	}
}

func softmax(row []float32) {
	largest := float64(slices.Max(row))
	sum := 0.0
	for _, x := range row {
		sum += math.Exp(float64(x) - largest)
	}
	for i, x := range row {
		row[i] = float32(math.Exp(float64(x)-largest) / sum)
	}
}

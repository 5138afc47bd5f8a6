package training

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/training/feed"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// A NaNError is a training that ended because its loss was no longer a number. It is ErrNaN.
type NaNError struct {
	Cause        error   // what was not a number before any weight was trained; nil: the training made it so
	LearningRate float64 // of the recipe
}

func (e *NaNError) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%v, and it was none before any weight was trained: %v", ErrNaN, e.Cause)
	}
	return fmt.Sprintf("%v: before the training the network's outputs were finite, so the learning rate %g is too high; try %g, or clip the gradients",
		ErrNaN, e.LearningRate, e.LearningRate/10)
}

// Unwrap gives ErrNaN, and the cause where there is one.
func (e *NaNError) Unwrap() []error {
	if e.Cause == nil {
		return []error{ErrNaN}
	}
	return []error{ErrNaN, e.Cause}
}

// A NotFiniteOutputError is a network whose outputs are not finite before any training.
type NotFiniteOutputError struct {
	Value     float32
	Precision Precision // of the unfrozen stages
	Stages    bool      // in float32 each stage of the backbone is finite
}

func (e *NotFiniteOutputError) Error() string {
	text := fmt.Sprintf("the network's outputs hold %g", e.Value)
	switch {
	case e.Stages && e.Precision != resnet.Float32:
		return fmt.Sprintf("%s in %s, whose numbers end earlier than float32's; in float32 the backbone's are finite: take float32", text, e.Precision)
	case e.Stages:
		return text + ", though each stage of the backbone is finite: look at the head, and at how large the features are"
	}
	return text + "; look at where the weights come from"
}

// mostChecked is how many images the search for the cause looks at.
const mostChecked = 16

// whyNaN looks for the cause of a loss or of weights that are not numbers: first in what the network made of images before it was
// trained, the stages of the backbone from input to output and the outputs, and only then in the training. The weights are then
// the initial ones.
func (s *session) whyNaN(ctx context.Context) *NaNError {
	e := &NaNError{LearningRate: s.job.Recipe.LearningRate}
	if s.initial == nil || s.stepper.SetWeights(s.initial) != nil {
		return e
	}
	items := s.train
	if s.augmenter != nil && len(s.val) > 0 { // s.look has these as they are
		items = s.val
	}
	items = items[:min(len(items), mostChecked)]
	ctx = context.WithoutCancel(ctx) // an interrupt would hide the cause
	sound := s.checkStages(ctx, items)
	if wrong, ok := errors.AsType[*features.NotFiniteError](sound); ok {
		e.Cause = wrong
		return e
	}
	outputs, err := feed.Once(ctx, s.look, items, s.stepper.Logits, s.job.outputs())
	if err != nil {
		if errors.As(err, new(*features.NotFiniteError)) {
			e.Cause = err
		}
		return e
	}
	for _, v := range outputs {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			e.Cause = &NotFiniteOutputError{Value: v, Precision: s.network.Tuning.Precision, Stages: sound == nil}
			break
		}
	}
	return e
}

// checkStages computes the features of images at every stage in float32. Where one holds a number that is not finite, the error is a
// features.NotFiniteError that names the image and the first such stage.
func (s *session) checkStages(ctx context.Context, items []int) (err error) {
	backbone, err := s.job.Backbone.At(s.job.Backbone.Stages()...)
	if err != nil {
		return err
	}
	backbone = features.New(backbone.Network(), features.Options{Precision: resnet.Float32, Method: backbone.Identity().Geometry.Method})
	pass, err := features.Open(backbone, s.device, "", 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pass.Close()) }()
	images, err := feed.Images{
		Data: s.job.Dataset, Geometry: backbone.Identity().Geometry, Batch: 1, Workers: s.job.Environment.Workers,
	}.Open(ctx, items, 1)
	if err != nil {
		return err
	}
	defer images.Close()
	for {
		batch, err := images.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		_, err = pass.Extract(ctx, batch.Pixels, len(batch.Items), len(items))
		if wrong, ok := errors.AsType[*features.NotFiniteError](err); ok && len(batch.Items) == 1 {
			wrong.Image = imagefolder.Printable(s.job.Dataset.Items[batch.Items[0]].Path)
		}
		if err != nil {
			return err
		}
	}
}

// finite tells whether all numbers of a state are.
func finite(state stepper.State) bool {
	for _, array := range state {
		for _, v := range array.Values {
			if v-v != 0 { // infinite or NaN
				return false
			}
		}
	}
	return true
}

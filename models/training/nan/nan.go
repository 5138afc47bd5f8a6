// Package nan finds out why the loss of a training is not a number.
package nan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/training/feed"
	"github.com/headstart-nb/headstart/models/training/progress"
)

// An Error is a training that ended because its loss was no longer a number. It is progress.ErrNaN.
type Error struct {
	Cause        error   // what was not a number before any weight was trained; nil: the training made it so
	LearningRate float64 // of the recipe
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%v, and it was none before any weight was trained: %v", progress.ErrNaN, e.Cause)
	}
	return fmt.Sprintf("%v: before the training the network's outputs were finite, so the learning rate %g is too high; try %g, or clip the gradients",
		progress.ErrNaN, e.LearningRate, e.LearningRate/10)
}

// Unwrap gives progress.ErrNaN, and the cause where there is one.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{progress.ErrNaN}
	}
	return []error{progress.ErrNaN, e.Cause}
}

// A NotFiniteOutputError is a network whose outputs are not finite before any training.
type NotFiniteOutputError struct {
	Value     float32
	Precision resnet.Precision // of the unfrozen stages
	Stages    bool             // in float32 each stage of the backbone is finite
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

// A Subject is a network with the weights that it had before it was trained.
type Subject struct {
	Dataset   *imagefolder.Dataset
	Items     []int // images to look at
	Backbone  *features.Backbone
	Device    *accel.Device
	Look      feed.Feed // the inputs of the network
	Logits    feed.Logits
	Outputs   int              // of the network
	Precision resnet.Precision // of the unfrozen stages
	Workers   int              // decoding goroutines; 0: one for each core
}

// FindCause looks for what is not a number in what the network makes of images: the stages of the backbone from input to output,
// then the outputs. It is nil where everything is finite.
func FindCause(ctx context.Context, s Subject) error {
	s.Items = s.Items[:min(len(s.Items), mostChecked)]
	sound := s.checkStages(ctx)
	if wrong, ok := errors.AsType[*features.NotFiniteError](sound); ok {
		return wrong
	}
	outputs, err := feed.Once(ctx, s.Look, s.Items, s.Logits, s.Outputs)
	if err != nil {
		if errors.As(err, new(*features.NotFiniteError)) {
			return err
		}
		return nil
	}
	for _, v := range outputs {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return &NotFiniteOutputError{Value: v, Precision: s.Precision, Stages: sound == nil}
		}
	}
	return nil
}

// checkStages computes the features of the images at every stage in float32. Where one holds a number that is not finite, the error
// is a features.NotFiniteError that names the image and the first such stage.
func (s Subject) checkStages(ctx context.Context) (err error) {
	backbone, err := s.Backbone.At(s.Backbone.Stages()...)
	if err != nil {
		return err
	}
	backbone = features.New(backbone.Network(), features.Options{Precision: resnet.Float32, Method: backbone.Identity().Geometry.Method})
	pass, err := features.Open(backbone, s.Device, "", 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pass.Close()) }()
	images, err := feed.Images{
		Data: s.Dataset, Geometry: backbone.Identity().Geometry, Batch: 1, Workers: s.Workers,
	}.Open(ctx, s.Items, 1)
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
		_, err = pass.Extract(ctx, batch.Pixels, len(batch.Items), len(s.Items))
		if wrong, ok := errors.AsType[*features.NotFiniteError](err); ok && len(batch.Items) == 1 {
			wrong.Image = imagefolder.Printable(s.Dataset.Items[batch.Items[0]].Path)
		}
		if err != nil {
			return err
		}
	}
}

package classifier

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// ErrClosed marks a prediction of a model that was closed meanwhile, as when a training has replaced it.
var ErrClosed = errors.New("the model was replaced meanwhile: ask again")

// predictAhead is how many files are held in memory at once.
const predictAhead = 64

// geometry is how images come to the backbone's size.
func (m *Model) geometry() imageio.Geometry { return m.Backbone().Identity().Geometry }

// Limits are those of the training, where it took larger images than usual: what a model has learned from, it also predicts. A
// stranger's record raises no limit.
func (m *Model) Limits() imageio.Limits {
	if m.foreign {
		return imageio.Limits{MaxPixels: imageio.DefaultMaxPixels}
	}
	return imageio.Limits{MaxPixels: max(imageio.DefaultMaxPixels, m.Provenance.MaxPixels)}
}

// PredictOptions change what Predict does.
type PredictOptions struct {
	Top    int            // classes for each image; 0: all
	Limits imageio.Limits // of what is decoded; zero: imageio's default, or the training's where that is larger
	TTA    prediction.TTA // empty: none
}

// Predict reads image files and returns the k most probable classes of each; k <= 0 means all. A file that cannot be
// read gets a Prediction with its Error. The features go through the cache.
func (m *Model) Predict(ctx context.Context, files []string, k int) ([]prediction.Prediction, error) {
	return m.PredictWith(ctx, files, PredictOptions{Top: k})
}

// PredictWith is Predict with options.
func (m *Model) PredictWith(ctx context.Context, files []string, options PredictOptions) ([]prediction.Prediction, error) {
	if options.Limits == (imageio.Limits{}) {
		options.Limits = m.Limits()
	}
	if err := options.TTA.Validate(); err != nil {
		return nil, fmt.Errorf("predict: %w", err)
	}
	predictions := make([]prediction.Prediction, 0, len(files))
	for at := 0; at < len(files); at += predictAhead {
		some, err := m.predictSome(ctx, files[at:min(at+predictAhead, len(files))], options)
		if err != nil {
			return predictions, err
		}
		predictions = append(predictions, some...)
	}
	return predictions, nil
}

func (m *Model) predictSome(ctx context.Context, files []string, options PredictOptions) ([]prediction.Prediction, error) {
	images, failures := make([]*features.Image, len(files)), make([]error, len(files))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	geometry := m.geometry()
	for i, file := range files {
		group.Go(func() error {
			images[i], failures[i] = features.ReadImage(file, geometry, options.Limits)
			return nil
		})
	}
	_ = group.Wait() // the errors are in the list
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	good := slices.DeleteFunc(slices.Clone(images), func(image *features.Image) bool { return image == nil })
	outputs, err := averaged(options.TTA, func(mirror bool) ([]float32, error) {
		list := good
		if mirror {
			list = make([]*features.Image, len(good))
			for i, image := range good {
				list[i] = image.Mirrored(geometry.Size)
			}
		}
		return m.predictImages(ctx, list)
	})
	if err != nil {
		return nil, fmt.Errorf("predict: %w", err)
	}
	predictions := make([]prediction.Prediction, len(files))
	for i, image := range images {
		if failures[i] != nil {
			predictions[i] = prediction.Prediction{Path: files[i], Error: failures[i].Error(), Cause: failures[i]}
			continue
		}
		predictions[i] = m.prediction(outputs[:m.outputs()], options.Top)
		predictions[i].Path, predictions[i].Cached, predictions[i].TTA = files[i], image.Cached, recorded(options.TTA)
		outputs = outputs[m.outputs():]
	}
	return predictions, nil
}

// recorded is the test-time augmentation as an answer has it.
func recorded(tta prediction.TTA) prediction.TTA {
	if tta.Mirrors() {
		return tta
	}
	return ""
}

// predictImages returns the outputs of images, with features from the cache where it has them.
func (m *Model) predictImages(ctx context.Context, list []*features.Image) ([]float32, error) {
	if err := m.take(); err != nil {
		return nil, err
	}
	defer m.turn.Unlock()
	if m.frozen == nil {
		var pixels []uint8
		for _, image := range list {
			pixels = append(pixels, image.Pixels...)
		}
		return m.outputsOf(nil, pixels, len(list))
	}
	if len(list) == 0 {
		return nil, nil
	}
	rows, err := m.frozen.Images(ctx, list)
	if err != nil {
		return nil, err
	}
	return m.outputsOf(rows, nil, len(list))
}

// PredictAveraged is PredictPixels with test-time augmentation.
func (m *Model) PredictAveraged(ctx context.Context, pixels []uint8, n int, tta prediction.TTA) ([]float32, error) {
	if err := tta.Validate(); err != nil {
		return nil, fmt.Errorf("predict: %w", err)
	}
	return averaged(tta, func(mirror bool) ([]float32, error) {
		if mirror {
			return m.PredictPixels(ctx, features.Mirror(pixels, m.geometry().Size), n)
		}
		return m.PredictPixels(ctx, pixels, n)
	})
}

// PredictPixels returns the probabilities [n, classes] (for Regression the values) of n images of the backbone's size,
// as [n, size, size, 3] RGB bytes.
func (m *Model) PredictPixels(ctx context.Context, pixels []uint8, n int) ([]float32, error) {
	if n < 0 || len(pixels) != n*m.geometry().Bytes() {
		return nil, fmt.Errorf("predict: %d bytes are not %d images of %d pixels square", len(pixels), n,
			m.geometry().Size)
	}
	if err := m.take(); err != nil {
		return nil, err
	}
	defer m.turn.Unlock()
	return m.forward(ctx, pixels, n)
}

func (m *Model) forward(ctx context.Context, pixels []uint8, n int) ([]float32, error) {
	if m.frozen == nil {
		return m.outputsOf(nil, pixels, n)
	}
	if n == 0 {
		return nil, nil
	}
	features, err := m.frozen.Extract(ctx, pixels, n, n)
	if err != nil {
		return nil, err
	}
	return m.outputsOf(features, nil, n)
}

func (m *Model) outputsOf(features []float32, pixels []uint8, n int) ([]float32, error) {
	logits := m.stepper.Logits
	if n == 1 {
		logits = m.stepper.LogitsAlone
	}
	outputs, err := logits(features, pixels, n)
	if err != nil {
		return nil, err
	}
	m.Task.Interpret(outputs, m.outputs())
	return outputs, nil
}

// Rank sorts the outputs of one image, as PredictPixels returns them, into the k most probable classes; k <= 0 means all.
func (m *Model) Rank(outputs []float32, k int) (prediction.Prediction, error) {
	if len(outputs) != m.outputs() {
		return prediction.Prediction{}, fmt.Errorf("rank the outputs of %s: there are %d, and the model has %d", m.Name, len(outputs), m.outputs())
	}
	return m.prediction(outputs, k), nil
}

// prediction sorts the outputs of one image.
func (m *Model) prediction(outputs []float32, k int) prediction.Prediction {
	if m.Task == recipe.Regression {
		return prediction.Prediction{Value: slices.Clone(outputs)}
	}
	return prediction.Rank(m.Classes, outputs, k)
}

// Package predictor is a model that predicts.
package predictor

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/lab/input"
	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/models/resnet"
)

// A Predictor is a model with its name.
type Predictor struct {
	Model   *classifier.Model
	Name    string               // of the model or of the run, by which it was found
	Dataset *imagefolder.Dataset // that it was trained on; nil where it is not loaded
}

// Weights says where the weights of the model's backbone come from.
func (t *Predictor) Weights() resnet.Origin { return t.Model.Backbone().Identity().Weights }

// A NoImagesError is a model or run whose dataset is not loaded.
type NoImagesError struct{ Model string }

func (e *NoImagesError) Error() string {
	return fmt.Sprintf("the images that %s was trained on are not loaded", e.Model)
}

// Options say how images are answered.
type Options struct {
	Top int            // most probable classes for each image; 0: all
	TTA prediction.TTA // empty: none
}

// Predict answers each image in order; an image that cannot be read gets a Prediction with its Error. The limits are those of
// the first file.
func (t *Predictor) Predict(ctx context.Context, images []input.Image, o Options) ([]prediction.Prediction, error) {
	var files []string
	options := classifier.PredictOptions{Top: o.Top, TTA: o.TTA}
	for _, i := range images {
		if i.File != "" {
			if len(files) == 0 {
				options.Limits = i.Limits
			}
			files = append(files, i.File)
		}
	}
	fromFiles, err := t.Model.PredictWith(ctx, files, options)
	if err != nil {
		return nil, err
	}
	result := make([]prediction.Prediction, 0, len(images))
	for _, i := range images {
		var p prediction.Prediction
		if i.File != "" {
			p, fromFiles = fromFiles[0], fromFiles[1:]
		} else if p, err = t.predictPixels(ctx, i, o); err != nil {
			return nil, fmt.Errorf("predict %s: %w", i.Name, err)
		}
		p.Name, p.Path, p.Truth = i.Name, i.File, i.Truth
		result = append(result, p)
	}
	return result, nil
}

// predictPixels answers one image that is in no file.
func (t *Predictor) predictPixels(ctx context.Context, i input.Image, o Options) (prediction.Prediction, error) {
	probabilities, err := t.Model.PredictAveraged(ctx, i.Scaled(t.Geometry()), 1, o.TTA)
	if err != nil {
		return prediction.Prediction{}, err
	}
	p, err := t.Model.Rank(probabilities, o.Top)
	if o.TTA.Mirrors() {
		p.TTA = o.TTA
	}
	return p, err
}

// PredictData answers one encoded image that is in no file. Its decoder is that of files, with the same limits, and nothing of
// it reaches the disk.
func (t *Predictor) PredictData(ctx context.Context, data []byte, top int) (prediction.Prediction, error) {
	geometry := t.Geometry()
	pixels := make([]uint8, geometry.Bytes())
	if err := imageio.At(pixels, data, geometry, t.Model.Limits()); err != nil {
		return prediction.Prediction{}, err
	}
	outputs, err := t.Model.PredictPixels(ctx, pixels, 1)
	if err != nil {
		return prediction.Prediction{}, err
	}
	return t.Model.Rank(outputs, top)
}

// Geometry is how images come to the model's size.
func (t *Predictor) Geometry() imagefolder.Geometry { return t.Model.Backbone().Identity().Geometry }

// Explain says where in an image the model sees a class; an empty class is the most probable one.
func (t *Predictor) Explain(ctx context.Context, i input.Image, class string) (*classifier.HeatMap, error) {
	if i.File != "" {
		return t.Model.ExplainWith(ctx, i.File, classifier.ExplainOptions{Class: class, Limits: i.Limits})
	}
	return t.Model.ExplainPixels(ctx, i.Scaled(t.Geometry()), class)
}

// Split are the images of one split, the classes taking turns.
func (t *Predictor) Split(split string) ([]input.Image, error) {
	if t.Dataset == nil {
		return nil, &NoImagesError{t.Name}
	}
	picked, err := input.Spread(t.Dataset, "", split, len(t.Dataset.Items))
	if err != nil {
		return nil, err
	}
	if len(picked) == 0 {
		return nil, classifier.ErrNoImages
	}
	list := make([]input.Image, 0, len(picked))
	for _, i := range picked {
		item := t.Dataset.Items[i]
		list = append(list, input.Image{Name: filepath.Base(item.Path), File: input.ItemFile(t.Dataset, i), Truth: t.Dataset.Classes[item.Label]})
	}
	return list, nil
}

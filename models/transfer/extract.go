package transfer

import (
	"context"
	"errors"
	"fmt"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/resnet"
)

// FeatureConfig says whose features Features computes.
type FeatureConfig struct {
	Home      string               // the state folder, for the cache; empty: nothing is kept
	Dataset   *imagefolder.Dataset // all its images
	Backbone  Backbone
	Workers   int   // decoding goroutines; 0: one for each core
	CacheSize int64 // bytes that the feature cache may take; 0: featurecache.DefaultLimit
}

// Features returns the frozen backbone's features of all images of a dataset, [images, FeatureShape...], in the order
// of its items, from the cache where it has them. progress may be nil.
func Features(ctx context.Context, device *accel.Device, c FeatureConfig, progress func(FeatureProgress)) (features []float32, err error) {
	if progress == nil {
		progress = func(FeatureProgress) {}
	}
	pass, err := newFrozenPass(c.Backbone, device, c.Home, c.CacheSize)
	if err != nil {
		return nil, fmt.Errorf("compute the features of %s: %w", c.Dataset.Name, err)
	}
	defer func() { err = errors.Join(err, pass.close()) }()
	items := make([]int, len(c.Dataset.Items))
	for i := range items {
		items[i] = i
	}
	computed, err := pass.compute(ctx, c.Dataset, items, nil, c.Workers, progress)
	if err != nil {
		return nil, fmt.Errorf("compute the features of %s: %w", c.Dataset.Name, err)
	}
	return computed.gather(make([]float32, 0, len(items)*pass.length()), items), nil
}

// ResNetOf returns the network behind a Backbone that ResNet made; ok is false for another.
func ResNetOf(b Backbone) (network *resnet.Backbone, ok bool) {
	r, ok := b.(resnetBackbone)
	return r.Backbone, ok
}

// Rank sorts the outputs of one image, as PredictPixels returns them, into the k most probable classes; k <= 0 means all.
func (m *Model) Rank(outputs []float32, k int) (Prediction, error) {
	if len(outputs) != m.outputs() {
		return Prediction{}, fmt.Errorf("rank the outputs of %s: there are %d, and the model has %d", m.Name, len(outputs), m.outputs())
	}
	return m.prediction(outputs, k), nil
}

package transfer

import (
	"context"
	"fmt"

	"github.com/headstart-nb/headstart/models/imagefolder"
	training "github.com/headstart-nb/headstart/models/transfer"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// features runs images through a model's frozen backbone: [images, FeatureShape...].
func (l *Lab) features(ctx context.Context, m *Model, subjects []subject) (values []float32, shape []int, err error) {
	device, err := l.Device(ctx)
	if err != nil {
		return nil, nil, err
	}
	backbone := m.backbone(imagefolder.Geometry{})
	if trained := m.trained(); trained != nil {
		backbone = trained.Backbone // which resizes images as those that it was trained on
	}
	geometry := backbone.Identity().Geometry
	extractor, err := backbone.Extractor(ctx, device, len(subjects))
	if err != nil {
		return nil, nil, err
	}
	defer extractor.Close()
	const batch = 32
	for start := 0; start < len(subjects); start += batch {
		part := subjects[start:min(start+batch, len(subjects))]
		pixels := make([]uint8, len(part)*geometry.Bytes())
		for i, s := range part {
			rgb, err := s.decode()
			if err != nil {
				return nil, nil, fmt.Errorf("compute features of %s: %w", s.name, err)
			}
			rgb.Resize(pixels[i*geometry.Bytes():(i+1)*geometry.Bytes()], geometry)
		}
		computed, err := extractor.Extract(ctx, pixels, len(part))
		if err != nil {
			return nil, nil, err
		}
		values = append(values, computed...)
	}
	return values, append([]int{len(subjects)}, m.Backbone.FeatureShape()...), nil
}

// DatasetFeatures runs all images of a dataset through a model's frozen backbone: [images, FeatureShape...], in the
// order of the dataset. The line says what was computed.
func (l *Lab) DatasetFeatures(ctx context.Context, m *Model, data *imagefolder.Dataset, screen display.Display) (values []float32, shape []int, line string, err error) {
	device, err := l.Device(ctx)
	if err != nil {
		return nil, nil, "", err
	}
	bar := newBar(screen, "features", "images")
	defer bar.end()
	features, err := training.Features(ctx, device, training.FeatureConfig{
		Home: l.home, Dataset: data, Backbone: m.backbone(data.Geometry()),
	}, func(p training.FeatureProgress) {
		line = featureLine(&p)
		bar.report(p.Computed+p.Cached, p.Total, "")
	})
	if err != nil {
		return nil, nil, "", err
	}
	return features, append([]int{len(data.Items)}, m.Backbone.FeatureShape()...), line, nil
}

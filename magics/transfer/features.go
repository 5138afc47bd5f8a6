package transfer

import (
	"context"
	"fmt"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	training "github.com/headstart-nb/headstart/models/transfer"
)

// features runs images through a model's frozen backbone: [images, FeatureShape...].
func (l *Lab) features(ctx context.Context, m *Model, subjects []subject) (values []float32, shape []int, err error) {
	device, err := l.Device(ctx)
	if err != nil {
		return nil, nil, err
	}
	backbone := m.backbone(imagefolder.Geometry{})
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
			rgb := imageio.RGB{Width: s.width, Height: s.height, Pix: s.pixels}
			if s.file != "" {
				if rgb, err = decodeFile(s.file); err != nil {
					return nil, nil, fmt.Errorf("computing features of %s: %w", s.name, err)
				}
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
func (l *Lab) DatasetFeatures(ctx context.Context, m *Model, data *imagefolder.Dataset, screen magics.Display) (values []float32, shape []int, line string, err error) {
	device, err := l.Device(ctx)
	if err != nil {
		return nil, nil, "", err
	}
	bar := newBar(ctx, screen, "features", "images")
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

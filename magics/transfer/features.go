package transfer

import (
	"context"
	"errors"
	"fmt"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
)

// featuresAhead is how many images are held in memory at once.
const featuresAhead = 64

// features runs images through a model's frozen backbone: [images, FeatureShape...], from the cache where it has them.
func (l *Lab) features(ctx context.Context, m *Model, subjects []subject) (values []float32, shape []int, err error) {
	device, err := l.Device(ctx)
	if err != nil {
		return nil, nil, err
	}
	backbone := m.backbone(imagefolder.Bilinear)
	geometry := backbone.Identity().Geometry
	pass, err := features.Open(backbone, device, l.home, 0)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, pass.Close()) }()
	for start := 0; start < len(subjects); start += featuresAhead {
		var images []*features.Image
		for _, s := range subjects[start:min(start+featuresAhead, len(subjects))] {
			var image *features.Image
			if s.file == "" {
				image = features.NewImage(s.resized(geometry))
			} else if image, err = features.ReadImage(s.file, geometry, imageio.Limits{}); err != nil {
				return nil, nil, fmt.Errorf("computing features of %s: %w", s.name, err)
			}
			images = append(images, image)
		}
		computed, err := pass.Images(ctx, images)
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
	values, err = features.OfDataset(ctx, device, m.backbone(data.Options.Method), l.home, data, func(p features.Progress) {
		line = featureLine(&p)
		bar.report(p.Computed+p.Cached, p.Total, "")
	})
	if err != nil {
		return nil, nil, "", err
	}
	return values, append([]int{len(data.Items)}, m.Backbone.FeatureShape()...), line, nil
}

package transfer

import (
	"context"
	"fmt"

	"github.com/headstart-nb/headstart/models/picture"
	training "github.com/headstart-nb/headstart/models/transfer"
)

// features runs pictures through a model's frozen backbone: [pictures, FeatureShape...].
func (l *Lab) features(ctx context.Context, m *Model, subjects []subject) (values []float32, shape []int, err error) {
	device, err := l.Device(ctx)
	if err != nil {
		return nil, nil, err
	}
	geometry := picture.Geometry{Size: m.Backbone.Size()}
	extractor, err := training.ResNet(m.Backbone, geometry).Extractor(ctx, device, len(subjects))
	if err != nil {
		return nil, nil, err
	}
	defer extractor.Close()
	const batch = 32
	for start := 0; start < len(subjects); start += batch {
		part := subjects[start:min(start+batch, len(subjects))]
		pixels := make([]uint8, len(part)*geometry.Bytes())
		for i, s := range part {
			rgb := picture.RGB{Width: s.width, Height: s.height, Pix: s.pixels}
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

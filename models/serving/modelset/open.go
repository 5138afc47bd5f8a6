package modelset

import (
	"context"
	"errors"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/classifier"
)

// Saved opens folders that were written by a classifier's Save. weights is the file of the backbone's weights for those that were
// saved without; it may be empty. The model is compiled for one image and for a batch.
func Saved(device *accel.Device, weights string, batch int) Opener {
	return func(ctx context.Context, dir string) (Model, Facts, error) {
		m, err := classifier.Load(ctx, device, dir, classifier.LoadOptions{Weights: weights})
		if err != nil {
			return nil, Facts{}, err
		}
		if err := m.Prepare(ctx, batch); err != nil {
			return nil, Facts{}, errors.Join(err, m.Close())
		}
		id := m.Backbone().Identity()
		return m, Facts{
			Classes: m.Classes, Outputs: m.Outputs(), Task: m.Task, Geometry: id.Geometry,
			Architecture: id.Architecture.Name(), Device: m.DeviceName(),
		}, nil
	}
}

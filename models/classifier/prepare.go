package classifier

import (
	"context"
	"fmt"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/resnet/backbone"
)

// Prepare compiles what predicts one image and what predicts batches of so many, and runs both once: the first prediction then takes
// no longer than the later ones. PredictPixels with more than four images computes a batch of that size. A frozen backbone's weights
// are then on the device alone: call it before others use the model, which predicts, evaluates and explains from then on, and cannot be saved or exported.
func (m *Model) Prepare(ctx context.Context, batch int) error {
	if err := m.take(); err != nil {
		return fmt.Errorf("prepare %s: %w", m.Name, err)
	}
	defer m.turn.Unlock()
	if m.frozen != nil {
		if err := m.frozen.Prepare(ctx, batch); err != nil {
			return fmt.Errorf("prepare %s: %w", m.Name, err)
		}
	}
	if m.Unfrozen() == "" { // while XLA compiles: it takes memory as well
		m.network.Backbone = m.network.Backbone.WithoutWeights() // in its place: the stepper knows the network as well
		m.network.Frozen = m.network.Backbone
	}
	for _, n := range []int{1, max(batch, 1)} {
		if _, err := m.forward(ctx, make([]uint8, n*m.geometry().Bytes()), n); err != nil {
			return fmt.Errorf("prepare %s for %d images: %w", m.Name, n, err)
		}
	}
	accel.FreeMemory()
	return nil
}

// Outputs is how many numbers the model gives for an image.
func (m *Model) Outputs() int { return m.outputs() }

// DeviceName is that of the device which computes.
func (m *Model) DeviceName() string { return m.device.Name() }

// whole tells whether the model's weights can be written.
func (m *Model) whole() error {
	if !m.Backbone().HasWeights() {
		return backbone.ErrNoWeights
	}
	return nil
}

package transfer

import (
	"context"
	"errors"
	"fmt"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
)

// Resume goes on with the run config.Name in config.Home behind its last finished epoch, to the same numbers as if it had
// never been interrupted. Dataset and backbone must be those of the run, which is checked; what decides the numbers is
// read from the run, but for config.Epochs, which may be larger than it was.
func Resume(ctx context.Context, device *accel.Device, config Config, events func(Event)) (*Model, error) {
	if config.Home == "" {
		return nil, errors.New("resume: a state folder is needed")
	}
	r, err := openRecord(config.Home, config.Name)
	if err != nil {
		return nil, fmt.Errorf("resume: %w", err)
	}
	epochs := config.Epochs
	config = r.run.Settings.apply(config)
	config.Epochs = max(epochs, config.Epochs)
	config.Cell, config.Flags = r.run.Cell, r.run.Flags
	config, err = config.complete()
	if err != nil {
		return nil, errors.Join(err, r.close())
	}
	if err := r.matches(config); err != nil {
		return nil, errors.Join(err, r.close())
	}
	s, err := newSession(device, config, events)
	if err != nil {
		return nil, errors.Join(err, r.close())
	}
	s.record = r
	r.run.Epochs, r.run.Settings.Epochs = config.Epochs, config.Epochs
	if err := r.write(); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s.fit(ctx)
}

// matches refuses to go on with other images or another backbone.
func (r *record) matches(c Config) error {
	if c.Dataset.Digest != r.run.Digest {
		return fmt.Errorf("resume run %s: the dataset %s is not the one it was trained on (%s): its images, labels or split differ",
			r.run.Name, imagefolder.Printable(c.Dataset.Name), imagefolder.Printable(r.run.Root))
	}
	if have, want := c.Backbone.Identity(), r.run.Backbone; have.Fingerprint != want.Fingerprint {
		return fmt.Errorf("resume run %s: the backbone is not the one it was trained on: that was %s, and this is %s", r.run.Name,
			want.describe(), have.describe())
	}
	return nil
}

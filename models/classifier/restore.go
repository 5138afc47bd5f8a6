package classifier

import (
	"fmt"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/training/network"
	"github.com/headstart-nb/headstart/models/training/record"
)

// Restore makes the model of a finished run again, from the weights that the run has kept in the state folder. The backbone
// must be that of the outcome.
func Restore(device *accel.Device, home string, o record.Outcome, backbone *features.Backbone) (*Model, error) {
	m, err := restore(device, home, o, backbone)
	if err != nil {
		return nil, fmt.Errorf("restore the model of run %s: %w", o.Name, err)
	}
	return m, nil
}

func restore(device *accel.Device, home string, o record.Outcome, backbone *features.Backbone) (*Model, error) {
	if have, want := backbone.Identity().Fingerprint, o.Provenance.Backbone.Fingerprint; have != want {
		return nil, fmt.Errorf("the backbone is %s, and that of the run is %s", backbone.Identity(), o.Provenance.Backbone)
	}
	state, err := record.ReadWeights(home, o)
	if err != nil {
		return nil, err
	}
	n, err := network.New(backbone, o.Provenance.Recipe.Head, o.Provenance.Recipe.Tuning(), len(o.Classes))
	if err != nil {
		return nil, err
	}
	m := &Model{Outcome: o, device: device, network: n, engine: &engine{}}
	if err := m.open(home, state); err != nil {
		return nil, err
	}
	return m, nil
}

package classifier

import (
	"context"
	"errors"
	"fmt"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/probe"
	"github.com/headstart-nb/headstart/models/training/network"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/record"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// ErrTaught is a model that was taught image by image.
var ErrTaught = errors.New("the model was taught image by image: there is no training to repeat, and no image was held out")

// OfLinear makes a model of a backbone with a linear classifier on its pooled features, for the classes of the outcome. home is
// the state folder with the feature cache; empty: nothing is kept.
func OfLinear(ctx context.Context, device *accel.Device, home string, backbone *features.Backbone, l *probe.Linear, o record.Outcome) (*Model, error) {
	m, err := ofLinear(ctx, device, home, backbone, l, o)
	if err != nil {
		return nil, fmt.Errorf("make the model %s: %w", o.Name, err)
	}
	return m, nil
}

func ofLinear(ctx context.Context, device *accel.Device, home string, backbone *features.Backbone, l *probe.Linear, o record.Outcome) (*Model, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	o.Provenance.Recipe.Head = "none"
	if l.Unit {
		o.Provenance.Recipe.Head = string(head.UnitNorm)
	}
	n, err := network.New(backbone, o.Provenance.Recipe.Head, features.Tuning{}, len(o.Classes))
	if err != nil {
		return nil, err
	}
	m := &Model{Outcome: o, device: device, network: n, engine: &engine{}}
	state, err := m.stateOf(l)
	if err != nil {
		return nil, err
	}
	if err := m.open(home, state); err != nil {
		return nil, err
	}
	return m, nil
}

// stateOf is a linear classifier as the weights of the head.
func (m *Model) stateOf(l *probe.Linear) (stepper.State, error) {
	weights := m.network.Plan.Weights()
	if len(weights) != 2 || len(l.Kernel) != weights[0].Size() || len(l.Bias) != weights[1].Size() {
		return nil, fmt.Errorf("a classifier of %d coefficients for %d classes does not fit the head %s", len(l.Kernel), len(l.Bias), m.Head())
	}
	state := stepper.State{}
	for i, values := range [][]float64{l.Kernel, l.Bias} {
		array := stepper.Array{Shape: weights[i].Shape, Values: make([]float32, len(values))}
		for at, v := range values {
			array.Values[at] = float32(v)
		}
		state["head/"+weights[i].Name] = array
	}
	return state, nil
}

// Retaught is the model with another linear classifier for the same classes. Both share what they hold on the device: the model
// predicts by the new classifier as well from now on, and closing one closes both.
func (m *Model) Retaught(l *probe.Linear, o record.Outcome) (*Model, error) {
	if len(o.Classes) != len(m.Classes) {
		return nil, fmt.Errorf("change the model %s: it has %d classes, and %d are given", m.Name, len(m.Classes), len(o.Classes))
	}
	o.Provenance.Recipe.Head = m.Provenance.Recipe.Head
	state, err := m.stateOf(l)
	if err != nil {
		return nil, fmt.Errorf("change the model %s: %w", m.Name, err)
	}
	if err := m.take(); err != nil {
		return nil, err
	}
	defer m.turn.Unlock()
	if err := m.stepper.SetWeights(state); err != nil {
		return nil, fmt.Errorf("change the model %s: %w", m.Name, err)
	}
	return &Model{Outcome: o, device: m.device, network: m.network, engine: m.engine, foreign: m.foreign, given: m.given}, nil
}

// Shares tells whether two models hold the same on the device.
func (m *Model) Shares(other *Model) bool { return m.engine == other.engine }

// taught tells whether the model was taught image by image.
func (m *Model) taught() bool { return m.Provenance.Recipe.Method == recipe.MethodTaught }

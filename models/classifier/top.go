package classifier

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/training/network"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/record"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// ErrNotTrained is a model whose head was published with the backbone's weights: there is no training to repeat.
var ErrNotTrained = errors.New("the model was not trained here: its head is the classifier that the weights were published with")

// Top makes a model of a backbone with its top, which tells ImageNet's classes apart. The top becomes the head's last layer, so
// that the model can do what a trained one can. home is the state folder with the feature cache; empty: nothing is kept.
func Top(ctx context.Context, device *accel.Device, home string, backbone *features.Backbone) (*Model, error) {
	m, err := ofTop(ctx, device, home, backbone)
	if err != nil {
		return nil, fmt.Errorf("make a classifier of %s with its top: %w", backbone.Network().Name(), err)
	}
	return m, nil
}

func ofTop(ctx context.Context, device *accel.Device, home string, backbone *features.Backbone) (*Model, error) {
	kernel, bias, ok := backbone.Network().TopTensors()
	if !ok {
		return nil, &resnet.NoTopError{Weights: backbone.Identity().Weights.String()}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	body, err := backbone.At(resnet.Conv5)
	if err != nil {
		return nil, err
	}
	classes := resnet.ClassNames()
	r := recipe.DefaultRecipe()
	r.Head = head.None
	n, err := network.New(body, r.Head, features.Tuning{}, len(classes))
	if err != nil {
		return nil, err
	}
	state := stepper.State{"head/logits/kernel": stepper.Array(kernel), "head/logits/bias": stepper.Array(bias)}
	m := &Model{
		Outcome: record.Outcome{
			Name: backbone.Network().Name(), Classes: classes, Task: recipe.Single, Status: progress.Finished,
			Provenance: record.Provenance{
				Created: time.Now().UTC(), Backbone: body.Identity(), Recipe: r, Versions: record.Versions(device), Device: device.Name(),
			},
		},
		device: device, network: n, engine: &engine{},
	}
	if err := m.open(home, state); err != nil {
		return nil, err
	}
	return m, nil
}

// published tells whether the model's head came with the backbone's weights.
func (m *Model) published() bool { return untrainedHere(m.Outcome) }

// untrainedHere tells whether an outcome is of no training: it has no image and no epoch.
func untrainedHere(o record.Outcome) bool {
	return len(o.Provenance.Files) == 0 && len(o.History) == 0
}

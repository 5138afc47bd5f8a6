// Package classifier is a trained model at work: it predicts, is evaluated, explained, saved, loaded and verified.
package classifier

import (
	"context"
	"errors"
	"sync"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/models/training/network"
	"github.com/headstart-nb/headstart/models/training/record"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// A Model is a backbone with a trained head. Its methods may be called from several goroutines; they take turns.
type Model struct {
	record.Outcome                       // of the training that made it
	Changes        []network.StageChange // of the stages that were unfrozen, input to output

	device  *accel.Device
	network *network.Network
	// foreign says that the record may be a stranger's: it was loaded, and no run in the state folder has recorded the same. It raises no
	// limit, and the files of weights that it names are not opened.
	foreign bool

	given string // file with the backbone's weights that it was loaded with; empty: none
	*engine
}

// An engine is what a model holds on the device. Models share one where they differ in their outcome alone.
type engine struct {
	turn    sync.Mutex
	closed  bool
	frozen  *features.Pass // nil: images go to the network itself
	maps    *features.Pass // for explanations; nil until one is asked for
	stepper *stepper.Stepper
}

// New makes a model of what a training has made, and takes over what that holds on the device.
func New(result *training.Result) *Model {
	return &Model{
		Outcome: result.Outcome, Changes: result.Changes, device: result.Device, network: result.Network,
		engine: &engine{frozen: result.Frozen, stepper: result.Stepper},
	}
}

// Backbone is what the images go through first.
func (m *Model) Backbone() *features.Backbone { return m.network.Backbone }

// Head is the head without the layer that gives the outputs.
func (m *Model) Head() head.Spec { return m.network.Head }

// Unfrozen is the stage from which on the backbone could be trained; empty: frozen.
func (m *Model) Unfrozen() resnet.Stage { return m.network.Tuning.Unfreeze }

// outputs is how many numbers the model gives for an image.
func (m *Model) outputs() int { return m.network.Plan.Outputs }

// Parameters counts the trained numbers of head and unfrozen stages.
func (m *Model) Parameters() int {
	trainable, _ := m.stepper.Parameters()
	return trainable
}

// Evaluate compares the predictions on one split ("train", "val", "test", or "" for all images) with the labels. The
// classes of the dataset must be the model's, in any order.
func (m *Model) Evaluate(ctx context.Context, data *imagefolder.Dataset, split string) (*metric.Report, error) {
	return m.EvaluateSplit(ctx, data, split, EvaluateOptions{})
}

// EvaluateSplit is Evaluate with options.
func (m *Model) EvaluateSplit(ctx context.Context, data *imagefolder.Dataset, split string, options EvaluateOptions) (*metric.Report, error) {
	items := data.Select(split)
	if split == "" {
		items = allItems(data)
	}
	return m.evaluate(ctx, data, items, &options)
}

// weights are those that were trained. A model that is closed has none.
func (m *Model) weights() (stepper.State, error) {
	if err := m.take(); err != nil {
		return nil, err
	}
	defer m.turn.Unlock()
	return m.stepper.Weights()
}

// take waits for the model's turn, which the caller ends. A model that was closed meanwhile has none.
func (m *Model) take() error {
	m.turn.Lock()
	if m.closed {
		m.turn.Unlock()
		return ErrClosed
	}
	return nil
}

// Close frees what the model holds on the device, and writes what it has added to the feature cache.
func (m *Model) Close() error {
	m.turn.Lock()
	defer m.turn.Unlock()
	if m.closed {
		return nil
	}
	m.closed = true
	m.stepper.Close()
	var err error
	for _, pass := range []*features.Pass{m.frozen, m.maps} {
		if pass != nil {
			err = errors.Join(err, pass.Close())
		}
	}
	return err
}

func allItems(data *imagefolder.Dataset) []int {
	items := make([]int, len(data.Items))
	for i := range items {
		items[i] = i
	}
	return items
}

// Package transfer trains a small head on top of a pretrained backbone.
//
// Fit computes the backbone's features of every image once (they are cached by content), trains the head on them and
// returns a Model, which predicts, is evaluated, explained, saved and verified. Nothing here knows of notebooks: progress
// is told as events to a callback.
package transfer

import (
	"context"
	"errors"
	"sync"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/trainer"
)

// ErrStopped marks a training that an interrupt ended. Fit returns it together with the best model so far, if there is one.
var ErrStopped = errors.New("training stopped")

// ErrNaN marks a training that ended because its loss was no longer a number.
var ErrNaN = errors.New("the loss is not a number")

// A Model is a backbone with a trained head. Its methods may be called from several goroutines; they take turns.
type Model struct {
	Name       string
	Classes    []string // label order of the probabilities
	Task       Task
	Backbone   Backbone
	Head       head.Spec
	History    History
	Status     Status
	Provenance Provenance
	Unfrozen   string        // stage from which on the backbone could be trained; empty: frozen
	Changes    []StageChange // of the stages that were unfrozen, input to output

	device *accel.Device
	shape  shape

	turn    sync.Mutex
	frozen  *frozenPass // nil: images go to the network itself
	maps    *frozenPass // for explanations; nil until one is asked for
	network *trainer.Trainer
}

// model makes a Model of a session that has come to its end, and closes what the model does not need.
func (s *session) model() (*Model, error) {
	state, err := s.trainer.Weights()
	if err != nil {
		return nil, err
	}
	digest := stateDigest(state)
	changes, err := stageChanges(s.config.Backbone, s.initial, state)
	if err != nil {
		return nil, err
	}
	s.warnOfStill(changes)
	m := &Model{
		Name: s.config.Name, Classes: s.config.classes(), Task: s.config.Task, Backbone: s.config.Backbone, Head: s.shape.spec,
		History: s.state.History, Status: s.state.Status, Provenance: s.provenance(digest), Unfrozen: s.config.Unfreeze,
		Changes: changes, device: s.device, shape: s.shape, frozen: s.frozen, network: s.trainer,
	}
	if s.record != nil {
		if err := s.record.claim(m.Claim()); err != nil {
			s.warn("%%verify will not know this run: %v", err)
		}
	}
	s.frozen, s.trainer = nil, nil
	return m, s.close()
}

// outputs is how many numbers the model gives for an image.
func (m *Model) outputs() int { return m.shape.plan.Outputs }

// Parameters counts the trained numbers of head and unfrozen stages.
func (m *Model) Parameters() int {
	trainable, _ := m.network.Parameters()
	return trainable
}

// Evaluate compares the predictions on one split ("train", "val", "test", or "" for all images) with the labels. The
// classes of the dataset must be the model's, in any order.
func (m *Model) Evaluate(ctx context.Context, data *imagefolder.Dataset, split string) (*metric.Report, error) {
	items := data.Select(split)
	if split == "" {
		items = allItems(data)
	}
	return m.evaluate(ctx, data, items, nil)
}

// Close frees what the model holds on the device, and writes what it has added to the feature cache.
func (m *Model) Close() error {
	m.turn.Lock()
	defer m.turn.Unlock()
	m.network.Close()
	var err error
	for _, pass := range []*frozenPass{m.frozen, m.maps} {
		if pass != nil {
			err = errors.Join(err, pass.close())
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

// Package board writes runs to TensorBoard's event files.
package board

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/headstart-nb/headstart/models/lab/runstatus"
	"github.com/headstart-nb/headstart/models/tensorboard"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/record"
)

// A Board writes a run to TensorBoard: in the run's folder the hyper-parameters, and at its end the metrics of the weights that are
// kept and a text about the run; below it, as Keras does, the values of the training in train and those of the validation in
// validation. A nil Board writes nothing.
type Board struct {
	session, train, val *tensorboard.Writer
	auto                bool  // the run has no gradient descent, and so no learning rate
	earlier             bool  // an earlier part of the run has written its epochs there
	failed              error // after which nothing more is written: a training does not end for its log
}

// Open begins the log of a run, in a folder of its name below dir.
func Open(dir string, run record.Run) (*Board, error) {
	if !filepath.IsLocal(run.Name) || filepath.Base(run.Name) != run.Name {
		return nil, fmt.Errorf("write run %q to TensorBoard: its name is not that of a folder", run.Name)
	}
	dir = filepath.Join(dir, run.Name)
	b := &Board{auto: run.Recipe.Method == recipe.MethodAuto, earlier: tensorboard.Exists(filepath.Join(dir, "train"))}
	for name, writer := range map[string]**tensorboard.Writer{"": &b.session, "train": &b.train, "validation": &b.val} {
		var err error
		if *writer, err = tensorboard.Create(filepath.Join(dir, name), run.Started); err != nil {
			return nil, errors.Join(fmt.Errorf("write run %s to TensorBoard: %w", run.Name, err), b.end())
		}
	}
	parameters, err := parametersOf(run)
	if err != nil {
		return nil, errors.Join(err, b.end())
	}
	b.failed = b.session.Parameters(run.Started, run.Name, parameters)
	return b, nil
}

// Export writes a run as it stands, in a folder of its name below dir.
func Export(dir string, s runstatus.Stand) error {
	b, err := Open(dir, s.Run)
	if err != nil {
		return err
	}
	b.History(s.History, s.Started)
	if err := b.Close(s.Updated, s, s.Status == progress.Finished || s.Status == progress.EarlyStop); err != nil {
		return fmt.Errorf("write run %s to TensorBoard: %w", s.Name, err)
	}
	return nil
}

// ofAuto are the hyper-parameters that the method auto has.
var ofAuto = []string{"method", "task", "class_weights", "augment", "augment_copies", "seed"}

// parametersOf are the hyper-parameters of a run by their JSON names, with what it was trained on.
func parametersOf(run record.Run) (map[string]any, error) {
	raw, err := json.Marshal(run.Recipe)
	if err != nil {
		return nil, fmt.Errorf("write the hyper-parameters of %s: %w", run.Name, err)
	}
	parameters := map[string]any{}
	if err := json.Unmarshal(raw, &parameters); err != nil {
		return nil, fmt.Errorf("write the hyper-parameters of %s: %w", run.Name, err)
	}
	if run.Recipe.Method == recipe.MethodAuto { // the others belong to gradient descent
		maps.DeleteFunc(parameters, func(name string, _ any) bool { return !slices.Contains(ofAuto, name) })
	}
	parameters["dataset"], parameters["weights"] = run.Dataset, run.Backbone.Weights.Name
	return parameters, nil
}

// Hear writes an epoch. Of a run that is resumed into another folder the earlier epochs are written first.
func (b *Board) Hear(e progress.Event, now time.Time) {
	if b == nil {
		return
	}
	switch e.Kind {
	case progress.ResumedEvent:
		if !b.earlier {
			b.History(e.History, now.Add(-duration(e.History)))
		}
	case progress.EpochEvent:
		b.epoch(*e.Epoch, now)
	}
}

// History writes epochs that took place one after another from a time on.
func (b *Board) History(epochs history.History, from time.Time) {
	for _, e := range epochs {
		from = from.Add(duration(history.History{e}))
		b.epoch(e, from)
	}
}

func duration(epochs history.History) time.Duration {
	total := 0.0
	for _, e := range epochs {
		total += e.Seconds
	}
	return time.Duration(total * float64(time.Second))
}

// epoch writes an epoch under the names that Keras has.
func (b *Board) epoch(e history.Epoch, at time.Time) {
	if b.failed != nil {
		return
	}
	trained := []tensorboard.Scalar{{Tag: "epoch_loss", Value: e.Loss}, {Tag: "epoch_accuracy", Value: e.Accuracy}}
	if !b.auto {
		trained = append(trained, tensorboard.Scalar{Tag: "epoch_learning_rate", Value: e.LearningRate})
	}
	b.failed = b.train.Scalars(at, e.Epoch, trained...)
	if e.Validated() {
		b.failed = errors.Join(b.failed, b.val.Scalars(at, e.Epoch,
			tensorboard.Scalar{Tag: "epoch_loss", Value: e.ValLoss}, tensorboard.Scalar{Tag: "epoch_accuracy", Value: e.ValAccuracy}))
	}
}

// Close ends the log with how the run stands, and returns what went wrong with it.
func (b *Board) Close(at time.Time, stand runstatus.Stand, success bool) error {
	if b == nil {
		return nil
	}
	if kept := stand.Kept(); b.failed == nil && kept != nil && kept.Validated() { // TensorBoard's table of hyper-parameters has the last epoch's beside them
		b.failed = b.session.Scalars(at, kept.Epoch, tensorboard.Scalar{Tag: "kept_val_loss", Value: kept.ValLoss},
			tensorboard.Scalar{Tag: "kept_val_accuracy", Value: kept.ValAccuracy})
	}
	if b.failed == nil {
		b.failed = errors.Join(b.session.Text(at, len(stand.History), "run", describe(stand.Card())), b.session.End(at, success))
	}
	return errors.Join(b.failed, b.end())
}

// end closes the files.
func (b *Board) end() error {
	var failed error
	for _, w := range []*tensorboard.Writer{b.session, b.train, b.val} {
		if w != nil {
			failed = errors.Join(failed, w.Close())
		}
	}
	return failed
}

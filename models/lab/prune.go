package lab

import (
	"errors"
	"slices"

	"github.com/headstart-nb/headstart/models/lab/named"
	"github.com/headstart-nb/headstart/models/training/checkpoint"
	"github.com/headstart-nb/headstart/models/training/record"
)

// RunsQuota is how many bytes the weights of the runs on disk may take: beyond it, each training that ends removes those of
// the oldest. 4 GiB are the weights of about ten fine-tuned ResNet50s with what their optimizers remember, or of a thousand heads.
const RunsQuota = 4 << 30

// RemoveRuns removes runs and their weights. Nothing is removed where one of them does not exist or has not ended.
func (l *Lab) RemoveRuns(names []string) error {
	known, err := l.RunNames()
	if err != nil {
		return err
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return &named.NotFoundError{Kind: named.KindRun, Name: name, Have: known}
		}
		if r, err := l.Run(name); err == nil && r.running() {
			return &RunningError{Doing: "remove a run", Run: name}
		}
	}
	for _, name := range names {
		if err := l.removeRun(name); err != nil {
			return err
		}
	}
	return nil
}

func (l *Lab) removeRun(name string) error {
	if l.home != "" {
		err := record.RemoveRun(l.home, name)
		if errors.Is(err, checkpoint.ErrBusy) {
			return &RunningError{Doing: "remove a run", Run: name}
		}
		if err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.runs = slices.DeleteFunc(l.runs, func(r *Run) bool { return !r.running() && r.Name() == name })
	return nil
}

// PruneRuns removes the weights of the oldest runs until all take at most quota bytes. Their records stay.
func (l *Lab) PruneRuns(quota int64) ([]record.Pruned, error) {
	if l.home == "" {
		return nil, nil
	}
	return record.PruneRuns(l.home, quota)
}

// RunsSize is how many bytes the weights of the runs on disk take.
func (l *Lab) RunsSize() (int64, error) {
	if l.home == "" {
		return 0, nil
	}
	return record.RunsSize(l.home)
}

package lab

import (
	"errors"
	"io/fs"
	"slices"

	"github.com/headstart-nb/headstart/models/lab/named"
	"github.com/headstart-nb/headstart/models/training/checkpoint"
	"github.com/headstart-nb/headstart/models/training/record"
)

// RenameRun gives a run that has ended another name, by which its model is found from then on. What was shown of it before
// keeps the old one.
func (l *Lab) RenameRun(name, to string) error {
	if err := checkpoint.CheckName(to); err != nil {
		return err
	}
	known, err := l.RunNames()
	switch {
	case err != nil:
		return err
	case !slices.Contains(known, name):
		return &named.NotFoundError{Kind: named.KindRun, Name: name, Have: known}
	case name == to:
		return nil
	case slices.Contains(known, to):
		return &RunExistsError{Doing: "rename " + name, Run: to}
	}
	if r, err := l.Run(name); err == nil && r.running() {
		return &RunningError{Doing: "rename a run", Run: name}
	}
	if l.home != "" {
		err := record.RenameRun(l.home, name, to)
		switch {
		case errors.Is(err, checkpoint.ErrBusy):
			return &RunningError{Doing: "rename a run", Run: name}
		case errors.Is(err, fs.ErrExist):
			return &RunExistsError{Doing: "rename " + name, Run: to}
		case err != nil:
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.runs {
		r.rename(name, to)
	}
	for _, m := range l.models.All() {
		m.mu.Lock()
		if m.run == name {
			m.run = to
		}
		m.mu.Unlock()
	}
	l.restored.Rename(name, to)
	return nil
}

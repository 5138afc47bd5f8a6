package lab

import (
	"slices"

	"github.com/headstart-nb/headstart/models/lab/named"
	"github.com/headstart-nb/headstart/models/lab/runstatus"
	"github.com/headstart-nb/headstart/models/training/record"
)

// Run finds a run of this process; an empty name is the latest.
func (l *Lab) Run(name string) (*Run, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var names []string
	for _, r := range slices.Backward(l.runs) {
		if name == "" || r.Name() == name {
			return r, nil
		}
		names = append(names, r.Name())
	}
	return nil, &named.NotFoundError{Kind: named.KindRun, Name: name, Have: names}
}

// OwnRuns lists the runs of this process, oldest first.
func (l *Lab) OwnRuns() []*Run {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.runs)
}

// Running lists the runs that have not ended.
func (l *Lab) Running() []*Run {
	return slices.DeleteFunc(l.OwnRuns(), func(r *Run) bool { return !r.running() })
}

// Runs says how the runs of this process and those on disk stand, newest first.
func (l *Lab) Runs() ([]runstatus.Stand, error) {
	if l.home == "" {
		return l.RunsWith(nil), nil
	}
	stored, err := record.Runs(l.home)
	if err != nil {
		return nil, err
	}
	return l.RunsWith(stored), nil
}

// FollowStored follows the runs on disk, for RunsWith.
func (l *Lab) FollowStored() *record.Follower { return record.Follow(l.home) }

// RunsWith is Runs with those on disk as they were read before.
func (l *Lab) RunsWith(stored []record.Run) []runstatus.Stand {
	var own []runstatus.Stand
	for _, r := range slices.Backward(l.OwnRuns()) {
		own = append(own, r.Stand())
	}
	return runstatus.List(own, stored)
}

// Cards are the runs for programs, newest first.
func (l *Lab) Cards() ([]runstatus.Card, error) {
	runs, err := l.Runs()
	cards := make([]runstatus.Card, len(runs))
	for i, r := range runs {
		cards[i] = r.Card()
	}
	return cards, err
}

// RunNames lists the names of the runs of this process and of those on disk, newest first.
func (l *Lab) RunNames() ([]string, error) {
	runs, err := l.Runs()
	names := make([]string, len(runs))
	for i, r := range runs {
		names[i] = r.Name
	}
	return names, err
}

// RunOrModel says how the run of a name stands, or else the latest run of the model of that name, of this process or on disk.
func (l *Lab) RunOrModel(name string) (runstatus.Stand, error) {
	runs, err := l.Runs()
	if err != nil {
		return runstatus.Stand{}, err
	}
	for _, is := range []func(runstatus.Stand) bool{
		func(s runstatus.Stand) bool { return s.Name == name },
		func(s runstatus.Stand) bool { return s.Model == name && name != "" },
	} {
		if at := slices.IndexFunc(runs, is); at >= 0 {
			return runs[at], nil
		}
	}
	var have []string
	for _, r := range runs {
		have = append(have, r.Name)
	}
	for _, m := range l.Models() {
		if m.Name == name {
			return runstatus.Stand{}, &NoRunError{name}
		}
		have = append(have, m.Name)
	}
	return runstatus.Stand{}, &named.NotFoundError{Kind: named.KindRunOrModel, Name: name, Have: have}
}

// StoredRun reads how a run stands on disk; an empty name is the one that was last worked on.
func (l *Lab) StoredRun(name string) (record.Run, error) {
	names, err := l.RunNames()
	if err != nil {
		return record.Run{}, err
	}
	if l.home != "" {
		stored, err := record.Runs(l.home)
		if err != nil {
			return record.Run{}, err
		}
		for _, r := range stored {
			if name == "" || r.Name == name {
				return r, nil
			}
		}
	}
	return record.Run{}, &named.NotFoundError{Kind: named.KindRun, Name: name, Have: names}
}

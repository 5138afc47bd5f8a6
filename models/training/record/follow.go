package record

import (
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/headstart-nb/headstart/internal/filestamp"
	"github.com/headstart-nb/headstart/models/training/checkpoint"
	"github.com/headstart-nb/headstart/models/training/progress"
)

// A Follower reads the runs in a state folder again and again, and only where a record may have changed. It is not safe for concurrent
// use.
type Follower struct {
	home   string
	stamps map[string]filestamp.Stamp // of the records, by run
	runs   []Run
}

// Follow follows the runs in a state folder; an empty one has none.
func Follow(home string) *Follower { return &Follower{home: home} }

// Runs lists the runs as the function Runs does, and says whether they may differ from those of the last call.
func (f *Follower) Runs() (runs []Run, changed bool, err error) {
	if f.home == "" {
		return nil, false, nil
	}
	stamps, err := f.look()
	if err != nil {
		return nil, false, err
	}
	// The end of a process that is killed changes no record.
	running := slices.ContainsFunc(f.runs, func(r Run) bool { return r.Status == progress.Running })
	same := f.stamps != nil && maps.Equal(stamps, f.stamps)
	if same && !running {
		return f.runs, false, nil
	}
	if runs, err = Runs(f.home); err != nil {
		return nil, false, err
	}
	changed = !same || !slices.EqualFunc(runs, f.runs, func(a, b Run) bool { return a.Name == b.Name && a.Status == b.Status })
	f.stamps, f.runs = stamps, runs
	return runs, changed, nil
}

func (f *Follower) look() (map[string]filestamp.Stamp, error) {
	names, err := checkpoint.List(runsDir(f.home))
	if err != nil {
		return nil, err
	}
	stamps := map[string]filestamp.Stamp{}
	for _, name := range names {
		if info, err := os.Lstat(filepath.Join(runsDir(f.home), name, runFile)); err == nil {
			stamps[name] = filestamp.Of(info)
		}
	}
	return stamps, nil
}

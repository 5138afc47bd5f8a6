package record

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/headstart-nb/headstart/models/training/checkpoint"
	"github.com/headstart-nb/headstart/models/training/progress"
)

// ErrPruned marks a run whose weights were removed.
var ErrPruned = errors.New("they were removed, since those of all runs took too much room; train it again")

// RemoveRun removes a run from a state folder, its record included. A run that a process works on stays, with
// checkpoint.ErrBusy.
func RemoveRun(home, name string) error { return checkpoint.Remove(runsDir(home), name) }

// RenameRun gives a run in a state folder another name. A run that a process works on keeps its own, with checkpoint.ErrBusy;
// a name that is taken is fs.ErrExist.
func RenameRun(home, name, to string) error { return checkpoint.Rename(runsDir(home), name, to) }

// A Pruned is a run whose weights were removed. Its record stays.
type Pruned struct {
	Run   string `json:"run"`
	Bytes int64  `json:"bytes"`
}

// RunsSize is how many bytes the weights of the runs in a state folder take.
func RunsSize(home string) (int64, error) {
	names, err := checkpoint.List(runsDir(home))
	var total int64
	for _, name := range names {
		total += checkpoint.Size(runsDir(home), name)
	}
	return total, err
}

// PruneRuns removes the weights of runs until those of all runs take at most quota bytes: of runs that have ended first, the
// oldest first, then of those that could be resumed. The run that was last worked on keeps its weights, and so does one that
// a process works on. Records stay: such a run is listed and can be repeated, and its model cannot be used.
func PruneRuns(home string, quota int64) ([]Pruned, error) {
	runs, err := Runs(home)
	if err != nil {
		return nil, err
	}
	total, err := RunsSize(home)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	candidates := slices.Clone(runs[1:])
	slices.SortStableFunc(candidates, func(a, b Run) int {
		resumable := func(r Run) int {
			if r.Status == progress.Interrupted {
				return 1
			}
			return 0
		}
		return cmp.Or(cmp.Compare(resumable(a), resumable(b)), a.Updated.Compare(b.Updated))
	})
	var pruned []Pruned
	for _, r := range candidates {
		if total <= quota {
			break
		}
		size := checkpoint.Size(runsDir(home), r.Name)
		if size == 0 {
			continue
		}
		switch err := removeWeights(home, r.Name); {
		case errors.Is(err, checkpoint.ErrBusy):
			continue
		case err != nil:
			return pruned, fmt.Errorf("prune run %s: %w", r.Name, err)
		}
		total -= size
		pruned = append(pruned, Pruned{r.Name, size})
	}
	return pruned, nil
}

func removeWeights(home, name string) error {
	dir, err := checkpoint.Open(runsDir(home), name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Keep(0), dir.Close())
}

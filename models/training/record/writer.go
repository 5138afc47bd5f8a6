package record

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/internal/filelock"
	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/models/training/checkpoint"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/schedule"
	"github.com/headstart-nb/headstart/models/training/stepper"
	"github.com/headstart-nb/headstart/models/weights"
)

const (
	stateKey = "state" // of the checkpoint's metadata
	// Prefixes of the tensors in a checkpoint.
	lastPrefix = "last/"
	bestPrefix = "best/"
	keptPrefix = "kept/" // of the last epoch, where the recipe keeps that one and not as it was trained
)

// A State is where a training stands between two epochs.
type State struct {
	Epoch    int                `json:"epoch"` // finished ones
	History  history.History    `json:"history"`
	Plateau  schedule.Reduction `json:"plateau"`
	Progress stepper.Progress   `json:"progress"`
	Status   progress.Status    `json:"status"`
}

// A Writer is a run that this process writes.
type Writer struct {
	Run Run
	dir *checkpoint.Dir
}

// Naming holds the lock of the names of runs. Who chooses a free name keeps it until Create has made the run: two processes
// would choose the same one else.
func Naming(ctx context.Context, home string) (*filelock.Lock, error) {
	err := os.MkdirAll(runsDir(home), 0o755)
	var lock *filelock.Lock
	if err == nil {
		lock, err = filelock.Acquire(ctx, filepath.Join(runsDir(home), ".naming"), nil)
	}
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w; set %s to a folder that can be written to", err, paths.HomeVar)
	}
	if err != nil {
		return nil, fmt.Errorf("keep the run in %s: %w", runsDir(home), err)
	}
	return lock, nil
}

// Create begins the record of a run in a state folder. The name of another run is an error.
func Create(home string, run Run) (*Writer, error) {
	dir, err := checkpoint.Create(runsDir(home), run.Name)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("train: there is already a run %s; choose another name, or resume it", run.Name)
	}
	if err != nil {
		return nil, err
	}
	w := &Writer{dir: dir, Run: run}
	if err := w.Write(); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// Open takes over a run that was interrupted.
func Open(home, name string) (*Writer, error) {
	dir, err := checkpoint.Open(runsDir(home), name)
	if err != nil {
		return nil, err
	}
	r, err := ReadRun(home, name)
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	r.Status = progress.Running
	return &Writer{dir: dir, Run: *r}, nil
}

// Close gives the run free.
func (w *Writer) Close() error { return w.dir.Close() }

// Write replaces what the disk has of Run.
func (w *Writer) Write() error {
	w.Run.Updated, w.Run.PID = time.Now().UTC(), os.Getpid()
	return w.dir.Write(runFile, func(to io.Writer) error {
		encoder := json.NewEncoder(to)
		encoder.SetIndent("", " ")
		return encoder.Encode(w.Run)
	})
}

// Commit puts a finished epoch on disk: last and best weights, optimizer, history. kept are the last weights as the recipe keeps them.
func (w *Writer) Commit(state State, last, best, kept stepper.State) error {
	raw, err := json.Marshal(state)
	if err != nil {
		return err
	}
	tensors := map[string]weights.Float32{}
	for path, array := range last {
		tensors[lastPrefix+path] = weights.Float32(array)
	}
	for path, array := range best {
		tensors[bestPrefix+path] = weights.Float32(array)
	}
	if w.Run.Recipe.KeepLast && w.Run.Recipe.KeptFraction(state.Epoch) != 1 {
		for path, array := range kept {
			tensors[keptPrefix+path] = weights.Float32(array)
		}
	}
	err = w.dir.Commit(state.Epoch, func(to io.Writer) error {
		return weights.Write(to, tensors, map[string]string{stateKey: string(raw)})
	})
	if err != nil {
		return err
	}
	w.Run.History = state.History
	return w.Write()
}

// Restore gives the last finished epoch on disk to take, its weights also as they are kept; where take refuses it, the one before. A run
// without one begins again: take is not called.
func (w *Writer) Restore(take func(state State, last, best, kept stepper.State) error) error {
	_, err := w.dir.Latest(func(path string) error {
		c, err := readCheckpoint(path)
		if err != nil {
			return err
		}
		return take(c.state, c.last, c.best, c.lastKept())
	})
	if errors.Is(err, checkpoint.ErrNoCheckpoint) {
		return nil
	}
	return err
}

// Finish records how the run ended, with the error that it failed by.
func (w *Writer) Finish(state State, err error) error {
	if len(state.History) > 0 { // else it ended before it was restored, as where a resumed run is interrupted while it prepares
		w.Run.History = state.History
	}
	w.Run.End(err)
	w.Run.Status = state.Status
	// The checkpoint before the last is for a crash while the last is written.
	return errors.Join(w.Write(), w.dir.Keep(1))
}

// Keep writes the outcome of the finished run.
func (w *Writer) Keep(o Outcome) error {
	return w.dir.Write(outcomeFile, func(to io.Writer) error { return json.NewEncoder(to).Encode(o) })
}

// ReadWeights reads the weights that a finished run has kept: those of its best epoch, or of its last where the recipe says
// so. The outcome is the run's, whose digest of the weights they must have.
func ReadWeights(home string, o Outcome) (stepper.State, error) {
	dir, err := checkpoint.Open(runsDir(home), o.Name)
	if err != nil {
		return nil, fmt.Errorf("read the weights of run %s: %w", o.Name, err)
	}
	var kept stepper.State
	_, err = dir.Latest(func(path string) error {
		c, err := readCheckpoint(path)
		if err != nil {
			return err
		}
		found := c.best
		if o.Provenance.Recipe.KeepLast && o.Status != progress.NaN {
			found = c.lastKept()
		}
		if got := Digest(found); got != o.Provenance.HeadDigest {
			return fmt.Errorf("their SHA-256 is %s, and the run's record says %s", got, o.Provenance.HeadDigest)
		}
		kept = found
		return nil
	})
	if errors.Is(err, checkpoint.ErrNoCheckpoint) { // there is an outcome, and so there was one
		err = ErrPruned
	}
	if err := errors.Join(err, dir.Close()); err != nil {
		return nil, fmt.Errorf("read the weights of run %s: %w", o.Name, err)
	}
	return kept, nil
}

// A snapshot is what a checkpoint has.
type snapshot struct {
	state            State
	last, best, kept stepper.State // last with what the optimizer remembers
}

// lastKept are the weights of the last epoch as they are kept.
func (c snapshot) lastKept() stepper.State {
	if len(c.kept) > 0 {
		return c.kept
	}
	kept := stepper.State{}
	for name := range c.best {
		kept[name] = c.last[name]
	}
	return kept
}

func readCheckpoint(path string) (c snapshot, err error) {
	source, err := weights.OpenSafetensors(path)
	if err != nil {
		return c, err
	}
	defer source.Close()
	if err := json.Unmarshal([]byte(source.Metadata()[stateKey]), &c.state); err != nil {
		return c, fmt.Errorf("read the state: %w", err)
	}
	c.last, c.best, c.kept = stepper.State{}, stepper.State{}, stepper.State{}
	parts := map[string]stepper.State{lastPrefix: c.last, bestPrefix: c.best, keptPrefix: c.kept}
	for name := range source.Names() {
		array, err := stepper.ReadArray(source, name)
		if err != nil {
			return c, err
		}
		for prefix, to := range parts {
			if short, ok := strings.CutPrefix(name, prefix); ok {
				to[short] = array
			}
		}
	}
	return c, nil
}

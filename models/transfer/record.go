package transfer

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/run"
	"github.com/headstart-nb/headstart/models/trainer"
	"github.com/headstart-nb/headstart/models/weights"
)

// Files of a run beside its checkpoints.
const (
	runFile  = "run.json"
	stateKey = "state" // of the checkpoint's metadata
	// Prefixes of the tensors in a checkpoint.
	lastPrefix = "last/"
	bestPrefix = "best/"
)

// A Run is a training as it stands on disk.
type Run struct {
	Name     string    `json:"name"`
	Status   Status    `json:"status"`
	Started  time.Time `json:"started"`
	Updated  time.Time `json:"updated"`
	Epochs   int       `json:"epochs"` // planned
	History  History   `json:"history"`
	Settings Settings  `json:"settings"`
	Dataset  string    `json:"dataset"`
	Root     string    `json:"root"`
	Digest   string    `json:"digest"` // of the dataset
	Backbone Identity  `json:"backbone"`
	Cell     string    `json:"cell,omitempty"`
	Flags    []string  `json:"flags,omitempty"`
	PID      int       `json:"pid"` // of the process that trains it
}

func runsDir(home string) string { return filepath.Join(home, "runs") }

// Runs lists the runs in a state folder, the one that was last worked on first. A run whose process is gone has the status
// Interrupted.
func Runs(home string) ([]Run, error) {
	names, err := run.List(runsDir(home))
	if err != nil {
		return nil, err
	}
	var runs []Run
	for _, name := range names {
		r, err := ReadRun(home, name)
		if err != nil {
			continue // being made, or damaged: nothing to show
		}
		runs = append(runs, *r)
	}
	slices.SortFunc(runs, func(a, b Run) int { return b.Updated.Compare(a.Updated) })
	return runs, nil
}

// ReadRun reads one run as it stands on disk.
func ReadRun(home, name string) (*Run, error) {
	if err := run.CheckName(name); err != nil {
		return nil, err
	}
	raw, err := safefile.ReadFile(filepath.Join(runsDir(home), name, runFile), maxManifest)
	if err != nil {
		return nil, fmt.Errorf("read run %s: %w", name, err)
	}
	var r Run
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, fmt.Errorf("read run %s: %w", name, err)
	}
	if r.Status == Running && !run.Busy(runsDir(home), name) {
		r.Status = Interrupted
	}
	return &r, nil
}

// A record is a run that this process writes.
type record struct {
	dir *run.Dir
	run Run
}

func createRecord(s *session) (*record, error) {
	dir, err := run.Create(runsDir(s.config.Home), s.config.Name)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("train: there is already a run %s; choose another name, or resume it", s.config.Name)
	}
	if err != nil {
		return nil, err
	}
	c := s.config
	r := &record{dir: dir, run: Run{
		Name: c.Name, Status: Running, Started: s.started.UTC(), Epochs: c.Epochs, Settings: c.settings(), Dataset: c.Dataset.Name,
		Root: c.Dataset.Root, Digest: c.Dataset.Digest, Backbone: c.Backbone.Identity(), Cell: c.Cell, Flags: c.Flags,
	}}
	if err := r.write(); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

// openRecord takes over a run that was interrupted.
func openRecord(home, name string) (*record, error) {
	dir, err := run.Open(runsDir(home), name)
	if err != nil {
		return nil, err
	}
	r, err := ReadRun(home, name)
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	r.Status = Running
	return &record{dir: dir, run: *r}, nil
}

func (r *record) close() error { return r.dir.Close() }

// write replaces run.json.
func (r *record) write() error {
	r.run.Updated, r.run.PID = time.Now().UTC(), os.Getpid()
	return r.dir.Write(runFile, func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", " ")
		return encoder.Encode(r.run)
	})
}

// commit puts the finished epoch on disk: last and best weights, optimizer, history.
func (r *record) commit(s *session) error {
	state, progress, err := s.trainer.State()
	if err != nil {
		return err
	}
	s.state.Progress = progress
	raw, err := json.Marshal(s.state)
	if err != nil {
		return err
	}
	tensors := map[string]weights.Float32{}
	for path, array := range state {
		tensors[lastPrefix+path] = weights.Float32(array)
	}
	for path, array := range s.best {
		tensors[bestPrefix+path] = weights.Float32(array)
	}
	err = r.dir.Commit(s.state.Epoch, func(w io.Writer) error {
		return weights.Write(w, tensors, map[string]string{stateKey: string(raw)})
	})
	if err != nil {
		return err
	}
	if s.config.CSVLog != "" {
		if err := writeCSV(s.config.CSVLog, s.state.History); err != nil {
			return err
		}
	}
	r.run.History = s.state.History
	return r.write()
}

// restore goes back to the last finished epoch on disk; a run without one begins anew.
func (r *record) restore(s *session) error {
	_, err := r.dir.Latest(func(path string) error {
		state, last, best, err := readCheckpoint(path)
		if err != nil {
			return err
		}
		if err := s.trainer.SetState(last, state.Progress); err != nil {
			return err
		}
		s.state, s.best = state, best
		return nil
	})
	if errors.Is(err, run.ErrNoCheckpoint) {
		return nil
	}
	return err
}

func readCheckpoint(path string) (state loopState, last, best trainer.State, err error) {
	source, err := weights.Open(path)
	if err != nil {
		return state, nil, nil, err
	}
	defer source.Close()
	if err := json.Unmarshal([]byte(source.Metadata()[stateKey]), &state); err != nil {
		return state, nil, nil, fmt.Errorf("read the state: %w", err)
	}
	last, best = trainer.State{}, trainer.State{}
	for name := range source.Names() {
		array, err := readArray(source, name)
		if err != nil {
			return state, nil, nil, err
		}
		if short, ok := strings.CutPrefix(name, lastPrefix); ok {
			last[short] = array
		}
		if short, ok := strings.CutPrefix(name, bestPrefix); ok {
			best[short] = array
		}
	}
	return state, last, best, nil
}

func readArray(source weights.Source, name string) (trainer.Array, error) {
	tensor, err := source.Tensor(name)
	if err != nil {
		return trainer.Array{}, err
	}
	values, err := weights.Float32s(tensor)
	if err != nil {
		return trainer.Array{}, fmt.Errorf("read tensor %s: %w", name, err)
	}
	return trainer.Array{Shape: slices.Clone(tensor.Shape().Dimensions), Values: values}, nil
}

// finish records how the run ended.
func (r *record) finish(s *session) error {
	r.run.Status, r.run.History = s.state.Status, s.state.History
	return r.write()
}

// writeCSV writes the history as a table.
func writeCSV(path string, history History) error {
	return run.WriteFile(path, func(w io.Writer) error {
		out := csv.NewWriter(w)
		rows := [][]string{{"epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds"}}
		for _, e := range history {
			row := []string{strconv.Itoa(e.Epoch)}
			for _, v := range []float64{e.Loss, e.Accuracy, e.ValLoss, e.ValAccuracy, e.LearningRate, e.Seconds} {
				row = append(row, strconv.FormatFloat(v, 'g', -1, 64))
			}
			rows = append(rows, row)
		}
		return out.WriteAll(rows)
	})
}

package training

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training/checkpoint"
	"github.com/headstart-nb/headstart/models/training/stepper"
	"github.com/headstart-nb/headstart/models/weights"
)

// maxRecord bounds the files that describe a run, in bytes; the list of the images is in one.
const maxRecord = 256 << 20

// Files of a run beside its checkpoints.
const (
	runFile  = "run.json"
	stateKey = "state" // of the checkpoint's metadata
	// Prefixes of the tensors in a checkpoint.
	lastPrefix = "last/"
	bestPrefix = "best/"
)

// A Run is the record of a training, as it is on disk and as its process keeps it while it lasts.
type Run struct {
	Name      string            `json:"name"`
	Status    Status            `json:"status"`
	Error     string            `json:"error,omitempty"` // why it failed
	Started   time.Time         `json:"started"`
	Updated   time.Time         `json:"updated"`
	Model     string            `json:"model,omitempty"` // the name that whoever asked for it has for what is trained
	Device    string            `json:"device,omitempty"`
	Epochs    int               `json:"epochs"` // planned
	History   History           `json:"history"`
	Recipe    Recipe            `json:"recipe"`
	Selection *selection.Report `json:"selection,omitempty"` // of the method auto, once it has chosen
	Targets   [][]float32       `json:"targets,omitempty"`   // for the tasks multi and regression
	Dataset   string            `json:"dataset"`
	Root      string            `json:"root"`
	Digest    string            `json:"digest"` // of the dataset
	Backbone  features.Identity `json:"backbone"`
	// TrainImages and ValImages are those that the training uses; the dataset may have others, for the test.
	TrainImages int `json:"train_images,omitempty"`
	ValImages   int `json:"val_images,omitempty"`

	Versions map[string]string `json:"versions,omitempty"` // of the programs that took part
	Cell     string            `json:"cell,omitempty"`
	Flags    []string          `json:"flags,omitempty"`
	PID      int               `json:"pid"` // of the process that trains it
}

// NewRun is the record of a valid job that begins.
func NewRun(j Job, device *accel.Device, started time.Time) Run {
	return Run{
		Name: j.Request.Name, Status: Running, Started: started.UTC(), Updated: started.UTC(), Model: j.Request.Model, Device: device.Name(),
		Epochs: j.Recipe.Epochs, Recipe: j.Recipe, Targets: j.Targets,
		Dataset: j.Dataset.Name, Root: j.Dataset.Root, Digest: j.Dataset.Digest, Backbone: j.Backbone.Identity(),
		TrainImages: len(j.Dataset.Select(imagefolder.Train)), ValImages: len(j.Dataset.Select(imagefolder.Val)),
		Versions: Versions(device), Cell: j.Request.Cell, Flags: j.Request.Flags,
	}
}

// Hear takes in what the training tells.
func (r *Run) Hear(e Event) {
	switch e.Kind {
	case ResumedEvent:
		r.History = e.History
	case ChosenEvent:
		r.Selection = e.Chosen
	case EpochEvent:
		r.History = append(r.History, *e.Epoch)
	case DoneEvent:
		r.Status = e.Status
	default:
		return
	}
	r.Updated = time.Now().UTC()
}

// End records how the training ended, from the error that it ended with.
func (r *Run) End(err error) {
	switch {
	case errors.Is(err, ErrStopped) || errors.Is(err, ErrAborted):
		r.Status = Stopped
	case errors.Is(err, ErrNaN):
		r.Status, r.Error = NaN, err.Error()
	case err != nil:
		r.Status, r.Error = Failed, err.Error()
	}
	r.Updated = time.Now().UTC()
}

// Kept is the epoch whose weights are kept, or would be if the training ended now: the best, or the last where the recipe says
// so. It is nil before the first.
func (r Run) Kept() *Epoch { return kept(r.History, r.Recipe, r.Status) }

func kept(history History, r Recipe, status Status) *Epoch {
	if n := len(history); n > 0 && r.KeepLast && status != NaN {
		return &history[n-1]
	}
	return history.Best()
}

func runsDir(home string) string { return filepath.Join(home, "runs") }

// Runs lists the runs in a state folder, the one that was last worked on first. A run whose process is gone has the status
// Interrupted.
func Runs(home string) ([]Run, error) {
	names, err := checkpoint.List(runsDir(home))
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
	if err := checkpoint.CheckName(name); err != nil {
		return nil, err
	}
	raw, err := safefile.ReadFile(filepath.Join(runsDir(home), name, runFile), maxRecord)
	if err != nil {
		return nil, fmt.Errorf("read run %s: %w", name, err)
	}
	var r Run
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, fmt.Errorf("read run %s: %w", name, err)
	}
	r.Name = name // the folder's, which a rename changes
	if !plausible(r.Selection) {
		r.Selection = nil
	}
	if r.Status == Running && !checkpoint.Busy(runsDir(home), name) {
		r.Status = Interrupted
	}
	return &r, nil
}

// A record is a run that this process writes.
type record struct {
	dir *checkpoint.Dir
	run Run
}

func createRecord(s *session) (*record, error) {
	dir, err := checkpoint.Create(runsDir(s.job.Environment.Home), s.job.Request.Name)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("train: there is already a run %s; choose another name, or resume it", s.job.Request.Name)
	}
	if err != nil {
		return nil, err
	}
	r := &record{dir: dir, run: NewRun(s.job, s.device, s.started)}
	if err := r.write(); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

// openRecord takes over a run that was interrupted.
func openRecord(home, name string) (*record, error) {
	dir, err := checkpoint.Open(runsDir(home), name)
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
	state, progress, err := s.stepper.State()
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
	if s.job.Environment.CSVLog != "" {
		if err := s.state.History.WriteCSV(s.job.Environment.CSVLog); err != nil {
			return err
		}
	}
	r.run.History = s.state.History
	return r.write()
}

// restore goes back to the last finished epoch on disk; a run without one begins again.
func (r *record) restore(s *session) error {
	_, err := r.dir.Latest(func(path string) error {
		state, last, best, err := readCheckpoint(path)
		if err != nil {
			return err
		}
		if err := s.stepper.SetState(last, state.Progress); err != nil {
			return err
		}
		s.state, s.best = state, best
		return nil
	})
	if errors.Is(err, checkpoint.ErrNoCheckpoint) {
		return nil
	}
	return err
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
		_, last, best, err := readCheckpoint(path)
		if err != nil {
			return err
		}
		for name := range last { // what the optimizer remembers is in it, too
			if _, ok := best[name]; ok && o.Provenance.Recipe.KeepLast && o.Status != NaN {
				best[name] = last[name]
			}
		}
		if got := stateDigest(best); got != o.Provenance.HeadDigest {
			return fmt.Errorf("their SHA-256 is %s, and the run's record says %s", got, o.Provenance.HeadDigest)
		}
		kept = best
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

func readCheckpoint(path string) (state loopState, last, best stepper.State, err error) {
	source, err := weights.Open(path)
	if err != nil {
		return state, nil, nil, err
	}
	defer source.Close()
	if err := json.Unmarshal([]byte(source.Metadata()[stateKey]), &state); err != nil {
		return state, nil, nil, fmt.Errorf("read the state: %w", err)
	}
	last, best = stepper.State{}, stepper.State{}
	for name := range source.Names() {
		array, err := stepper.ReadArray(source, name)
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

// finish records how the run ended, with the error that it failed by.
func (r *record) finish(s *session, err error) error {
	r.run.History = s.state.History
	r.run.End(err)
	r.run.Status = s.state.Status
	// The checkpoint before the last is for a crash while the last is written.
	return errors.Join(r.write(), r.dir.Keep(1))
}

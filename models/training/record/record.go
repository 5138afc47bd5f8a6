// Package record is a training on disk: what it was asked for, how far it is, what came of it.
package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training/checkpoint"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/job"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// maxRecord bounds the files that describe a run, in bytes; the list of the images is in one.
const maxRecord = 256 << 20

// runFile is the file of a run beside its checkpoints.
const runFile = "run.json"

// A Run is the record of a training, as it is on disk and as its process keeps it while it lasts.
type Run struct {
	Name      string            `json:"name"`
	Status    progress.Status   `json:"status"`
	Error     string            `json:"error,omitempty"` // why it failed
	Started   time.Time         `json:"started"`
	Updated   time.Time         `json:"updated"`
	Model     string            `json:"model,omitempty"` // the name that whoever asked for it has for what is trained
	Device    string            `json:"device,omitempty"`
	Epochs    int               `json:"epochs"` // planned
	History   history.History   `json:"history"`
	Recipe    recipe.Recipe     `json:"recipe"`
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
func NewRun(j job.Job, device *accel.Device, started time.Time) Run {
	return Run{
		Name: j.Request.Name, Status: progress.Running, Started: started.UTC(), Updated: started.UTC(), Model: j.Request.Model, Device: device.Name(),
		Epochs: j.Recipe.Epochs, Recipe: j.Recipe, Targets: j.Targets,
		Dataset: j.Dataset.Name, Root: j.Dataset.Root, Digest: j.Dataset.Digest, Backbone: j.Backbone.Identity(),
		TrainImages: len(j.Dataset.Select(imagefolder.Train)), ValImages: len(j.Dataset.Select(imagefolder.Val)),
		Versions: Versions(device), Cell: j.Request.Cell, Flags: j.Request.Flags,
	}
}

// Hear takes in what the training tells.
func (r *Run) Hear(e progress.Event) {
	switch e.Kind {
	case progress.ResumedEvent:
		r.History = e.History
	case progress.ChosenEvent:
		r.Selection = e.Chosen
	case progress.EpochEvent:
		r.History = append(r.History, *e.Epoch)
	case progress.DoneEvent:
		r.Status = e.Status
	default:
		return
	}
	r.Updated = time.Now().UTC()
}

// End records how the training ended, from the error that it ended with.
func (r *Run) End(err error) {
	switch {
	case errors.Is(err, progress.ErrStopped) || errors.Is(err, progress.ErrAborted):
		r.Status = progress.Stopped
	case errors.Is(err, progress.ErrNaN):
		r.Status, r.Error = progress.NaN, err.Error()
	case err != nil:
		r.Status, r.Error = progress.Failed, err.Error()
	}
	r.Updated = time.Now().UTC()
}

// Kept is the epoch whose weights are kept, or would be if the training ended now: the best, or the last where the recipe says
// so. It is nil before the first.
func (r Run) Kept() *history.Epoch { return Kept(r.History, r.Recipe, r.Status) }

// Kept is the epoch of a training whose weights are kept, as Run.Kept.
func Kept(epochs history.History, r recipe.Recipe, status progress.Status) *history.Epoch {
	if n := len(epochs); n > 0 && r.KeepLast && status != progress.NaN {
		return &epochs[n-1]
	}
	return epochs.Best()
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
	if r.Status == progress.Running && !checkpoint.Busy(runsDir(home), name) {
		r.Status = progress.Interrupted
	}
	return &r, nil
}

package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// outcomeFile is in a finished run's folder, beside run.json, which lists of runs read.
const outcomeFile = "outcome.json"

// An Outcome is what a finished training says about itself: enough to repeat it and to compare.
type Outcome struct {
	Name       string            `json:"name"`
	Classes    []string          `json:"classes"` // label order of the outputs
	Task       recipe.Task       `json:"task"`
	History    history.History   `json:"history"`
	Status     progress.Status   `json:"status"`
	Selection  *selection.Report `json:"selection,omitempty"` // of the method auto
	Provenance Provenance        `json:"provenance"`
}

// Kept is the epoch whose weights the model has.
func (o Outcome) Kept() *history.Epoch { return Kept(o.History, o.Provenance.Recipe, o.Status) }

// An UnfinishedError is a run that has no outcome, since it did not come to its end.
type UnfinishedError struct {
	Run    string
	Status progress.Status
}

func (e *UnfinishedError) Error() string {
	if e.Status == progress.Running {
		return fmt.Sprintf("the run %s has not ended yet", e.Run)
	}
	return fmt.Sprintf("the run %s did not come to an end that could be repeated (%s)", e.Run, e.Status)
}

// ReadOutcome reads that of a finished run in a state folder.
func ReadOutcome(home, name string) (Outcome, error) {
	r, err := ReadRun(home, name)
	if err != nil {
		return Outcome{}, err
	}
	raw, err := safefile.ReadFile(filepath.Join(runsDir(home), name, outcomeFile), maxRecord)
	if errors.Is(err, os.ErrNotExist) {
		return Outcome{}, &UnfinishedError{Run: name, Status: r.Status}
	}
	if err != nil {
		return Outcome{}, fmt.Errorf("read run %s: %w", name, err)
	}
	var o Outcome
	if err := json.Unmarshal(raw, &o); err != nil {
		return Outcome{}, fmt.Errorf("read run %s: %w", name, err)
	}
	o.Name = name // the folder's, which a rename changes
	if !plausible(o.Selection) {
		return Outcome{}, fmt.Errorf("read run %s: its choice is number %d of %d candidates", name, o.Selection.Chosen, len(o.Selection.Scores))
	}
	return o, nil
}

// plausible tells whether a report that was read has the choice that it names.
func plausible(r *selection.Report) bool {
	return r == nil || r.Chosen >= 0 && r.Chosen < len(r.Scores)
}

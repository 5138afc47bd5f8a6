package training

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training/network"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// outcomeFile is in a finished run's folder, beside run.json, which lists of runs read.
const outcomeFile = "outcome.json"

// An Outcome is what a finished training says about itself: enough to repeat it and to compare.
type Outcome struct {
	Name       string            `json:"name"`
	Classes    []string          `json:"classes"` // label order of the outputs
	Task       Task              `json:"task"`
	History    History           `json:"history"`
	Status     Status            `json:"status"`
	Selection  *selection.Report `json:"selection,omitempty"` // of the method auto
	Provenance Provenance        `json:"provenance"`
}

// Kept is the epoch whose weights the model has.
func (o Outcome) Kept() *Epoch { return kept(o.History, o.Provenance.Recipe, o.Status) }

// A Result is what a training has made, with what it holds on the device. Whoever takes a field over closes it; Close frees
// them all.
type Result struct {
	Outcome
	Device  *accel.Device
	Network *network.Network
	Stepper *stepper.Stepper      // has the trained weights
	Frozen  *features.Pass        // nil: images go to the network itself
	Changes []network.StageChange // of the stages that were unfrozen, input to output
}

// Close frees what the result holds on the device.
func (r *Result) Close() error {
	r.Stepper.Close()
	if r.Frozen == nil {
		return nil
	}
	return r.Frozen.Close()
}

// An UnfinishedError is a run that has no outcome, since it did not come to its end.
type UnfinishedError struct {
	Run    string
	Status Status
}

func (e *UnfinishedError) Error() string {
	if e.Status == Running {
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

// keep writes the outcome of the finished run.
func (r *record) keep(o Outcome) error {
	return r.dir.Write(outcomeFile, func(w io.Writer) error { return json.NewEncoder(w).Encode(o) })
}

// result makes a Result of a session that has come to its end, and closes what it does not need.
func (s *session) result() (*Result, error) {
	state, err := s.stepper.Weights()
	if err != nil {
		return nil, err
	}
	changes, err := s.network.Changes(s.initial, state)
	if err != nil {
		return nil, err
	}
	s.warnOfUnchanged(changes)
	r := &Result{
		Outcome: Outcome{
			Name: s.job.Request.Name, Classes: s.job.classes(), Task: s.job.Recipe.Task, History: s.state.History, Status: s.state.Status, Selection: s.chosen,
			Provenance: s.provenance(stateDigest(state)),
		},
		Device: s.device, Network: s.network, Stepper: s.stepper, Frozen: s.frozen, Changes: changes,
	}
	if s.record != nil {
		if err := s.record.keep(r.Outcome); err != nil {
			s.warn(CodeNotOnDisk, "The outcome of the run is not on disk, and the run cannot be verified later: %v.", err)
		}
	}
	s.frozen, s.stepper = nil, nil
	return r, s.close()
}

// warnOfUnchanged warns of the unfrozen stages that the training left nearly as they were.
func (s *session) warnOfUnchanged(changes []network.StageChange) {
	var stages []string
	for _, c := range changes {
		if c.Relative < network.HardlyChanged {
			stages = append(stages, string(c.Stage))
		}
	}
	if stages != nil {
		s.tell(diagnosis.Diagnosis{
			Severity: diagnosis.Warning, Code: CodeUnchanged,
			Sentence: fmt.Sprintf("Unfrozen, %s hardly changed (by less than %g %%): the learning rate there is too low.",
				strings.Join(stages, ", "), 100*network.HardlyChanged),
			Fix: "A stage rate nearer to 1 raises it.",
		})
	}
}

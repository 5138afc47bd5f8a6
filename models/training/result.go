package training

import (
	"fmt"
	"strings"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/training/network"
	"github.com/headstart-nb/headstart/models/training/record"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// A Result is what a training has made, with what it holds on the device. Whoever takes a field over closes it; Close frees
// them all.
type Result struct {
	record.Outcome
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
		Outcome: record.Outcome{
			Name: s.job.Request.Name, Classes: s.job.OutputNames(), Task: s.job.Recipe.Task, History: s.state.History, Status: s.state.Status, Selection: s.chosen,
			Provenance: s.provenance(record.Digest(state)),
		},
		Device: s.device, Network: s.network, Stepper: s.stepper, Frozen: s.frozen, Changes: changes,
	}
	if s.record != nil {
		if err := s.record.Keep(r.Outcome); err != nil {
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

// provenance describes where the trained weights come from.
func (s *session) provenance(digest string) record.Provenance {
	j := s.job
	p := record.Provenance{
		Run: j.Request.Name, Created: s.started.UTC(), Cell: j.Request.Cell, Flags: j.Request.Flags,
		Dataset: j.Dataset.Name, DatasetRoot: j.Dataset.Root, DatasetDigest: j.Dataset.Digest, Targets: j.Targets, MaxPixels: j.Dataset.Options.MaxPixels,
		Together: j.Dataset.Together, Backbone: j.Backbone.Identity(), Recipe: j.Recipe, Versions: record.Versions(s.device), Device: s.device.Name(), HeadDigest: digest,
	}
	if s.chosen != nil {
		p.Base = s.base
	}
	for _, item := range j.Dataset.Items {
		p.Files = append(p.Files, record.File{Path: item.Path, SHA256: item.SHA256.String(), Label: item.Label, Split: item.Split})
	}
	return p
}

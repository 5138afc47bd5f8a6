// Package runstatus says how a run stands.
package runstatus

import (
	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/internal/memory"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/record"
)

// A Stand is how a run stands: its record, with what only its own process knows.
type Stand struct {
	record.Run
	Features  *features.Progress  // of the pass of the backbone; nil before it
	Selecting *selection.Progress // of a cross-validation; nil before it
	Step      *progress.Step      // inside the epoch; nil between two
	Diagnoses []diagnosis.Diagnosis
	Slower    string      // why a better device was not taken; empty where there was none
	Memory    memory.Room // where it was short: as it was when the least was left; else zero
	Err       error
}

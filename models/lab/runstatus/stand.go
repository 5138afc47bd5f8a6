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

// List joins the runs of a process, newest first, with those on disk. Of runs of one name it has the first.
func List(own []Stand, stored []record.Run) []Stand {
	var list []Stand
	seen := map[string]bool{}
	for _, s := range own {
		if !seen[s.Name] {
			seen[s.Name] = true
			list = append(list, s)
		}
	}
	for _, r := range stored {
		if !seen[r.Name] {
			list = append(list, Stand{Run: r})
		}
	}
	return list
}

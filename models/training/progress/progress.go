// Package progress is what a training tells while it runs.
package progress

import (
	"time"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training/history"
)

// EventKind says what an Event tells.
type EventKind string

// The kinds of events, in the order in which a training sends them.
const (
	DiagnosisEvent EventKind = "diagnosis" // Event.Diagnosis is set: a note or a warning
	FeaturesEvent  EventKind = "features"  // Event.Features is set
	ResumedEvent   EventKind = "resumed"   // Event.History is set: the epochs that were completed before
	SelectionEvent EventKind = "selection" // Event.Selection is set: how far the cross-validation of the method auto is
	ChosenEvent    EventKind = "chosen"    // Event.Chosen is set: what it chose
	StepEvent      EventKind = "step"      // Event.Step is set; a few times a second at most
	EpochEvent     EventKind = "epoch"     // Event.Epoch is set
	DoneEvent      EventKind = "done"      // Event.Status is set
)

// An Event is progress of a training, told to the callback of training.Fit one at a time; those of a cross-validation come from other
// goroutines than the rest.
type Event struct {
	Kind      EventKind            `json:"kind"`
	Run       string               `json:"run,omitempty"`
	Diagnosis *diagnosis.Diagnosis `json:"diagnosis,omitempty"`
	Features  *features.Progress   `json:"features,omitempty"`
	Selection *selection.Progress  `json:"selection,omitempty"`
	Chosen    *selection.Report    `json:"chosen,omitempty"`
	Step      *Step                `json:"step,omitempty"`
	Epoch     *history.Epoch       `json:"epoch,omitempty"`
	History   history.History      `json:"history,omitempty"`
	Status    Status               `json:"status,omitempty"`
}

// Step is the place inside an epoch.
type Step struct {
	Epoch int           `json:"epoch"` // 1-based
	Step  int           `json:"step"`  // 1-based
	Steps int           `json:"steps"` // in this epoch
	Loss  float64       `json:"loss"`  // mean over the epoch so far
	Left  time.Duration `json:"left"`  // of the whole training
}

// Package figure turns plain data into what a notebook shows: every function is pure and returns a display.Bundle.
//
// Every bundle holds image/png (double resolution, its size in CSS pixels in the metadata) for pages that run no script,
// and text/plain for terminals. Charts hold a Vega-Lite v5 specification as well, with the data inline, and tables
// and galleries hold HTML in which every label is escaped: labels and file names come from folders that nobody has checked.
package figure

import "github.com/headstart-nb/headstart/nbhelpers/sketch"

// The data types that this package has in common with package sketch, which draws text.
type (
	CurvesData   = sketch.Curves
	Panel        = sketch.Panel
	Line         = sketch.Line
	Status       = sketch.Status
	State        = sketch.State
	ProgressData = sketch.Progress
	TableData    = sketch.Table
	Mark         = sketch.Mark
)

// Whether a prediction was right, and where a run stands.
const (
	MarkNone  = sketch.MarkNone
	MarkRight = sketch.MarkRight
	MarkWrong = sketch.MarkWrong

	StateRunning = sketch.StateRunning
	StateDone    = sketch.StateDone
	StateStopped = sketch.StateStopped
	StateFailed  = sketch.StateFailed
)

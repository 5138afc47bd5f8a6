package transfer

import (
	"time"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// runData is what the notebook extension and scripts read of a run; its JSON is the payload of figure.MIMERun.
type runData struct {
	ID      string             `json:"id"`
	Title   string             `json:"title,omitempty"`
	State   figure.State       `json:"state"`
	Dataset string             `json:"dataset,omitempty"`
	Model   string             `json:"model,omitempty"`
	Backend string             `json:"backend,omitempty"` // "xla:cpu"
	Images  int                `json:"images,omitempty"`  // in the dataset, all splits
	Epoch   int                `json:"epoch"`             // completed epochs
	Epochs  int                `json:"epochs"`            // planned epochs
	Best    int                `json:"best,omitempty"`    // counted from 1
	Rate    float64            `json:"rate,omitempty"`    // images per second
	LeftMS  int64              `json:"left_ms,omitempty"`
	Started time.Time          `json:"started,omitzero"`
	Seconds float64            `json:"seconds,omitempty"` // from the start to the end, once it has ended
	Metrics map[string]float64 `json:"metrics,omitempty"` // of the best epoch; values that are not finite are left out
	// ValAccuracy is the best epoch's, whose weights are kept; nil before it.
	ValAccuracy *float64    `json:"val_accuracy,omitempty"`
	Series      []runSeries `json:"series,omitempty"`
	Notes       []string    `json:"notes,omitempty"` // what a reader of the curves must know, such as an untrained backbone
	Facts       []runFact   `json:"facts,omitempty"` // the rest of the run's provenance
	Cell        string      `json:"cell,omitempty"`  // the text of the cell that started it, in this kernel
	Error       string      `json:"error,omitempty"`
}

// runFact is one line of a run's provenance, such as {"seed", "42"}.
type runFact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// runSeries is one curve of a run; Values[i] belongs to epoch i+1 and null is an epoch without a value.
type runSeries struct {
	Panel  string     `json:"panel"`
	Name   string     `json:"name"`
	Values []*float64 `json:"values"`
}

// runFigure is a run in every form.
func runFigure(curves figure.CurvesData, data runData) display.Bundle {
	data.Notes = curves.Notes
	return figure.Run(curves, data)
}

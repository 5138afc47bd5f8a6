package figure

import (
	"cmp"
	"math"
	"time"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// MIMERun is the type under which the notebook extension finds a run.
const MIMERun = display.MIMEPrefix + "run" + display.MIMESuffix

// RunData is what the notebook extension knows of a run; its JSON is the payload of MIMERun.
type RunData struct {
	ID      string             `json:"id"`
	Title   string             `json:"title,omitempty"`
	State   State              `json:"state"`
	Dataset string             `json:"dataset,omitempty"`
	Model   string             `json:"model,omitempty"`
	Backend string             `json:"backend,omitempty"` // "xla:cpu"
	Images  int                `json:"images,omitempty"`  // in the dataset, all splits
	Epoch   int                `json:"epoch"`             // epochs finished
	Epochs  int                `json:"epochs"`            // epochs planned
	Best    int                `json:"best,omitempty"`    // counted from 1
	Rate    float64            `json:"rate,omitempty"`    // images a second
	LeftMS  int64              `json:"left_ms,omitempty"`
	Started time.Time          `json:"started,omitzero"`
	Seconds float64            `json:"seconds,omitempty"` // from the start to the end, once it has ended
	Metrics map[string]float64 `json:"metrics,omitempty"` // of the best epoch; what is not finite is left out
	// ValAccuracy is the best epoch's, whose weights are kept; nil while there is none.
	ValAccuracy *float64    `json:"val_accuracy,omitempty"`
	Series      []RunSeries `json:"series,omitempty"`
	Notes       []string    `json:"notes,omitempty"` // what must be known to read the curves; an untrained backbone, say
	Facts       []RunFact   `json:"facts,omitempty"` // more of where the run comes from
	Cell        string      `json:"cell,omitempty"`  // the text of the cell that started it, in this kernel
	Error       string      `json:"error,omitempty"`
}

// RunFact is one line of a run's provenance, such as {"seed", "42"}.
type RunFact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// RunSeries is one curve of a run; Values[i] belongs to epoch i+1 and null is an epoch without a value.
type RunSeries struct {
	Panel  string     `json:"panel"`
	Name   string     `json:"name"`
	Values []*float64 `json:"values"`
}

// Run shows the curves of a run, with the payload that the notebook extension draws as a card in their place. What run
// leaves empty of title, state, epochs, rate, time left, notes and series is taken from the curves.
func Run(d CurvesData, run RunData) display.Bundle {
	b := Curves(d)
	b.Data[MIMERun] = run.filled(d)
	return b
}

func (r RunData) filled(d CurvesData) RunData {
	r.Title = cmp.Or(r.Title, d.Title)
	r.State = cmp.Or(r.State, d.Status.State)
	r.Epoch, r.Epochs, r.Best = cmp.Or(r.Epoch, d.Epoch), cmp.Or(r.Epochs, d.Epochs), cmp.Or(r.Best, d.Best)
	r.Rate, r.LeftMS = finiteOr(cmp.Or(r.Rate, d.Status.Rate), 0), cmp.Or(r.LeftMS, d.Status.Left.Milliseconds())
	r.Seconds = finiteOr(r.Seconds, 0)
	if r.Notes == nil {
		r.Notes = d.Notes
	}
	if r.ValAccuracy != nil && (math.IsNaN(*r.ValAccuracy) || math.IsInf(*r.ValAccuracy, 0)) {
		r.ValAccuracy = nil
	}
	metrics := map[string]float64{}
	for name, v := range r.Metrics {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			metrics[name] = v
		}
	}
	r.Metrics = metrics
	if r.Series == nil {
		for _, p := range d.Panels {
			for _, line := range p.Lines {
				r.Series = append(r.Series, RunSeries{Panel: p.Name, Name: line.Name, Values: sketch.Nullable(line.Values)})
			}
		}
	}
	return r
}

// finiteOr is v where JSON has a number for it.
func finiteOr(v, otherwise float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return otherwise
	}
	return v
}

// Package diagnosis is the one shape of what a check finds: how serious it is, a stable code, a sentence and a fix.
//
// The check of a dataset, the check before a training and the doctor give it. A library's sentences name no flag and no
// magic: what shows a diagnosis adds how its user accepts or fixes it. It imports the standard library only, since the
// kernel links it.
package diagnosis

import (
	"cmp"
	"slices"
)

// Severity is how serious a diagnosis is.
type Severity string

// The severities, the least serious first.
const (
	OK      Severity = "ok"      // what was checked is as it should be
	Note    Severity = "note"    // worth knowing
	Warning Severity = "warning" // the result may mislead, or be worse or slower than it could be
	Error   Severity = "error"   // the result would mean nothing, or something does not work
)

// rank orders the severities; one that is not listed comes first.
func (s Severity) rank() int { return slices.Index([]Severity{OK, Note, Warning, Error}, s) }

// A Diagnosis is one finding.
type Diagnosis struct {
	Subject  string   `json:"subject,omitempty"` // what was checked, where a list is of several things: "XLA plugin"
	Severity Severity `json:"severity"`
	Code     string   `json:"code"`            // stable, for scripts and to accept it by, such as "few-images"
	Sentence string   `json:"sentence"`        // what was found
	Fix      string   `json:"fix,omitempty"`   // what to do about it, as a sentence; empty where nothing is to be done
	Paths    []string `json:"paths,omitempty"` // some of the files that are meant
}

// MaxPaths is how many Paths a Diagnosis names at the most: more would not be read.
const MaxPaths = 20

// Sort puts the most serious first and keeps the order of equally serious ones.
func Sort(list []Diagnosis) {
	slices.SortStableFunc(list, func(a, b Diagnosis) int { return cmp.Compare(b.Severity.rank(), a.Severity.rank()) })
}

// Worst is the highest severity in a list; OK where it is empty.
func Worst(list []Diagnosis) Severity {
	worst := OK
	for _, d := range list {
		if d.Severity.rank() > worst.rank() {
			worst = d.Severity
		}
	}
	return worst
}

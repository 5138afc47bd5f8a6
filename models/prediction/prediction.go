// Package prediction is what a model says about one image, as the library, the magics and Go cells exchange it.
//
// It imports the standard library only, since every Go cell that predicts links it.
package prediction

import (
	"cmp"
	"slices"
)

// A Prediction is a model's answer for one image.
type Prediction struct {
	Name  string    `json:"name,omitempty"`  // of the image, for people
	Path  string    `json:"path,omitempty"`  // of its file; empty for pixels
	Truth string    `json:"truth,omitempty"` // the image's class, where it belongs to a dataset
	Top   []Score   `json:"top,omitempty"`   // most probable first
	Value []float32 `json:"value,omitempty"` // of a regression, instead of Top
	Error string    `json:"error,omitempty"` // why there is no answer: the file does not exist, is not an image ...
	Cause error     `json:"-"`               // of Error, in the process that predicted

	TTA TTA `json:"tta,omitempty"` // of which copies of the image the outputs are averaged; empty: of the image alone

	Cached bool `json:"cached,omitempty"` // the features were found in the cache, not computed
}

// A Score is the probability of one class.
type Score struct {
	Class       string  `json:"class"`
	Index       int     `json:"index"`       // of the class, in the model's label order
	Probability float64 `json:"probability"` // in [0, 1]
}

// Class is the most probable class; empty where there is none.
func (p Prediction) Class() string {
	if len(p.Top) == 0 {
		return ""
	}
	return p.Top[0].Class
}

// Probability is that of the most probable class; 0 where there is none.
func (p Prediction) Probability() float64 {
	if len(p.Top) == 0 {
		return 0
	}
	return p.Top[0].Probability
}

// Rank sorts the outputs of one image, the probabilities of classes in their order, into the k most probable; k <= 0 means all.
func Rank(classes []string, outputs []float32, k int) Prediction {
	scores := make([]Score, len(outputs))
	for i, p := range outputs {
		scores[i] = Score{Class: classes[i], Index: i, Probability: float64(p)}
	}
	slices.SortStableFunc(scores, func(a, b Score) int { return cmp.Compare(b.Probability, a.Probability) })
	if k > 0 {
		scores = scores[:min(k, len(scores))]
	}
	return Prediction{Top: scores}
}

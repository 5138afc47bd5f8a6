// Package trial is the trials of a random search for hyper-parameters.
package trial

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/headstart-nb/headstart/models/head"
)

// A Trial is one choice of a search, and what came of it.
type Trial struct {
	Number       int     `json:"number"` // 1-based, in the order of drawing
	Head         string  `json:"head"`   // with its dropout
	LearningRate float64 `json:"learning_rate"`
	Dropout      float64 `json:"dropout"`
	WeightDecay  float64 `json:"weight_decay"`
	Epochs       int     `json:"epochs"`      // trained so far
	Loss         float64 `json:"cv_loss"`     // cross-validated on the training images, of its best epoch
	Accuracy     float64 `json:"cv_accuracy"` // of the same
	Error        float64 `json:"cv_error"`    // standard error of Accuracy, from its spread over the folds
	Seconds      float64 `json:"seconds"`
	Ended        bool    `json:"ended"` // dropped by halving, or finished
	Best         bool    `json:"best"`  // the best so far
}

// The space that is searched, uniform in the logarithm for rate and decay.
const (
	lowestRate, highestRate = 1e-4, 1e-2
	lowestDecay, topDecay   = 1e-5, 1e-1
	largestDropout          = 0.6
)

// DropoutStep is the distance between the rates of dropout that are tried.
const DropoutStep = 0.1

// Draw draws n trials with one of the heads each. What is drawn depends on the seed alone.
func Draw(n int, heads []string, seed int64) []Trial {
	random := rand.New(rand.NewPCG(uint64(seed), 0x74756e65)) // any fixed second word
	logarithmic := func(low, high float64) float64 {
		return math.Exp(math.Log(low) + random.Float64()*(math.Log(high)-math.Log(low)))
	}
	var trials []Trial
	for i := range n {
		t := Trial{Number: i + 1, Head: heads[random.IntN(len(heads))]}
		t.LearningRate, t.WeightDecay = logarithmic(lowestRate, highestRate), logarithmic(lowestDecay, topDecay)
		t.Dropout = onStep(float64(random.IntN(int(largestDropout/DropoutStep)+1)) * DropoutStep)
		trials = append(trials, t)
	}
	return trials
}

// Rungs are the epochs after which trials of so many epochs are compared: with halving 1/9, 1/3 and all of them.
func Rungs(epochs int, halving bool) []int {
	if !halving {
		return []int{epochs}
	}
	rungs := []int{max(1, epochs/(halvingFactor*halvingFactor)), max(1, epochs/halvingFactor), epochs}
	return slices.Compact(rungs)
}

// halvingFactor says that one of so many trials goes on.
const halvingFactor = 3

// Kept is how many of n trials go on after a rung.
func Kept(n int) int { return (n + halvingFactor - 1) / halvingFactor }

// Compare puts the better first; a trial that was not trained, or whose loss was no number, is last.
func Compare(a, b *Trial) int {
	loss := func(t *Trial) float64 {
		if t.Epochs == 0 || math.IsNaN(t.Loss) {
			return math.Inf(1)
		}
		return t.Loss
	}
	return cmp.Compare(loss(a), loss(b))
}

// onStep is the multiple of DropoutStep next to a rate, as its decimals are written: 0.3, and not 3 x 0.1 in binary.
func onStep(rate float64) float64 { return math.Round(rate/DropoutStep) / (1 / DropoutStep) }

// WithDropout puts dropout behind every dense layer of a head, or before the outputs where it has none.
func WithDropout(text string, rate float64) string {
	spec, err := head.Parse(text)
	if err != nil || rate == 0 {
		return text
	}
	drop := head.Layer{Kind: head.Dropout, Rate: onStep(rate)}
	if len(spec.Layers) == 0 {
		return head.Spec{Layers: []head.Layer{drop}}.String()
	}
	var layers []head.Layer
	for _, layer := range spec.Layers {
		layers = append(layers, layer)
		if layer.Kind == head.Dense {
			layers = append(layers, drop)
		}
	}
	return head.Spec{Layers: layers}.String()
}

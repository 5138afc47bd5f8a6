package transfer

import (
	"context"
	"time"

	"github.com/headstart-nb/headstart/models/accel"
)

// TuneConfig says what Tune searches and for how long.
type TuneConfig struct {
	Base    Config        // what all trials share; its Epochs is what the last rung trains for
	Trials  int           // 0: 50
	Time    time.Duration // no new trial starts after it; 0: no limit
	Workers int           // trials at once; 0: one for each core
	Heads   []string      // the heads to choose from; nil: a fixed set
	Halving bool          // successive halving: bad trials end early (arXiv:1502.07943)
}

// A Trial is one choice of the search.
type Trial struct {
	Number       int     `json:"number"` // 1-based, in the order of drawing
	Head         string  `json:"head"`
	LearningRate float64 `json:"learning_rate"`
	Dropout      float64 `json:"dropout"`
	WeightDecay  float64 `json:"weight_decay"`
	Epochs       int     `json:"epochs"` // trained so far
	ValLoss      float64 `json:"val_loss"`
	ValAccuracy  float64 `json:"val_accuracy"`
	Seconds      float64 `json:"seconds"`
	Ended        bool    `json:"ended"` // dropped by halving, or finished
	Best         bool    `json:"best"`  // the best so far
}

// TuneResult is the best model of a search with all trials.
type TuneResult struct {
	Model  *Model
	Trials []Trial // best first
}

// Tune searches head, learning rate, dropout and weight decay on cached features. It tells each finished trial to
// trial and the computing of features to events; both may be nil. A cancelled ctx ends the search with what was found.
func Tune(ctx context.Context, device *accel.Device, config TuneConfig, events func(Event), trial func(Trial)) (*TuneResult, error) {
	return nil, errNotYet
}

// RateCurve is the loss over a rising learning rate.
type RateCurve struct {
	Rates     []float64 `json:"rates"`
	Losses    []float64 `json:"losses"`    // smoothed
	Suggested float64   `json:"suggested"` // where the loss falls fastest
}

// FindRate runs the learning-rate range test (arXiv:1506.01186) on a copy of the head; no model changes.
func FindRate(ctx context.Context, device *accel.Device, config Config, events func(Event)) (*RateCurve, error) {
	return nil, errNotYet
}

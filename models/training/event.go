package training

import (
	"math"
	"time"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/models/features"
)

// EventKind says what an Event tells.
type EventKind string

// The kinds of events, in the order in which a training sends them.
const (
	DiagnosisEvent EventKind = "diagnosis" // Event.Diagnosis is set: a note or a warning
	FeaturesEvent  EventKind = "features"  // Event.Features is set
	ResumedEvent   EventKind = "resumed"   // Event.History is set: the epochs that were completed before
	StepEvent      EventKind = "step"      // Event.Step is set; a few times a second at most
	EpochEvent     EventKind = "epoch"     // Event.Epoch is set
	DoneEvent      EventKind = "done"      // Event.Status is set
)

// An Event is progress of a training, told to the callback of Fit in the goroutine that trains.
type Event struct {
	Kind      EventKind            `json:"kind"`
	Run       string               `json:"run,omitempty"`
	Diagnosis *diagnosis.Diagnosis `json:"diagnosis,omitempty"`
	Features  *features.Progress   `json:"features,omitempty"`
	Step      *Step                `json:"step,omitempty"`
	Epoch     *Epoch               `json:"epoch,omitempty"`
	History   History              `json:"history,omitempty"`
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

// An Epoch is one pass over the training images and what came of it. Accuracies are fractions; for Regression
// they are the coefficient of determination R2.
type Epoch struct {
	Epoch        int           `json:"epoch"` // 1-based
	Epochs       int           `json:"epochs"`
	Loss         float64       `json:"loss"`
	Accuracy     float64       `json:"accuracy"`
	ValLoss      float64       `json:"val_loss"`
	ValAccuracy  float64       `json:"val_accuracy"`
	LearningRate float64       `json:"learning_rate"` // at the end of the epoch
	Seconds      float64       `json:"seconds"`
	Rate         float64       `json:"rate"`   // training images per second
	Waited       float64       `json:"waited"` // seconds that the model waited for images
	Left         time.Duration `json:"left"`   // until the last epoch, expected
	Best         bool          `json:"best"`   // the best so far, by validation loss
}

// History is the epochs of a training, first to last.
type History []Epoch

// Best is the epoch with the lowest validation loss, the training loss where nothing was validated; nil where there is none.
func (h History) Best() *Epoch {
	for i := len(h) - 1; i >= 0; i-- {
		if h[i].Best {
			return &h[i]
		}
	}
	return nil
}

// Highest is the first epoch with the highest validation accuracy, whatever its loss; nil where there is none.
func (h History) Highest() *Epoch {
	var highest *Epoch
	for i := range h {
		if v := h[i].ValAccuracy; !math.IsNaN(v) && (highest == nil || v > highest.ValAccuracy) {
			highest = &h[i]
		}
	}
	return highest
}

// A Curve is one quantity over the epochs, on one split.
type Curve struct {
	Quantity string // loss, accuracy
	Split    string // train, validation
	Values   []float64
}

// Curves are the learning curves.
func (h History) Curves() []Curve {
	list := []Curve{{Quantity: "loss", Split: "train"}, {Quantity: "loss", Split: "validation"},
		{Quantity: "accuracy", Split: "train"}, {Quantity: "accuracy", Split: "validation"}}
	for i := range list {
		list[i].Values = make([]float64, len(h))
	}
	for n, e := range h {
		for i, v := range []float64{e.Loss, e.ValLoss, e.Accuracy, e.ValAccuracy} {
			list[i].Values[n] = v
		}
	}
	return list
}

// Status is how a training ended, or that it has not.
type Status string

// The states of a training.
const (
	Running     Status = "running"
	Finished    Status = "finished"
	Stopped     Status = "stopped"    // interrupted; the best model is kept
	EarlyStop   Status = "early-stop" // the validation loss got no better
	NaN         Status = "nan"        // the loss was not a number; the best model is kept
	Failed      Status = "failed"
	Interrupted Status = "interrupted" // its process is gone; it can be resumed
)

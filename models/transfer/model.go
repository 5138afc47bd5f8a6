// Package transfer trains a small head on top of a pretrained backbone.
//
// Fit computes the backbone's features of every picture once (they are cached by content), trains the head on them and
// returns a Model, which predicts, is evaluated, explained, saved and verified. Nothing here knows of notebooks: progress
// is told as events to a callback.
package transfer

import (
	"context"
	"errors"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/metric"
)

// ErrStopped marks a training that an interrupt ended. Fit returns it together with the best model so far, if there is one.
var ErrStopped = errors.New("training stopped")

// ErrNaN marks a training that ended because its loss was no longer a number.
var ErrNaN = errors.New("the loss is not a number")

var errNotYet = errors.New("not built yet")

// A Model is a backbone with a trained head. Its methods may be called from several goroutines.
type Model struct {
	Name       string
	Classes    []string // label order of the probabilities
	Task       Task
	Backbone   Backbone
	Head       head.Spec
	History    History
	Status     Status
	Provenance Provenance
	Trained    string // stage from which on the backbone was fine-tuned; empty: frozen
}

// Fit trains as config says and tells events what happens; events may be nil.
//
// When ctx is cancelled the batch that runs is finished and the best model so far is returned with ErrStopped. The
// model is nil where no step was made. With config.Home set, every finished epoch is on disk and Resume goes on from it.
func Fit(ctx context.Context, device *accel.Device, config Config, events func(Event)) (*Model, error) {
	return nil, errNotYet
}

// Resume goes on with the run of config.Name in config.Home behind its last finished epoch, to the same numbers as if it had never been
// interrupted. Dataset and Backbone must be those of the run, which is checked; the rest of config is read from the run.
func Resume(ctx context.Context, device *accel.Device, config Config, events func(Event)) (*Model, error) {
	return nil, errNotYet
}

// A Prediction is what the model says of one picture.
type Prediction struct {
	Path  string    `json:"path,omitempty"`
	Top   []Score   `json:"top,omitempty"`   // most probable first
	Value []float32 `json:"value,omitempty"` // of Regression
	Error string    `json:"error,omitempty"` // why there is none: the file does not exist, is no picture ...
}

// A Score is the probability of one class.
type Score struct {
	Class       string  `json:"class"`
	Index       int     `json:"index"`
	Probability float32 `json:"probability"`
}

// Predict reads picture files and returns the k most probable classes of each; k <= 0 means all. A file that cannot be
// read gets a Prediction with its Error.
func (m *Model) Predict(ctx context.Context, files []string, k int) ([]Prediction, error) {
	return nil, errNotYet
}

// PredictPixels returns the probabilities [n, classes] (for Regression the values) of n pictures of the backbone's size,
// as [n, size, size, 3] RGB bytes.
func (m *Model) PredictPixels(ctx context.Context, pixels []uint8, n int) ([]float32, error) {
	return nil, errNotYet
}

// Evaluate compares the predictions on one split ("train", "val", "test", or "" for all pictures) with the labels.
func (m *Model) Evaluate(ctx context.Context, data *imagefolder.Dataset, split string) (*metric.Report, error) {
	return nil, errNotYet
}

// A HeatMap is where a picture speaks for a class.
type HeatMap struct {
	Class       string    `json:"class"`
	Probability float32   `json:"probability"`
	Height      int       `json:"height"`
	Width       int       `json:"width"`
	Values      []float32 `json:"values"` // [height, width], 0 to 1
}

// Explain computes the Grad-CAM heat map of a picture file for a class (arXiv:1610.02391); an empty class means the most
// probable one.
func (m *Model) Explain(ctx context.Context, file, class string) (*HeatMap, error) {
	return nil, errNotYet
}

// Close frees what the model holds on the device.
func (m *Model) Close() error { return nil }

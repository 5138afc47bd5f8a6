package runstatus

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// A Card is a run as programs read it: the notebook extension's card and runs panel, the list of the runs as JSON, and
// the value last.run of Go cells. It is made from a run's record, here and nowhere else.
type Card struct {
	ID          string `json:"id"`
	Title       string `json:"title,omitempty"`
	State       State  `json:"state"`
	Status      string `json:"status"` // the state in more detail: a progress.Status
	Dataset     string `json:"dataset,omitempty"`
	Model       string `json:"model,omitempty"`
	Backend     string `json:"backend,omitempty"` // "xla:cpu"
	Images      int    `json:"images,omitempty"`  // trained on and validated with; test images are not among them
	TrainImages int    `json:"train_images,omitempty"`
	ValImages   int    `json:"val_images,omitempty"`
	Epoch       int    `json:"epoch"`               // completed epochs
	Epochs      int    `json:"epochs"`              // planned epochs
	Best        int    `json:"best,omitempty"`      // the epoch whose weights are kept, counted from 1: the best by SelectedBy, or the last
	KeptLast    bool   `json:"kept_last,omitempty"` // whether Best is the last epoch, whatever its loss
	// SelectedBy is what Best is chosen by where it is not KeptLast: loss, the lowest validation loss, or accuracy, the highest.
	SelectedBy recipe.Criterion `json:"selected_by,omitempty"`
	Rate       float64          `json:"rate,omitempty"` // images per second through the backbone; left out where the epochs read cached features
	// StepsPerSecond are those of the head where the epochs read cached features, and no image is computed.
	StepsPerSecond float64   `json:"steps_per_second,omitempty"`
	LeftMS         int64     `json:"left_ms,omitempty"`
	Started        time.Time `json:"started,omitzero"`
	Seconds        float64   `json:"seconds,omitempty"` // from the start to the end, once it has ended
	// Metrics are those of the epoch Best; values that are not finite are left out. A regression has r2 and val_r2 in place of accuracies.
	Metrics map[string]float64 `json:"metrics,omitempty"`
	// ValAccuracy is that of the epoch Best; nil before it, and of a regression.
	ValAccuracy         *float64         `json:"val_accuracy,omitempty"`
	ValAccuracyInterval *metric.Interval `json:"val_accuracy_interval,omitempty"` // of 95 %, by Wilson's formula; nil where ValAccuracy is not one of images
	// Choice is what the method auto has chosen, with its cross-validated scores, and ChoiceSummary the same for people.
	Choice        *selection.Score `json:"choice,omitempty"`
	ChoiceSummary string           `json:"choice_summary,omitempty"`
	Compared      []Series         `json:"compared,omitempty"` // held-out accuracies over C
	// HighestValAccuracy is that of the epoch where it is highest, whatever the loss; nil before the first epoch.
	HighestValAccuracy *float64 `json:"highest_val_accuracy,omitempty"`
	HighestValEpoch    int      `json:"highest_val_accuracy_epoch,omitempty"`
	Series             []Series `json:"series,omitempty"`
	Notes              []string `json:"notes,omitempty"` // what a reader of the curves must know; whoever shows the card writes them
	Facts              []Fact   `json:"facts,omitempty"` // the rest of the run's provenance
	Cell               string   `json:"cell,omitempty"`  // the text of the cell that started it
	Error              string   `json:"error,omitempty"`
}

// State is a progress.Status as readers tell runs apart.
type State string

// The states of a Card.
const (
	StateRunning State = "running"
	StateDone    State = "done"
	StateStopped State = "stopped" // by an interrupt or by early stopping
	StateFailed  State = "failed"
)

// Fact is one line of a run's provenance, such as {"seed", "42"}.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Series is one curve; Values[i] belongs to epoch i+1, or to At[i] where there is an At, and null is one without a value.
type Series struct {
	Panel  string     `json:"panel"`
	Name   string     `json:"name"`
	At     []float64  `json:"at,omitempty"` // ascending; the C of each of Card.Compared
	Values []*float64 `json:"values"`
}

// StateOf is the state of a status.
func StateOf(s progress.Status) State {
	switch s {
	case progress.Running:
		return StateRunning
	case progress.Finished:
		return StateDone
	case progress.Stopped, progress.EarlyStop:
		return StateStopped
	}
	return StateFailed
}

// AccuracyImages is how many images ValAccuracy is a fraction of, which its interval follows from; 0 where it is one of labels.
func (c Card) AccuracyImages() int {
	if c.ValAccuracyInterval == nil {
		return 0
	}
	return c.ValImages
}

// quantity is what the accuracies of the epochs are.
func (s Stand) quantity() string { return s.Recipe.Task.Quantity() }

// Card describes a run for programs.
func (s Stand) Card() Card {
	c := Card{
		ID: s.Name, Title: s.Name, State: StateOf(s.Status), Status: string(s.Status), Dataset: s.Dataset, Model: s.Model, Backend: s.Device,
		Images: s.TrainImages + s.ValImages, TrainImages: s.TrainImages, ValImages: s.ValImages,
		Epoch: len(s.History), Epochs: s.Epochs, Started: s.Started, Metrics: map[string]float64{}, Facts: s.facts(), Cell: s.Cell, Error: s.Error,
	}
	if n := len(s.History); n > 0 && s.Status == progress.Running {
		c.LeftMS = s.History[n-1].Left.Milliseconds()
	}
	c.Rate, c.StepsPerSecond = finite(s.ImagesPerSecond()), finite(s.StepsPerSecond())
	if best := s.Kept(); best != nil {
		c.Best, c.KeptLast = best.Epoch, s.Recipe.KeepLast && s.Status != progress.NaN
		if !c.KeptLast {
			c.SelectedBy = s.Recipe.SelectBy
		}
		quantity := s.quantity()
		metrics := map[string]float64{"loss": best.Loss, strings.ToLower(quantity): best.Accuracy}
		if best.Validated() {
			metrics["val_loss"], metrics["val_"+strings.ToLower(quantity)] = best.ValLoss, best.ValAccuracy
		}
		for name, value := range metrics {
			if !math.IsNaN(value) && !math.IsInf(value, 0) {
				c.Metrics[name] = value
			}
		}
	}
	if v, ok := c.Metrics["val_accuracy"]; ok && s.ValImages > 0 {
		c.ValAccuracy = &v
		if s.Recipe.Task == recipe.Single {
			interval := metric.Wilson(v, s.ValImages)
			c.ValAccuracyInterval = &interval
		}
	}
	if r := s.Selection; r != nil && s.Recipe.Method == recipe.MethodAuto { // a fine-tuning only begins with it
		choice := r.Choice()
		c.Choice, c.ChoiceSummary = &choice, r.Summary()
		for _, curve := range r.Curves() {
			c.Compared = append(c.Compared, Series{Panel: "held-out accuracy", Name: curve.Name, At: curve.C, Values: nullable(curve.Accuracies)})
		}
	}
	if highest := s.History.Highest(); highest != nil && c.ValAccuracy != nil {
		v := highest.ValAccuracy
		c.HighestValAccuracy, c.HighestValEpoch = &v, highest.Epoch
	}
	for _, curve := range s.History.CurvesOf(s.quantity()) {
		c.Series = append(c.Series, Series{Panel: curve.Quantity, Name: curve.Split, Values: nullable(curve.Values)})
	}
	if s.Status != progress.Running {
		c.Seconds = s.Updated.Sub(s.Started).Seconds()
	}
	return c
}

// ImagesPerSecond is how many images go through the backbone: in the pass that computes the features while it lasts, in the
// epochs where those compute it again. It is 0 where the epochs read cached features: their steps say nothing of images.
func (s Stand) ImagesPerSecond() float64 {
	switch n := len(s.History); {
	case s.Features != nil && !s.Features.Done:
		return s.Features.Rate
	case n > 0 && !s.Recipe.ComputedOnce():
		return s.History[n-1].Rate
	}
	return 0
}

// StepsPerSecond is how many steps the head trains in a second, in the last epoch. It is 0 where the epochs compute images: those
// are what takes the time then.
func (s Stand) StepsPerSecond() float64 {
	n := len(s.History)
	if n == 0 || s.Recipe.BatchSize <= 0 || s.Recipe.Method == recipe.MethodAuto || !s.Recipe.ComputedOnce() {
		return 0
	}
	return s.History[n-1].Rate / float64(s.Recipe.BatchSize)
}

func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

// facts are where a run's numbers come from, as far as the card has no line of its own for it.
func (s Stand) facts() []Fact {
	id := s.Backbone
	a := id.Architecture
	list := []Fact{
		{Name: "backbone", Value: fmt.Sprintf("%s, %s, %s, %s", id.Name(), id.Cut(), a.Pool, a.Preprocess)},
		{Name: "weights", Value: s.Backbone.Weights.String()},
		{Name: "weights sha256", Value: s.Backbone.Weights.SHA256},
		{Name: "dataset sha256", Value: s.Digest},
		{Name: "seed", Value: strconv.FormatInt(s.Recipe.Seed, 10)},
		{Name: "flags", Value: strings.Join(s.Flags, " ")},
	}
	for _, name := range slices.Sorted(maps.Keys(s.Versions)) {
		list = append(list, Fact{Name: name, Value: s.Versions[name]})
	}
	return slices.DeleteFunc(list, func(f Fact) bool { return f.Value == "" })
}

// nullable turns what JSON has no number for into null.
func nullable(values []float64) []*float64 {
	result := make([]*float64, len(values))
	for i := range values {
		if !math.IsNaN(values[i]) && !math.IsInf(values[i], 0) {
			result[i] = &values[i]
		}
	}
	return result
}

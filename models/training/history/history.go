// Package history is the epochs of a training.
package history

import (
	"encoding/csv"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/internal/atomicfile"
)

// An Epoch is one pass over the training images and what came of it. Accuracies are fractions; for the task regression
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
	Best         bool          `json:"best"`   // the best so far, by the recipe's criterion
}

// Validated tells whether validation images judged the epoch. Without any, their loss and accuracy are 0, which no images can have at
// once.
func (e Epoch) Validated() bool { return e.ValLoss != 0 || e.ValAccuracy != 0 }

// History is the epochs of a training, first to last.
type History []Epoch

// Validated tells whether validation images judged some epoch.
func (h History) Validated() bool { return slices.ContainsFunc(h, Epoch.Validated) }

// Best is the best epoch by the recipe's criterion: that with the lowest validation loss, unless the recipe says otherwise. It is nil
// where there is none.
func (h History) Best() *Epoch {
	for i := len(h) - 1; i >= 0; i-- {
		if h[i].Best {
			return &h[i]
		}
	}
	return nil
}

// Highest is the first epoch with the highest validation accuracy, whatever its loss; nil without epochs or without validation.
func (h History) Highest() *Epoch {
	var highest *Epoch
	for i := range h {
		if v := h[i].ValAccuracy; h[i].Validated() && !math.IsNaN(v) && (highest == nil || v > highest.ValAccuracy) {
			highest = &h[i]
		}
	}
	return highest
}

// A Curve is one quantity over the epochs, on one split.
type Curve struct {
	Quantity string // loss, Accuracy
	Split    string // train, validation
	Values   []float64
}

// Accuracy is the quantity of the accuracies, but of a regression's.
const Accuracy = "accuracy"

// Curves are the learning curves. Those of the validation are left out where the epochs had none.
func (h History) Curves() []Curve { return h.CurvesOf(Accuracy) }

// CurvesOf is Curves, with a name for the quantity that the accuracies are.
func (h History) CurvesOf(accuracy string) []Curve {
	var list []Curve
	for _, c := range []struct {
		quantity, split string
		of              func(Epoch) float64
	}{
		{"loss", "train", func(e Epoch) float64 { return e.Loss }}, {"loss", "validation", func(e Epoch) float64 { return e.ValLoss }},
		{accuracy, "train", func(e Epoch) float64 { return e.Accuracy }}, {accuracy, "validation", func(e Epoch) float64 { return e.ValAccuracy }},
	} {
		if c.split == "validation" && len(h) > 0 && !h.Validated() {
			continue
		}
		curve := Curve{Quantity: c.quantity, Split: c.split, Values: make([]float64, len(h))}
		for n, e := range h {
			curve.Values[n] = c.of(e)
		}
		list = append(list, curve)
	}
	return list
}

// WriteCSV writes the history to a file as a table. The cells of the validation are empty where there was none.
func (h History) WriteCSV(path string) error {
	return atomicfile.WriteResult(path, func(w io.Writer) error {
		out := csv.NewWriter(w)
		rows := [][]string{{"epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds"}}
		for _, e := range h {
			row := []string{strconv.Itoa(e.Epoch)}
			for i, v := range []float64{e.Loss, e.Accuracy, e.ValLoss, e.ValAccuracy, e.LearningRate, e.Seconds} {
				if strings.HasPrefix(rows[0][1+i], "val_") && !e.Validated() {
					row = append(row, "")
					continue
				}
				row = append(row, strconv.FormatFloat(v, 'g', -1, 64))
			}
			rows = append(rows, row)
		}
		return out.WriteAll(rows)
	})
}

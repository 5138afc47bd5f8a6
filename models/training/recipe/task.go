package recipe

import (
	"math"
	"slices"

	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/training/history"
)

// Task is what the head learns.
type Task string

// The tasks. Single is one class of several; Multi is any number of classes at once; Regression is real numbers.
const (
	Single     Task = "single"
	Multi      Task = "multi"
	Regression Task = "regression"
)

// Tasks lists the tasks.
func Tasks() []Task { return []Task{Single, Multi, Regression} }

// Quantity is what the accuracies of epochs are: accuracy, or R2.
func (t Task) Quantity() string {
	if t == Regression {
		return "R2"
	}
	return history.Accuracy
}

// Report compares the outputs of Multi or Regression, [items, classes], with the targets of items.
func (t Task) Report(classes []string, outputs []float32, targets [][]float32, items []int) (*metric.Report, error) {
	var rows []float32
	for _, item := range items {
		rows = append(rows, targets[item]...)
	}
	if t == Multi {
		return metric.Label(classes, outputs, rows)
	}
	return metric.Regress(classes, outputs, rows)
}

// Interpret turns logits [rows, outputs] into what the task means by its outputs, in place: probabilities, or values.
func (t Task) Interpret(logits []float32, outputs int) {
	switch t {
	case Multi:
		for i, x := range logits {
			logits[i] = float32(1 / (1 + math.Exp(-float64(x))))
		}
	case Single:
		for at := 0; at < len(logits); at += outputs {
			softmax(logits[at : at+outputs])
		}
	}
}

func softmax(row []float32) {
	largest := float64(slices.Max(row))
	sum := 0.0
	for _, x := range row {
		sum += math.Exp(float64(x) - largest)
	}
	for i, x := range row {
		row[i] = float32(math.Exp(float64(x)-largest) / sum)
	}
}

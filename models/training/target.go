package training

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/metric"
)

func (j Job) checkTargets() error {
	task := j.Recipe.Task
	if task == Single {
		if len(j.Dataset.Classes) < 2 {
			return fmt.Errorf("train on %s: a classifier needs at least two classes", imagefolder.Printable(j.Dataset.Name))
		}
		return nil
	}
	if len(j.Targets) != len(j.Dataset.Items) || len(j.Targets[0]) == 0 {
		return fmt.Errorf("train for the task %s: %d rows of targets for %d images; each image needs one", task, len(j.Targets), len(j.Dataset.Items))
	}
	for i, row := range j.Targets {
		if len(row) != len(j.Targets[0]) {
			return fmt.Errorf("train for the task %s: image %d has %d targets, and the first has %d", task, i, len(row), len(j.Targets[0]))
		}
		for _, v := range row {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) || (task == Multi && v != 0 && v != 1) {
				return fmt.Errorf("train for the task %s: image %d has the target %g", task, i, v)
			}
		}
	}
	if task == Multi && len(j.Targets[0]) != len(j.Dataset.Classes) {
		return fmt.Errorf("train for the task multi: %d targets an image and %d classes", len(j.Targets[0]), len(j.Dataset.Classes))
	}
	return nil
}

// outputs is how many numbers the head gives.
func (j Job) outputs() int {
	if j.Recipe.Task == Regression {
		return len(j.Targets[0])
	}
	return len(j.Dataset.Classes)
}

// classes names the outputs.
func (j Job) classes() []string {
	if j.Recipe.Task != Regression {
		return slices.Clone(j.Dataset.Classes)
	}
	names := make([]string, j.outputs())
	for i := range names {
		names[i] = "value " + strconv.Itoa(i+1)
	}
	return names
}

// target appends an item's row of targets.
func (j Job) target(to []float32, item int) []float32 {
	if j.Recipe.Task != Single {
		return append(to, j.Targets[item]...)
	}
	start := len(to)
	to = append(to, make([]float32, len(j.Dataset.Classes))...)
	to[start+j.Dataset.Items[item].Label] = 1
	return to
}

// report compares outputs with the targets of items.
func (j Job) report(outputs []float32, items []int) (*metric.Report, error) {
	if j.Recipe.Task != Single {
		return j.Recipe.Task.Report(j.classes(), outputs, j.Targets, items)
	}
	labels, paths := make([]int, len(items)), make([]string, len(items))
	for i, item := range items {
		labels[i], paths[i] = j.Dataset.Items[item].Label, j.Dataset.Items[item].Path
	}
	return metric.Classify(j.classes(), outputs, labels, paths)
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

// variance is that of the targets around each output's mean, for R2.
type variance float64

func newVariance(j Job, items []int) variance {
	if j.Recipe.Task != Regression || len(items) == 0 {
		return 0
	}
	total := 0.0
	for output := range j.outputs() {
		mean := 0.0
		for _, item := range items {
			mean += float64(j.Targets[item][output]) / float64(len(items))
		}
		for _, item := range items {
			d := float64(j.Targets[item][output]) - mean
			total += d * d
		}
	}
	return variance(total / float64(len(items)*j.outputs()))
}

// r2 is the coefficient of determination of a mean squared error.
func (v variance) r2(loss float64) float64 {
	if v == 0 {
		return 0
	}
	return 1 - loss/float64(v)
}

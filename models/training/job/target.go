package job

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

func (j Job) checkTargets() error {
	task := j.Recipe.Task
	if task == recipe.Single {
		if len(j.Dataset.Classes) < 2 {
			return fmt.Errorf("train on %s: a classifier needs at least two classes", imagefolder.Printable(j.Dataset.Name))
		}
		return nil
	}
	if len(j.Targets) == 0 {
		return fmt.Errorf("train for the task %s: 0 rows of targets for %d images: a folder or list gives one class for each image, and only a Go program gives "+
			"targets, by training.Job", task, len(j.Dataset.Items))
	}
	if len(j.Targets) != len(j.Dataset.Items) || len(j.Targets[0]) == 0 {
		return fmt.Errorf("train for the task %s: %d rows of targets for %d images; each image needs one", task, len(j.Targets), len(j.Dataset.Items))
	}
	for i, row := range j.Targets {
		if len(row) != len(j.Targets[0]) {
			return fmt.Errorf("train for the task %s: image %d has %d targets, and the first has %d", task, i, len(row), len(j.Targets[0]))
		}
		for _, v := range row {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) || (task == recipe.Multi && v != 0 && v != 1) {
				return fmt.Errorf("train for the task %s: image %d has the target %g", task, i, v)
			}
		}
	}
	if task == recipe.Multi && len(j.Targets[0]) != len(j.Dataset.Classes) {
		return fmt.Errorf("train for the task multi: %d targets an image and %d classes", len(j.Targets[0]), len(j.Dataset.Classes))
	}
	return nil
}

// Outputs is how many numbers the head gives.
func (j Job) Outputs() int {
	if j.Recipe.Task == recipe.Regression {
		return len(j.Targets[0])
	}
	return len(j.Dataset.Classes)
}

// OutputNames names the outputs.
func (j Job) OutputNames() []string {
	if j.Recipe.Task != recipe.Regression {
		return slices.Clone(j.Dataset.Classes)
	}
	names := make([]string, j.Outputs())
	for i := range names {
		names[i] = "value " + strconv.Itoa(i+1)
	}
	return names
}

// Target appends an item's row of targets.
func (j Job) Target(to []float32, item int) []float32 {
	if j.Recipe.Task != recipe.Single {
		return append(to, j.Targets[item]...)
	}
	start := len(to)
	to = append(to, make([]float32, len(j.Dataset.Classes))...)
	to[start+j.Dataset.Items[item].Label] = 1
	return to
}

// Report compares outputs with the targets of items.
func (j Job) Report(outputs []float32, items []int) (*metric.Report, error) {
	if j.Recipe.Task != recipe.Single {
		return j.Recipe.Task.Report(j.OutputNames(), outputs, j.Targets, items)
	}
	labels, paths := make([]int, len(items)), make([]string, len(items))
	for i, item := range items {
		labels[i], paths[i] = j.Dataset.Items[item].Label, j.Dataset.Items[item].Path
	}
	return metric.Classify(j.OutputNames(), outputs, labels, paths)
}

// Variance is that of the targets around each output's mean, for R2.
type Variance float64

// Variance is that of the targets of items for the task regression, else 0.
func (j Job) Variance(items []int) Variance {
	if j.Recipe.Task != recipe.Regression || len(items) == 0 {
		return 0
	}
	total := 0.0
	for output := range j.Outputs() {
		mean := metric.Mean(len(items), func(i int) float64 { return float64(j.Targets[items[i]][output]) })
		for _, item := range items {
			d := float64(j.Targets[item][output]) - mean
			total += d * d
		}
	}
	return Variance(total / float64(len(items)*j.Outputs()))
}

// R2 is the coefficient of determination of a mean squared error.
func (v Variance) R2(loss float64) float64 {
	if v == 0 {
		return 0
	}
	return 1 - loss/float64(v)
}

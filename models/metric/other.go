package metric

import (
	"fmt"
	"math"
	"slices"
)

// threshold is the probability from which on a label counts as predicted.
const threshold = 0.5

// Label reports on probabilities [images, classes] of images with any number of labels; targets are 0 or 1. Accuracy is
// the fraction of correct labels, the confusion matrix and what follows from it are left empty.
func Label(classes []string, probabilities, targets []float32) (*Report, error) {
	k := len(classes)
	if k == 0 || len(probabilities) != len(targets) || len(targets)%k != 0 {
		return nil, fmt.Errorf("evaluate: %d probabilities and %d targets of %d classes", len(probabilities), len(targets), k)
	}
	report := &Report{Images: len(targets) / k, Classes: classes}
	right, predicted, support := make([]int, k), make([]int, k), make([]int, k)
	for i, p := range probabilities {
		class, is, says := i%k, targets[i] > threshold, p > threshold
		if is {
			support[class]++
			report.Loss -= math.Log(max(float64(p), smallest))
		} else {
			report.Loss -= math.Log(max(1-float64(p), smallest))
		}
		if says {
			predicted[class]++
		}
		if is && says {
			right[class]++
		}
		if is == says {
			report.Accuracy++
		}
	}
	if len(targets) > 0 {
		report.Loss /= float64(len(targets))
		report.Accuracy /= float64(len(targets))
	}
	for c, class := range classes {
		report.PerClass = append(report.PerClass, score(class, right[c], predicted[c], support[c]))
	}
	report.average(slices.Repeat([]bool{true}, k)) // as scikit-learn, which knows all columns of an indicator matrix
	return report, nil
}

// Regress reports on predicted values [images, outputs].
func Regress(outputs []string, predicted, targets []float32) (*Report, error) {
	k := len(outputs)
	if k == 0 || len(predicted) != len(targets) || len(targets)%k != 0 {
		return nil, fmt.Errorf("evaluate: %d values and %d targets of %d outputs", len(predicted), len(targets), k)
	}
	n := len(targets) / k
	report := &Report{Images: n, Classes: outputs, Values: &Values{}}
	if n == 0 {
		return report, nil
	}
	for output := range k {
		var squares, spread float64
		mean := Mean(n, func(i int) float64 { return float64(targets[output+i*k]) })
		for i := output; i < len(targets); i += k {
			d := float64(predicted[i]) - float64(targets[i])
			squares += d * d
			spread += (float64(targets[i]) - mean) * (float64(targets[i]) - mean)
			report.Values.MAE += math.Abs(d) / float64(n*k)
		}
		report.Loss += squares / float64(n*k)
		report.Values.R2 += determination(squares, spread) / float64(k)
	}
	report.Values.RMSE = math.Sqrt(report.Loss)
	return report, nil
}

// Mean is that of n values, at least one. It is their value to the last bit where all are the same, so that their variance is 0.
func Mean(n int, value func(i int) float64) float64 {
	first, mean := value(0), 0.0
	for i := range n {
		mean += (value(i) - first) / float64(n)
	}
	return first + mean
}

// determination is R2 with scikit-learn's choices where all targets are the same.
func determination(squares, spread float64) float64 {
	switch {
	case spread > 0:
		return 1 - squares/spread
	case squares == 0:
		return 1
	}
	return 0
}

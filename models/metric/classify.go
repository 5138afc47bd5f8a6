package metric

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// How much of the lists a report shows, and how fine its calibration is.
const (
	maxConfused = 10
	maxWorst    = 12
	maxLosses   = 24
	bins        = 10
	topK        = 3
)

// smallest is what a probability counts as at least, so that one certain mistake does not make the loss infinite.
const smallest = 0x1p-52

// Classify reports on probabilities [images, classes] of images with one label each. paths may be nil.
func Classify(classes []string, probabilities []float32, labels []int, paths []string) (*Report, error) {
	k, n := len(classes), len(labels)
	if k == 0 || len(probabilities) != n*k {
		return nil, fmt.Errorf("evaluate: %d probabilities for %d images of %d classes", len(probabilities), n, k)
	}
	report := &Report{Images: n, Classes: classes, Confusion: square(k)}
	calibration := newCalibrator()
	inTop := 0 // images whose label is among the topK
	for i, label := range labels {
		if label < 0 || label >= k {
			return nil, fmt.Errorf("evaluate: image %d has the label %d of %d classes", i, label, k)
		}
		row := probabilities[i*k : (i+1)*k]
		predicted := Argmax(row)
		report.Confusion[label][predicted]++
		judged := Judgment{Index: i, Path: at(paths, i), Label: label, Predicted: predicted, Probability: float64(row[predicted]), OfLabel: float64(row[label])}
		report.Judgments = append(report.Judgments, judged)
		report.Loss += judged.Loss()
		if predicted == label {
			report.Accuracy++
		} else {
			report.Worst = append(report.Worst, judged.mistake(classes))
		}
		if rank(row, label) < topK {
			inTop++
		}
		calibration.add(float64(row[predicted]), predicted == label)
	}
	if n > 0 {
		report.Loss /= float64(n)
		report.Accuracy /= float64(n)
	}
	if k > topK && n > 0 {
		fraction := float64(inTop) / float64(n)
		report.Top3 = &fraction
	}
	interval := Wilson(report.Accuracy, n)
	report.AccuracyInterval = &interval
	report.Calibration = calibration.result()
	report.scoreConfusion()
	report.TopLosses = topLosses(classes, report.Judgments)
	report.Ranking = rankAll(classes, probabilities, labels)
	report.Thresholds = thresholds(classes, probabilities, labels)
	slices.SortStableFunc(report.Worst, func(a, b Mistake) int { return cmp.Compare(b.Probability, a.Probability) })
	report.Worst = report.Worst[:min(maxWorst, len(report.Worst))]
	return report, nil
}

// topLosses are the images with the highest loss, the highest first.
func topLosses(classes []string, judged []Judgment) []Mistake {
	order := slices.Clone(judged)
	slices.SortStableFunc(order, func(a, b Judgment) int { return cmp.Compare(a.OfLabel, b.OfLabel) })
	list := []Mistake{}
	for _, j := range order[:min(maxLosses, len(order))] {
		list = append(list, j.mistake(classes))
	}
	return list
}

// scoreConfusion fills what follows from the confusion matrix.
func (r *Report) scoreConfusion() {
	present := make([]bool, len(r.Classes)) // labeled or predicted
	for c, class := range r.Classes {
		right := r.Confusion[c][c]
		support, predicted := 0, 0
		for other := range r.Classes {
			support += r.Confusion[c][other]
			predicted += r.Confusion[other][c]
		}
		r.PerClass = append(r.PerClass, score(class, right, predicted, support))
		present[c] = support+predicted > 0
	}
	r.average(present)
	for label, row := range r.Confusion {
		for predicted, count := range row {
			if label != predicted && count > 0 {
				r.Confused = append(r.Confused, Confused{r.Classes[label], r.Classes[predicted], count})
			}
		}
	}
	slices.SortStableFunc(r.Confused, func(a, b Confused) int { return cmp.Compare(b.Images, a.Images) })
	r.Confused = r.Confused[:min(maxConfused, len(r.Confused))]
}

// score is a class's precision, recall and F1; a fraction of nothing is 0, as scikit-learn's zero_division=0.
func score(class string, right, predicted, support int) ClassScore {
	return ClassScore{
		Class: class, Precision: fraction(right, predicted), Recall: fraction(right, support),
		F1: fraction(2*right, predicted+support), Support: support,
	}
}

func fraction(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// average fills the means from PerClass, over the classes that are present.
func (r *Report) average(present []bool) {
	r.Macro, r.Weighted = ClassScore{Class: "macro"}, ClassScore{Class: "weighted"}
	total, classes := 0, 0
	for c, s := range r.PerClass {
		total += s.Support
		if present[c] {
			classes++
		}
	}
	add := func(to *ClassScore, s ClassScore, weight float64) {
		to.Precision += weight * s.Precision
		to.Recall += weight * s.Recall
		to.F1 += weight * s.F1
		to.Support += s.Support
	}
	for _, s := range r.PerClass { // a class that is absent adds 0
		add(&r.Macro, s, fraction(1, classes))
		add(&r.Weighted, s, fraction(s.Support, total))
	}
}

// calibrator sorts predictions into bins of confidence.
type calibrator struct{ bins []Bin }

func newCalibrator() *calibrator {
	c := &calibrator{bins: make([]Bin, bins)}
	for i := range c.bins {
		c.bins[i].Low, c.bins[i].High = float64(i)/bins, float64(i+1)/bins
	}
	return c
}

func (c *calibrator) add(confidence float64, right bool) {
	i := 0
	for i < bins-1 && confidence > c.bins[i].High {
		i++
	}
	c.bins[i].Images++
	c.bins[i].Confidence += confidence
	if right {
		c.bins[i].Accuracy++
	}
}

func (c *calibrator) result() Calibration {
	total := 0
	for _, b := range c.bins {
		total += b.Images
	}
	result := Calibration{Bins: c.bins}
	for i := range c.bins {
		b := &c.bins[i]
		if b.Images == 0 {
			continue
		}
		b.Confidence /= float64(b.Images)
		b.Accuracy /= float64(b.Images)
		result.ECE += fraction(b.Images, total) * math.Abs(b.Confidence-b.Accuracy)
	}
	return result
}

// Argmax is the index of the largest number, the first of several.
func Argmax(row []float32) int {
	best := 0
	for i, v := range row {
		if v > row[best] {
			best = i
		}
	}
	return best
}

// rank is how many classes come before the label, the most probable first, and of several as probable the first, as Argmax takes it: of a
// model that is certain, many probabilities are 0.
func rank(row []float32, label int) int {
	n := 0
	for class, v := range row {
		if v > row[label] || v == row[label] && class < label {
			n++
		}
	}
	return n
}

func square(k int) [][]int {
	matrix := make([][]int, k)
	for i := range matrix {
		matrix[i] = make([]int, k)
	}
	return matrix
}

func at(paths []string, i int) string {
	if i < len(paths) {
		return paths[i]
	}
	return ""
}

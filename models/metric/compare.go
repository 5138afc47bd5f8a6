package metric

import (
	"errors"
	"fmt"
	"math"
)

// A Comparison says whether two classifiers differ on the same images.
type Comparison struct {
	Images     int `json:"images"`
	BothRight  int `json:"both_right"`
	OnlyFirst  int `json:"only_first"`  // images that the first has right and the second wrong
	OnlySecond int `json:"only_second"` // and the other way round
	BothWrong  int `json:"both_wrong"`

	Difference float64  `json:"difference"` // accuracy of the first minus that of the second
	Interval   Interval `json:"interval"`   // of the difference, 95 %
	P          float64  `json:"p"`          // of McNemar's exact test: that they are equally accurate
}

// ErrOtherImages says that two reports are not on the same images.
var ErrOtherImages = errors.New("the two are not evaluated on the same images")

// Compare compares two reports on the same images: McNemar's exact test (1947) on the images of which only one is right, and
// the interval of the paired difference by Newcombe's method 10 (1998).
func Compare(first, second *Report) (Comparison, error) {
	var c Comparison
	a, b := first.Judgments, second.Judgments
	if len(a) != len(b) {
		return c, fmt.Errorf("compare %d with %d images: %w", len(a), len(b), ErrOtherImages)
	}
	c.Images = len(a)
	for i := range a {
		if a[i].Path != b[i].Path || first.Classes[a[i].Label] != second.Classes[b[i].Label] {
			return c, fmt.Errorf("compare image %d: %w", i, ErrOtherImages)
		}
		switch right, other := a[i].Right(), b[i].Right(); {
		case right && other:
			c.BothRight++
		case right:
			c.OnlyFirst++
		case other:
			c.OnlySecond++
		default:
			c.BothWrong++
		}
	}
	c.Difference = fraction(c.OnlyFirst, c.Images) - fraction(c.OnlySecond, c.Images)
	c.P = mcNemar(c.OnlyFirst, c.OnlySecond)
	c.Interval = c.newcombe()
	return c, nil
}

// mcNemar is the two-sided exact test: how likely a fair coin falls at least as unevenly.
func mcNemar(a, b int) float64 {
	n := a + b
	if n == 0 {
		return 1
	}
	logChoose := func(k int) float64 {
		of := func(v int) float64 { l, _ := math.Lgamma(float64(v) + 1); return l }
		return of(n) - of(k) - of(n-k)
	}
	tail := 0.0
	for k := range min(a, b) + 1 {
		tail += math.Exp(logChoose(k) - float64(n)*math.Ln2)
	}
	return min(1, 2*tail)
}

// newcombe is the interval of the paired difference from the Wilson intervals of both accuracies and their correlation, with
// Newcombe's correction of the correlation for continuity.
func (c Comparison) newcombe() Interval {
	if c.Images == 0 {
		return Interval{-1, 1}
	}
	n := c.Images
	p1, p2 := fraction(c.BothRight+c.OnlyFirst, n), fraction(c.BothRight+c.OnlySecond, n)
	w1, w2 := Wilson(p1, n), Wilson(p2, n)
	e, f, g, h := float64(c.BothRight), float64(c.OnlyFirst), float64(c.OnlySecond), float64(c.BothWrong)
	phi := 0.0
	if product := (e + f) * (g + h) * (e + g) * (f + h); product > 0 {
		numerator := e*h - f*g
		if numerator > 0 {
			numerator = max(0, numerator-float64(n)/2)
		}
		phi = numerator / math.Sqrt(product)
	}
	side := func(a, b float64) float64 { return math.Sqrt(max(0, a*a-2*phi*a*b+b*b)) }
	return Interval{
		Low:  max(-1, c.Difference-side(p1-w1.Low, w2.High-p2)),
		High: min(1, c.Difference+side(w1.High-p1, p2-w2.Low)),
	}
}

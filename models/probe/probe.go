// Package probe fits linear classifiers to the features of a frozen network.
//
// Logistic regression has scikit-learn's convention: C times the weighted cross-entropy plus half the squared coefficients,
// the intercepts left out. Where there are fewer samples than features it is solved in the space that the samples span. The
// same samples give the same numbers, on every number of cores.
package probe

import (
	"context"
	"fmt"
	"math"

	"github.com/headstart-nb/headstart/models/matrix"
)

// Normalization is what is done to a row of features before the classifier.
type Normalization string

// The normalizations.
const (
	Raw      Normalization = "raw"
	L2       Normalization = "l2"       // each part of a row is divided by its length
	Standard Normalization = "standard" // each feature gets a mean of 0 and a variance of 1; part of the kernel afterwards
)

// Normalizations lists the normalizations.
func Normalizations() []Normalization { return []Normalization{Raw, L2, Standard} }

// Features are rows of numbers.
type Features struct {
	Rows, Cols int
	Data       []float32 // [Rows, Cols]
	Parts      []int     // the lengths of a row's parts, which L2 normalizes separately; nil: it is one
}

// Row is a row, not a copy of it.
func (f Features) Row(i int) []float32 { return f.Data[i*f.Cols : (i+1)*f.Cols] }

// Select copies some rows.
func (f Features) Select(rows []int) Features {
	s := Features{Rows: len(rows), Cols: f.Cols, Parts: f.Parts, Data: make([]float32, 0, len(rows)*f.Cols)}
	for _, i := range rows {
		s.Data = append(s.Data, f.Row(i)...)
	}
	return s
}

// Samples are features with labels.
type Samples struct {
	Features
	Labels  []int
	Classes int
	Weights []float64 // of each row in the loss; nil: 1
}

// Select copies some rows.
func (s Samples) Select(rows []int) Samples {
	part := Samples{Features: s.Features.Select(rows), Classes: s.Classes}
	for _, i := range rows {
		part.Labels = append(part.Labels, s.Labels[i])
		if s.Weights != nil {
			part.Weights = append(part.Weights, s.Weights[i])
		}
	}
	return part
}

// Validate refuses what no classifier can be fitted to.
func (s Samples) Validate() error {
	if s.Rows < 1 || s.Cols < 1 || len(s.Data) != s.Rows*s.Cols || len(s.Labels) != s.Rows || s.Classes < 2 {
		return fmt.Errorf("fit a probe: %d numbers and %d labels for %d rows of %d features and %d classes; there must be two classes and a label for each row",
			len(s.Data), len(s.Labels), s.Rows, s.Cols, s.Classes)
	}
	sum := 0
	for _, length := range s.Parts {
		sum += max(0, length)
	}
	if s.Parts != nil && sum != s.Cols {
		return fmt.Errorf("fit a probe: the parts %v of a row of %d features", s.Parts, s.Cols)
	}
	if s.Weights != nil && len(s.Weights) != s.Rows {
		return fmt.Errorf("fit a probe: %d weights for %d rows", len(s.Weights), s.Rows)
	}
	mass := 0.0
	for i, label := range s.Labels {
		if label < 0 || label >= s.Classes {
			return fmt.Errorf("fit a probe: row %d has the label %d of %d classes", i, label, s.Classes)
		}
		w := s.weight(i)
		if !(w >= 0 && w <= largestWeight) {
			return fmt.Errorf("fit a probe: row %d has the weight %g; it must be 0 to %g", i, w, largestWeight)
		}
		mass += w
	}
	if mass == 0 {
		return fmt.Errorf("fit a probe: all weights are 0")
	}
	for i, v := range s.Data {
		if v-v != 0 { // infinite or NaN
			return fmt.Errorf("fit a probe: row %d holds %v", i/s.Cols, v)
		}
	}
	return nil
}

// largestWeight leaves room for sums of weights in float32.
const largestWeight = 1e20

func (s Samples) weight(i int) float64 {
	if s.Weights == nil {
		return 1
	}
	return s.Weights[i]
}

// A Linear is a classifier with one layer: logits = x Kernel + Bias.
type Linear struct {
	Unit    bool      // each part of a row is divided by its length first
	Kernel  []float64 // [inputs, classes]
	Bias    []float64 // [classes]
	Classes int

	Converged bool // whether the solver came to its tolerance before its last iteration
}

// Logits are the outputs for rows, [rows, classes].
func (l *Linear) Logits(f Features) []float64 {
	weights := matrix.Transpose(&matrix.Dense{Rows: f.Cols, Cols: l.Classes, Data: l.Kernel})
	out := make([]float64, 0, f.Rows*l.Classes)
	x := make([]float64, f.Cols)
	for i := range f.Rows {
		widen(x, f.Row(i))
		if l.Unit {
			f.toUnit(x)
		}
		for k, b := range l.Bias {
			out = append(out, b+matrix.Dot(x, weights.Row(k)))
		}
	}
	return out
}

// Scale multiplies the logits, which changes the probabilities and no prediction.
func (l *Linear) Scale(factor float64) {
	for i := range l.Kernel {
		l.Kernel[i] *= factor
	}
	for k := range l.Bias {
		l.Bias[k] *= factor
	}
}

func widen(to []float64, from []float32) {
	for j, v := range from {
		to[j] = float64(v)
	}
}

// UnitEpsilon is the least length that a row is divided by, so that a row of zeros stays one.
const UnitEpsilon = 1e-12

func (f Features) toUnit(x []float64) {
	for _, length := range f.Parts {
		unit(x[:length])
		x = x[length:]
	}
	if f.Parts == nil {
		unit(x)
	}
}

func unit(x []float64) {
	length := max(math.Sqrt(matrix.Dot(x, x)), UnitEpsilon)
	for j := range x {
		x[j] /= length
	}
}

// Options say how Path works.
type Options struct {
	Normalization Normalization
	Tolerance     float64         // ToleranceFit or ToleranceSelect
	Workers       int             // cores that work on one C; at least 1
	Events        func(Iteration) // may be nil
}

// Path fits logistic regression for each C, ascending, each starting from the one before.
func Path(ctx context.Context, s Samples, cs []float64, o Options) ([]*Linear, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	p := prepare(s, o)
	at := p.origin()
	var list []*Linear
	for i, c := range cs {
		if !(c > 0) || math.IsInf(c, 0) || i > 0 && c < cs[i-1] {
			return nil, fmt.Errorf("fit a probe: C must be a positive number, in ascending order; got %g", c)
		}
		converged, err := p.minimize(ctx, o, at, c, maxIterations)
		if err != nil {
			return nil, err
		}
		linear := p.linear(at)
		linear.Converged = converged
		list = append(list, linear)
	}
	return list, nil
}

// Fit is Path for one C.
func Fit(ctx context.Context, s Samples, c float64, o Options) (*Linear, error) {
	list, err := Path(ctx, s, []float64{c}, o)
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// Normalized is a row as Raw or L2 leaves it; Standard takes all rows.
func (f Features) Normalized(i int, n Normalization) []float64 {
	x := make([]float64, f.Cols)
	widen(x, f.Row(i))
	if n == L2 {
		f.toUnit(x)
	}
	return x
}

package probe

import (
	"math"

	"github.com/headstart-nb/headstart/models/matrix"
)

// A problem is samples as the solver takes them, with the way back to the features.
type problem struct {
	*samples
	options  Options
	features Features
	mean     []float64     // of z's columns, which the solver took off
	shift    []float64     // of the features, taken off by the normalization; nil: 0
	scale    []float64     // of the features, divided by; nil: 1
	inputs   *matrix.Dense // the normalized features, transposed; nil where z has them itself
	factor   *matrix.Dense // L of inputsᵀ inputs = L Lᵀ, which is z before its mean was taken off
}

// jitter keeps the Gram matrix of samples that are equal, or nearly, positive definite; relative to its mean diagonal.
const jitter = 1e-10

func prepare(s Samples, o Options) *problem {
	p := &problem{options: o, features: s.Features}
	if o.Normalization == Standard {
		p.standardize()
	}
	cols, row := s.Cols, p.normalized
	if s.Rows <= s.Cols {
		// Fewer samples than features: the rows of L have the same products with each other as the rows of features.
		p.factorize()
		cols, row = s.Rows, func(i int, to []float64) { copy(to, p.factor.Row(i)) }
	}
	weights := make([]float64, s.Rows)
	for i := range weights {
		weights[i] = s.weight(i)
	}
	p.samples, p.mean = newSamples(o.Workers, s.Rows, cols, row, s.Labels, weights, s.Classes)
	return p
}

// normalized writes a row of the features as the classifier gets it.
func (p *problem) normalized(i int, to []float64) {
	widen(to, p.features.Row(i))
	if p.options.Normalization == L2 {
		p.features.toUnit(to)
	}
	for j := range p.scale {
		to[j] = (to[j] - p.shift[j]) / p.scale[j]
	}
}

func (p *problem) factorize() {
	x := matrix.New(p.features.Rows, p.features.Cols)
	for i := range x.Rows {
		p.normalized(i, x.Row(i))
	}
	gram := matrix.Gram(p.options.Workers, x)
	for extra := jitter; ; extra *= 100 {
		p.factor = gram.Clone()
		trace := 0.0
		for i := range gram.Rows {
			trace += gram.Row(i)[i]
		}
		for i := range gram.Rows {
			p.factor.Row(i)[i] += max(extra*trace/float64(gram.Rows), math.SmallestNonzeroFloat32)
		}
		if matrix.Cholesky(p.options.Workers, p.factor) {
			break
		}
	}
	p.inputs = matrix.Transpose(x)
}

// standardize gives each column a mean of 0 and a variance of 1, as scikit-learn's StandardScaler does: a column without
// variance is only shifted.
func (p *problem) standardize() {
	f := p.features
	n, x := float64(f.Rows), make([]float64, f.Cols)
	shift, scale := make([]float64, f.Cols), make([]float64, f.Cols)
	for i := range f.Rows {
		widen(x, f.Row(i))
		matrix.AddScaled(shift, 1/n, x)
	}
	for i := range f.Rows {
		for j, v := range f.Row(i) {
			d := float64(v) - shift[j]
			scale[j] += d * d / n
		}
	}
	for j, variance := range scale {
		scale[j] = math.Sqrt(variance)
		if scale[j] <= smallestDeviation*math.Abs(shift[j]) || scale[j] == 0 {
			scale[j] = 1
		}
	}
	p.shift, p.scale = shift, scale
}

// smallestDeviation is that of a column whose numbers differ by rounding alone, relative to its mean.
const smallestDeviation = 1e-7

// linear is the classifier of a point, for features that are not normalized, except to their length.
func (p *problem) linear(at *point) *Linear {
	w := at.w.Clone()
	for i := range w.Data {
		w.Data[i] /= p.unit
	}
	bias := make([]float64, p.classes)
	for k := range bias {
		bias[k] = at.b[k] - matrix.Dot(w.Row(k), p.mean)
	}
	if p.inputs != nil {
		matrix.SolveUpper(p.options.Workers, p.factor, w) // w was dual L, and the coefficients are dual x
		dual := w
		w = matrix.New(p.classes, p.inputs.Rows)
		matrix.MulT(p.options.Workers, w, dual, p.inputs)
	}
	for k := range p.classes {
		row := w.Row(k)
		for j := range row {
			if p.scale != nil {
				row[j] /= p.scale[j]
				bias[k] -= row[j] * p.shift[j]
			}
		}
	}
	return &Linear{Unit: p.options.Normalization == L2, Kernel: matrix.Transpose(w).Data, Bias: bias, Classes: p.classes}
}

package probe

import (
	"math"

	"github.com/headstart-nb/headstart/models/matrix"
)

// A problem is samples as the solver takes them, with the way back to the features.
type problem struct {
	*samples
	options Options
	mean    []float64     // of z's columns, which the solver took off
	shift   []float64     // of the features, taken off by the normalization; nil: 0
	scale   []float64     // of the features, divided by; nil: 1
	span    *matrix.Dense // the normalized features; nil where z has them itself
	factor  *matrix.Dense // L of span spanᵀ = L Lᵀ, which is z before its mean was taken off
}

// jitter keeps the Gram matrix of samples that are equal, or nearly, positive definite; relative to its mean diagonal.
const jitter = 1e-10

func prepare(s Samples, o Options) *problem {
	p := &problem{options: o}
	x := matrix.New(s.Rows, s.Cols)
	for i := range x.Rows {
		widen(x.Row(i), s.Features.Row(i))
		if o.Normalization == L2 {
			s.toUnit(x.Row(i))
		}
	}
	if o.Normalization == Standard {
		p.standardize(x)
	}
	z := x
	if x.Rows <= x.Cols {
		// Fewer samples than features: the rows of L have the same products with each other as the rows of x.
		gram := matrix.Gram(o.Workers, x)
		for extra := jitter; ; extra *= 100 {
			z = gram.Clone()
			trace := 0.0
			for i := range z.Rows {
				trace += z.Row(i)[i]
			}
			for i := range z.Rows {
				z.Row(i)[i] += max(extra*trace/float64(z.Rows), math.SmallestNonzeroFloat32)
			}
			if matrix.Cholesky(o.Workers, z) {
				break
			}
		}
		p.span, p.factor = x, z.Clone()
	}
	weights := make([]float64, s.Rows)
	for i := range weights {
		weights[i] = s.weight(i)
	}
	p.samples, p.mean = newSamples(o.Workers, z, s.Labels, weights, s.Classes)
	return p
}

// standardize gives each column a mean of 0 and a variance of 1, as scikit-learn's StandardScaler does: a column without
// variance is only shifted.
func (p *problem) standardize(x *matrix.Dense) {
	n := float64(x.Rows)
	p.shift, p.scale = make([]float64, x.Cols), make([]float64, x.Cols)
	for i := range x.Rows {
		matrix.AddScaled(p.shift, 1/n, x.Row(i))
	}
	for i := range x.Rows {
		row := x.Row(i)
		for j := range row {
			row[j] -= p.shift[j]
			p.scale[j] += row[j] * row[j] / n
		}
	}
	for j, variance := range p.scale {
		p.scale[j] = math.Sqrt(variance)
		if p.scale[j] <= smallestDeviation*math.Abs(p.shift[j]) || p.scale[j] == 0 {
			p.scale[j] = 1
		}
	}
	for i := range x.Rows {
		row := x.Row(i)
		for j := range row {
			row[j] /= p.scale[j]
		}
	}
}

// smallestDeviation is that of a column whose numbers differ by rounding alone, relative to its mean.
const smallestDeviation = 1e-7

// linear is the classifier of a point, for features that are not normalized, except to their length.
func (p *problem) linear(at *point) *Linear {
	w := at.w
	bias := make([]float64, p.classes)
	for k := range bias {
		bias[k] = at.b[k] - matrix.Dot(w.Row(k), p.mean)
	}
	if p.span != nil {
		dual := w.Clone()
		matrix.SolveUpper(p.options.Workers, p.factor, dual) // w = dual L, and the coefficients are dual x
		w = matrix.New(p.classes, p.span.Cols)
		matrix.TMul(p.options.Workers, w, matrix.Transpose(dual), p.span)
	} else {
		w = w.Clone()
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

package probe

import (
	"context"
	"math"
	"slices"

	"github.com/headstart-nb/headstart/models/matrix"
)

// memory is how many steps the solver remembers; more changes little where the preconditioner is good.
const memory = 12

// maxIterations bounds the work for one C. Most features take 5 to 60. Those of very different scales with a large C take
// thousands, and no fold tells the difference: the classifier is then that of the last iteration, which is regularized somewhat
// more than C asks for. scikit-learn warns and does the same.
const maxIterations = 500

// Tolerances: the decrease of the mean loss that another step is expected to bring, at which the solver stops.
const (
	ToleranceFit    = 1e-8 // probabilities are then right to about 1e-4
	ToleranceSelect = 1e-6 // far below what a fold of a few hundred images tells
)

// An Iteration is progress of the solver.
type Iteration struct {
	C         float64
	Iteration int     // 1-based, of this C
	Loss      float64 // mean weighted cross-entropy, without the penalty
}

// samples are rows that the solver works on. It takes them in float32, as the features came, and its sums in float64.
type samples struct {
	z       *matrix.Panels // [n, r], each column with a weighted mean of 0, divided by unit
	columns *matrix.Panels // [r, n], zᵀ diag(roots)
	unit    float64        // a power of two that no number of z is larger than
	labels  []int
	weights []float64 // [n], of the loss; they sum to about n
	roots   []float64 // [n], of the weights
	classes int
	gram    *matrix.Dense // [r, r], the lower half of zᵀ diag(weights) z
	mass    float64       // sum of the weights
}

// newSamples centers rows of so many numbers, which row writes, and returns their mean.
func newSamples(workers int, rows, cols int, row func(i int, to []float64), labels []int, weights []float64, classes int) (*samples, []float64) {
	s := &samples{labels: labels, weights: weights, classes: classes, z: matrix.NewPanels(rows, cols)}
	for _, w := range weights {
		s.mass += w
		s.roots = append(s.roots, math.Sqrt(w))
	}
	mean := sumBlocks(workers, rows, cols, func(from, to int, sums []float64) {
		x := make([]float64, cols)
		for i := from; i < to; i++ {
			row(i, x)
			matrix.AddScaled(sums, weights[i], x)
		}
	})
	for j := range mean {
		mean[j] /= s.mass
	}
	largest := make([]float64, rows)
	matrix.Split(workers, rows, blockRows, func(from, to int) {
		x := make([]float64, cols)
		for i := from; i < to; i++ {
			row(i, x)
			for j, m := range mean {
				largest[i] = max(largest[i], math.Abs(x[j]-m))
			}
		}
	})
	_, exponent := math.Frexp(slices.Max(largest))
	s.unit = math.Ldexp(1, exponent)
	s.z.Fill(workers, func(i int, to []float64) {
		row(i, to)
		for j, m := range mean {
			to[j] = (to[j] - m) / s.unit
		}
	})
	s.columns = s.z.Transpose(workers, s.roots)
	s.gram = s.columns.Gram(workers)
	return s, mean
}

// A point is where the solver stands: coefficients, intercepts and what follows from them.
type point struct {
	w      *matrix.Dense // [classes, r], of z
	b      []float64
	logits *matrix.Dense // [n, classes]

	// move is how far the last C moved the point, [classes, r+1] with the intercepts in the last column; nil before the first. On a
	// path whose C grow by a factor the next move is much like it.
	move *matrix.Dense
}

// withIntercepts is w with b in a last column.
func withIntercepts(w *matrix.Dense, b []float64) *matrix.Dense {
	m := matrix.New(w.Rows, w.Cols+1)
	for k := range w.Rows {
		copy(m.Row(k), w.Row(k))
		m.Row(k)[w.Cols] = b[k]
	}
	return m
}

func (s *samples) origin() *point {
	p := &point{w: matrix.New(s.classes, s.z.Cols), b: make([]float64, s.classes), logits: matrix.New(s.z.Rows, s.classes)}
	for i, label := range s.labels { // the classes' frequencies, the best without features
		p.b[label] += s.weights[i]
	}
	mean := 0.0
	for k := range p.b {
		p.b[k] = math.Log(max(p.b[k], 1e-3) / s.mass)
		mean += p.b[k] / float64(s.classes)
	}
	for k := range p.b {
		p.b[k] -= mean
	}
	for i := range p.logits.Rows {
		copy(p.logits.Row(i), p.b)
	}
	return p
}

// A solver minimizes the weighted cross-entropy plus lambda/2 times the squared coefficients, by L-BFGS. Its first guess of the
// curvature is Böhning's bound (1992) made as tight as the current probabilities allow: (alpha zᵀz + lambda), the same for
// each class, so that one Cholesky factor serves all of them.
type solver struct {
	*samples
	workers int
	lambda  float64
	*point

	factor   *matrix.Factor
	alpha    float64        // the mean curvature of the loss at the point
	held     float64        // alpha in factor
	residual *matrix.Panels // [classes, n], root of the weight * (probability - target)
	gradW    *matrix.Dense
	gradB    []float64

	steps []step
}

// A step is a pair of the solver's memory.
type step struct {
	s, y  *matrix.Dense // [classes, r+1]: coefficients and intercept
	rho   float64       // 1 / (s y)
	scale float64       // the curvature that the preconditioner has along s, by the true one
}

// minimize moves p to the minimum, or as near as the most iterations come. Converged says which.
func (s *samples) minimize(ctx context.Context, o Options, p *point, c float64, most int) (converged bool, err error) {
	v := &solver{samples: s, workers: o.Workers, point: p, lambda: 1 / c / (s.unit * s.unit)}
	if s.classes == 2 {
		// scikit-learn has one row of coefficients for two classes. Split into +w/2 and -w/2, w has half its squared norm.
		v.lambda *= 2
	}
	v.residual = matrix.NewPanels(s.classes, s.z.Rows)
	start := withIntercepts(p.w, p.b)
	defer func() {
		p.move = withIntercepts(p.w, p.b)
		matrix.AddScaled(p.move.Data, -1, start.Data)
	}()
	loss := v.evaluate()
	v.held = v.alpha
	v.factor = matrix.Factorize(v.workers, v.gram, v.held, v.lambda)
	if p.move != nil {
		if slope := matrix.Dot(p.move.Data, v.gradient().Data); slope < 0 {
			loss, _ = v.advance(p.move, slope, loss)
		}
	}
	for i := 1; i <= most; i++ {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		if o.Events != nil {
			o.Events(Iteration{C: c, Iteration: i, Loss: loss / s.mass})
		}
		direction, slope := v.direction()
		if !(-slope > o.Tolerance*s.mass) {
			return true, nil
		}
		next, moved := v.advance(direction, slope, loss)
		if !moved {
			return true, nil // rounding allows no further decrease
		}
		loss = next
	}
	return false, nil
}

// evaluate computes probabilities, residual and gradient at the point, and returns the cross-entropy.
func (v *solver) evaluate() float64 {
	sums := sumBlocks(v.workers, len(v.labels), 2+v.classes, func(from, to int, sums []float64) {
		row := make([]float64, v.classes)
		for i := from; i < to; i++ {
			w, label := v.weights[i], v.labels[i]
			sums[0] += w * softmax(row, v.logits.Row(i), label)
			for _, p := range row {
				sums[1] += w * p * (1 - p)
			}
			row[label]--
			for k := range row {
				sums[2+k] += w * row[k]
				row[k] *= v.roots[i]
			}
			v.residual.SetColumn(i, row)
		}
	})
	loss, spread := sums[0], sums[1]
	v.gradB = sums[2:]
	// The mean curvature of the loss over the samples and the directions between classes.
	v.alpha = min(0.5, max(spread/v.mass/float64(v.classes-1), 1e-4))
	v.gradW = matrix.Transpose(v.columns.MulT(v.workers, v.residual))
	matrix.AddScaled(v.gradW.Data, v.lambda, v.w.Data)
	return loss
}

// softmax writes probabilities and returns the cross-entropy of the label.
func softmax(to, logits []float64, label int) float64 {
	largest := math.Inf(-1)
	for _, x := range logits {
		largest = max(largest, x)
	}
	sum := 0.0
	for k, x := range logits {
		to[k] = math.Exp(x - largest)
		sum += to[k]
	}
	for k := range to {
		to[k] /= sum
	}
	return math.Log(sum) + largest - logits[label]
}

// gradient is the gradient with the intercepts in the last column, [classes, r+1].
func (v *solver) gradient() *matrix.Dense {
	return withIntercepts(v.gradW, v.gradB)
}

// direction is the two-loop recursion, with its slope.
func (v *solver) direction() (*matrix.Dense, float64) {
	g := v.gradient()
	d := g.Clone()
	alphas := make([]float64, len(v.steps))
	for i := len(v.steps) - 1; i >= 0; i-- {
		alphas[i] = v.steps[i].rho * matrix.Dot(v.steps[i].s.Data, d.Data)
		matrix.AddScaled(d.Data, -alphas[i], v.steps[i].y.Data)
	}
	d = v.inverse(d)
	if n := len(v.steps); n > 0 {
		for i := range d.Data {
			d.Data[i] *= v.steps[n-1].scale
		}
	}
	for i, st := range v.steps {
		beta := st.rho * matrix.Dot(st.y.Data, d.Data)
		matrix.AddScaled(d.Data, alphas[i]-beta, st.s.Data)
	}
	for i := range d.Data {
		d.Data[i] = -d.Data[i]
	}
	return d, matrix.Dot(d.Data, g.Data)
}

// inverse applies the inverse of the preconditioner.
func (v *solver) inverse(g *matrix.Dense) *matrix.Dense {
	r := v.gradW.Cols
	w := matrix.New(v.classes, r)
	for k := range v.classes {
		copy(w.Row(k), g.Row(k)[:r])
	}
	w = v.factor.Solve(v.workers, w)
	d := matrix.New(v.classes, r+1)
	for k := range v.classes {
		copy(d.Row(k), w.Row(k))
		d.Row(k)[r] = g.Row(k)[r] / (v.held * v.mass)
	}
	return d
}

// advance searches along a direction, moves the point and remembers the step. It is false where nothing got better.
func (v *solver) advance(d *matrix.Dense, slope, loss float64) (float64, bool) {
	r := v.gradW.Cols
	dw, narrow := matrix.New(v.classes, r), matrix.NewPanels(v.classes, r)
	for k := range v.classes {
		copy(dw.Row(k), d.Row(k)[:r])
		narrow.SetRow(k, 0, dw.Row(k))
	}
	along := v.z.MulT(v.workers, narrow) // of the logits, [n, classes]
	for i := range along.Rows {
		for k, row := 0, along.Row(i); k < v.classes; k++ {
			row[k] += d.Row(k)[r]
		}
	}
	t := v.search(along, slope, v.lambda*matrix.Dot(v.w.Data, dw.Data), v.lambda*matrix.Dot(dw.Data, dw.Data), loss)
	if t == 0 {
		return loss, false
	}
	bound := v.lambda * matrix.Dot(dw.Data, dw.Data)
	for i, w := range v.weights {
		bound += v.held * w * matrix.Dot(along.Row(i), along.Row(i))
	}
	before := v.gradient()
	matrix.AddScaled(v.w.Data, t, dw.Data)
	matrix.AddScaled(v.logits.Data, t, along.Data)
	for k := range v.b {
		v.b[k] += t * d.Row(k)[r]
	}
	loss = v.evaluate()
	y := v.gradient()
	matrix.AddScaled(y.Data, -1, before.Data)
	s := d
	for i := range s.Data {
		s.Data[i] *= t
	}
	if curvature := matrix.Dot(s.Data, y.Data); curvature > 0 {
		v.steps = append(v.steps, step{s: s, y: y, rho: 1 / curvature, scale: t * t * bound / curvature})
		if len(v.steps) > memory {
			v.steps = v.steps[1:]
		}
	}
	return loss, true
}

// Conditions of Wolfe that end a search, and how often it looks.
const (
	enoughDecrease = 1e-4
	enoughFlatter  = 0.3
	maxLooks       = 12
)

// search finds how far to go along a direction whose logits are known: each look costs no product. The penalty along it is
// t linear + t²/2 quadratic.
func (v *solver) search(along *matrix.Dense, slope, linear, quadratic, loss float64) float64 {
	look := func(t float64) (value, slope float64) {
		sums := sumBlocks(v.workers, len(v.labels), 2, func(from, to int, sums []float64) {
			probabilities, logits := make([]float64, v.classes), make([]float64, v.classes)
			for i := from; i < to; i++ {
				label, base, line := v.labels[i], v.logits.Row(i), along.Row(i)
				for k := range logits {
					logits[k] = base[k] + t*line[k]
				}
				sums[0] += v.weights[i] * softmax(probabilities, logits, label)
				expected := -line[label]
				for k, p := range probabilities {
					expected += p * line[k]
				}
				sums[1] += v.weights[i] * expected
			}
		})
		return sums[0] - loss + t*linear + t*t/2*quadratic, sums[1] + linear + t*quadratic
	}
	best, t := 0.0, 1.0
	low, high := 0.0, math.Inf(1)
	before, slopeBefore := 0.0, slope
	for range maxLooks {
		value, at := look(t)
		good := value <= enoughDecrease*t*slope // false for NaN
		if good {
			best = t
			if math.Abs(at) <= -enoughFlatter*slope {
				break
			}
		}
		if good && at < 0 {
			low = t
		} else {
			high = t
		}
		next := t - at*(t-before)/(at-slopeBefore) // secant
		before, slopeBefore = t, at
		switch {
		case math.IsInf(high, 1):
			t = min(max(next, 1.5*t), 8*t)
		case next > low+0.1*(high-low) && next < high-0.1*(high-low):
			t = next
		default:
			t = (low + high) / 2
		}
	}
	return best
}

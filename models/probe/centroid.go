package probe

import "github.com/headstart-nb/headstart/models/matrix"

// Centroid fits the nearest centroid: the parts of rows are divided by their length, and the class is that whose mean row is nearest.
// The logits are half the negative squared distances, up to what the classes share, in units of the variance within classes.
func Centroid(s Samples) (*Linear, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	means, mass := matrix.New(s.Classes, s.Cols), make([]float64, s.Classes)
	x := make([]float64, s.Cols)
	each := func(do func(i int)) {
		for i := range s.Rows {
			widen(x, s.Features.Row(i))
			s.toUnit(x)
			do(i)
		}
	}
	total := 0.0
	each(func(i int) {
		w := s.weight(i)
		mass[s.Labels[i]] += w
		total += w
		matrix.AddScaled(means.Row(s.Labels[i]), w, x)
	})
	for k := range s.Classes {
		row := means.Row(k)
		for j := range row {
			row[j] /= max(mass[k], UnitEpsilon)
		}
	}
	within := 0.0
	each(func(i int) {
		matrix.AddScaled(x, -1, means.Row(s.Labels[i]))
		within += s.weight(i) / total * matrix.Dot(x, x)
	})
	l := nearest(means, mass)
	l.Scale(1 / max(within, UnitEpsilon))
	return l, nil
}

// nearest is the classifier of means, [classes, features], that so much mass belongs to. Its logits are half the negative squared
// distances, up to what the classes share. It changes the means.
func nearest(means *matrix.Dense, mass []float64) *Linear {
	classes, total := means.Rows, 0.0
	for _, m := range mass {
		total += m
	}
	all := make([]float64, means.Cols)
	for k, m := range mass {
		matrix.AddScaled(all, m/max(total, UnitEpsilon), means.Row(k))
	}
	l := &Linear{Unit: true, Bias: make([]float64, classes), Classes: classes}
	for k := range classes {
		row := means.Row(k)
		if mass[k] == 0 { // a class without a sample is never the nearest
			clear(row)
			l.Bias[k] = -farAway
			continue
		}
		// -|x - m|²/2 = x (m - a) - (|m|² - |a|²)/2 up to what the classes share, whatever a is. Their common mean keeps the numbers small.
		l.Bias[k] = -(matrix.Dot(row, row) - matrix.Dot(all, all)) / 2
		matrix.AddScaled(row, -1, all)
	}
	l.Kernel = matrix.Transpose(means).Data
	return l
}

// farAway is more than half the squared distance of any two rows of length 1.
const farAway = 1e3

// Package projection lays feature vectors out on a plane.
package projection

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// The randomized range finder takes some directions more than the two that are wanted, and some rounds of subspace
// iteration, since the singular values of features fall slowly (Halko, Martinsson and Tropp, "Finding structure with
// randomness", SIAM Review 2011, algorithm 4.4).
const (
	directions = 8
	rounds     = 8
)

// PCA projects features, [rows, dim] row by row, onto their two principal axes. Explained is the fraction of the variance
// that the plane keeps, in [0, 1]. The same features give the same points: the random directions have a fixed seed, and
// each axis points to where its farthest row lies. Features that are not finite are an error.
func PCA(features []float32, rows int) (points [][2]float64, explained float64, err error) {
	if rows <= 0 || len(features)%rows != 0 || len(features) == 0 {
		return nil, 0, fmt.Errorf("project features: %d numbers do not divide into %d rows", len(features), rows)
	}
	x, variance, err := centered(features, rows)
	if err != nil {
		return nil, 0, err
	}
	points = make([][2]float64, rows)
	if variance == 0 {
		return points, 0, nil
	}
	_, dim := x.Dims()
	random := rand.New(rand.NewPCG(1, 2))
	start := mat.NewDense(dim, min(directions, rows, dim), nil)
	start.Apply(func(int, int, float64) float64 { return random.NormFloat64() }, start)
	var across, along, rotated mat.Dense // bases of the rows' space and of the features' space
	along.CloneFrom(start)
	for range rounds {
		across.Reset()
		across.Mul(x, &along)
		if err := orthonormalize(&across); err != nil {
			return nil, 0, err
		}
		along.Reset()
		along.Mul(x.T(), &across)
		if err := orthonormalize(&along); err != nil {
			return nil, 0, err
		}
	}
	rotated.Mul(x, &along)
	var svd mat.SVD
	if !svd.Factorize(&rotated, mat.SVDThin) {
		return nil, 0, fmt.Errorf("project features of %d rows: the singular values do not converge", rows)
	}
	var u mat.Dense
	svd.UTo(&u)
	for axis, length := range svd.Values(nil)[:min(2, len(svd.Values(nil)))] {
		explained += length * length / variance
		farthest := 0.0
		for row := range rows {
			points[row][axis] = u.At(row, axis) * length
			if math.Abs(points[row][axis]) > math.Abs(farthest) {
				farthest = points[row][axis]
			}
		}
		for row := range rows {
			points[row][axis] = math.Copysign(1, farthest) * points[row][axis]
		}
	}
	return points, min(1, explained), nil
}

// centered is the features less their mean, and the sum of their squares.
func centered(features []float32, rows int) (*mat.Dense, float64, error) {
	dim := len(features) / rows
	mean := make([]float64, dim)
	for i, v := range features {
		if v-v != 0 { // infinite or NaN
			return nil, 0, fmt.Errorf("project features: row %d holds %v", i/dim, v)
		}
		mean[i%dim] += float64(v) / float64(rows)
	}
	values, variance := make([]float64, len(features)), 0.0
	for i, v := range features {
		values[i] = float64(v) - mean[i%dim]
		variance += values[i] * values[i]
	}
	return mat.NewDense(rows, dim, values), variance, nil
}

// orthonormalize replaces the columns of a by orthonormal ones that span the same space.
func orthonormalize(a *mat.Dense) error {
	var svd mat.SVD
	if !svd.Factorize(a, mat.SVDThin) {
		return fmt.Errorf("project features: the singular values do not converge")
	}
	a.Reset()
	svd.UTo(a)
	return nil
}

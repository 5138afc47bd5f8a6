package matrix

import "math"

// A Factor is a Cholesky factor in float32, for preconditioners: its products are those of panels, and it is there for any symmetric
// matrix. Where rounding leaves a pivot that is not positive, it is that of a matrix nearby.
type Factor struct {
	lower, upper *Panels // L and Lᵀ, without their blocks on the diagonal
	// The inverses of L's blocks on the diagonal, and their transposes.
	inverse, transposed []*Panels
}

// Pivots are at least this fraction of the diagonal, which rounding in float32 does not reach, and at least a number that has an inverse.
const (
	leastPivot    = 1e-6
	smallestPivot = 1e-30
)

// Factorize factorizes alpha g + lambda, of which the lower half is read.
func Factorize(workers int, g *Dense, alpha, lambda float64) *Factor {
	n := g.Rows
	f := &Factor{lower: NewPanels(n, n)}
	rest := New(n, factorBlock) // of the block's columns, what the finished columns leave
	for at := 0; at < n; at += factorBlock {
		end := min(n, at+factorBlock)
		Split(workers, f.lower.count()-at/panelRows, groupPanels, func(from, to int) {
			from, to = from+at/panelRows, to+at/panelRows
			for i := from * panelRows; i < min(n, to*panelRows); i++ {
				row := rest.Row(i)
				for j := at; j < min(end, i+1); j++ {
					row[j-at] = alpha * g.Row(i)[j]
				}
				if i < end {
					row[i-at] += lambda
				}
			}
			f.lower.products(f.lower, from, to, at/panelRows, (end+panelRows-1)/panelRows, 0, at/stepCols, func(i, j int, sums *[tileSize]float32) {
				rest.subtract(i, j-at, sums)
			})
		})
		inverse := invertDiagonal(rest, at, end, func(i int) float64 { return alpha*g.Row(i)[i] + lambda })
		f.inverse = append(f.inverse, inverse)
		f.transposed = append(f.transposed, inverse.Transpose(1, nil))
		Split(workers, n-end, panel, func(from, to int) {
			own := NewPanels(to-from, end-at)
			for i := range own.Rows {
				own.SetRow(i, 0, rest.Row(end + from + i)[:end-at])
			}
			done := own.MulT(1, inverse)
			for i := range own.Rows {
				f.lower.SetRow(end+from+i, at, done.Row(i))
			}
		})
	}
	f.upper = f.lower.Transpose(workers, nil)
	return f
}

// subtract takes a tile off, as far as the matrix reaches.
func (m *Dense) subtract(row, col int, sums *[tileSize]float32) {
	for k := range sums {
		sums[k] = -sums[k]
	}
	m.add(row, col, sums)
}

// invertDiagonal factorizes the block of the rows at to end, whose lower half is at the left of rest, and returns its factor's inverse.
func invertDiagonal(rest *Dense, at, end int, diagonal func(i int) float64) *Panels {
	n := end - at
	for j := range n {
		row := rest.Row(at + j)
		for k := range j {
			other := rest.Row(at + k)
			row[k] = (row[k] - Dot(row[:k], other[:k])) / other[k]
		}
		row[j] = math.Sqrt(max(row[j]-Dot(row[:j], row[:j]), leastPivot*diagonal(at+j), smallestPivot))
	}
	inverse := NewPanels(n, n)
	column := make([]float64, n)
	for k := range n { // L column = the unit vector k
		clear(column)
		for i := k; i < n; i++ {
			row := rest.Row(at + i)
			sum := -Dot(row[k:i], column[k:i])
			if i == k {
				sum++
			}
			column[i] = sum / row[i]
		}
		inverse.SetColumn(k, column)
	}
	return inverse
}

// Solve returns, for each row x of b, the solution y of L Lᵀ y = x.
func (f *Factor) Solve(workers int, b *Dense) *Dense {
	n := f.lower.Rows
	check(b.Cols == n, "solve [%d, %d] for rows of %v", n, n, b)
	x := b.Clone()
	each := max(panelRows, rowsAtOnce(workers, b.Rows))
	Split(workers, b.Rows, each, func(from, to int) {
		solved := NewPanels(to-from, n) // of these rows, what is solved
		for block := range f.inverse {
			f.solve(x, solved, from, block, f.lower, 0, block*factorBlock/stepCols, f.inverse[block])
		}
		solved = NewPanels(to-from, n)
		for block := len(f.inverse) - 1; block >= 0; block-- {
			f.solve(x, solved, from, block, f.upper, min(f.upper.steps, (block+1)*factorBlock/stepCols), f.upper.steps, f.transposed[block])
		}
	})
	return x
}

// solve solves one block of columns: what the steps begin to end of the factor's rows give is taken off, and the rest multiplied by
// the inverse on the diagonal.
func (f *Factor) solve(x *Dense, solved *Panels, first, block int, factor *Panels, begin, end int, inverse *Panels) {
	at, size := block*factorBlock, inverse.Rows
	rest := New(solved.Rows, size)
	for i := range rest.Rows {
		copy(rest.Row(i), x.Row(first + i)[at:at+size])
	}
	solved.products(factor, 0, solved.count(), at/panelRows, (at+size+panelRows-1)/panelRows, begin, end, func(i, j int, sums *[tileSize]float32) {
		rest.subtract(i, j-at, sums)
	})
	right := NewPanels(rest.Rows, size)
	for i := range rest.Rows {
		right.SetRow(i, 0, rest.Row(i))
	}
	done := right.MulT(1, inverse)
	for i := range done.Rows {
		copy(x.Row(first + i)[at:at+size], done.Row(i))
		solved.SetRow(i, at, done.Row(i))
	}
}

package matrix

import "math"

// factorBlock is how many columns are factorized at once; the rest of the work is products of whole blocks.
const factorBlock = 64

// Cholesky replaces a symmetric matrix, of which the lower half is read, by its lower factor L with L Lᵀ = a; the upper half
// becomes zeros. It is false where a is not positive definite.
func Cholesky(workers int, a *Dense) bool {
	check(a.Rows == a.Cols, "factorize %v", a)
	n := a.Rows
	for at := 0; at < n; at += factorBlock {
		end := min(n, at+factorBlock)
		left := &Dense{} // the finished columns of the block's rows
		if at > 0 {
			left = columns(a, at, end, at)
		}
		Split(workers, n-at, panel, func(from, to int) {
			if at > 0 {
				subtract(a, left, at+from, at+to, at, end)
			}
		})
		if !factorDiagonal(a, at, end) {
			return false
		}
		Split(workers, n-end, panel, func(from, to int) {
			for i := end + from; i < end+to; i++ {
				row := a.Row(i)
				for j := at; j < end; j++ {
					row[j] = (row[j] - Dot(row[at:j], a.Row(j)[at:j])) / a.Row(j)[j]
				}
			}
		})
	}
	for i := range n {
		clear(a.Row(i)[i+1:])
	}
	return true
}

// columns copies the first width numbers of the rows from to to.
func columns(a *Dense, from, to, width int) *Dense {
	dst := New(to-from, width)
	for i := from; i < to; i++ {
		copy(dst.Row(i-from), a.Row(i)[:width])
	}
	return dst
}

// subtract takes the products with the finished columns, which left has of the rows at to end, off the rows from to to.
func subtract(a, left *Dense, from, to, at, end int) {
	own := columns(a, from, to, at)
	part := New(to-from, end-at)
	products(part, own, left, 0, own.Rows, 0, left.Rows, 1)
	for i := from; i < to; i++ {
		row := a.Row(i)[at:end]
		for j, v := range part.Row(i - from) {
			row[j] -= v
		}
	}
}

// factorDiagonal factorizes the block from at to end on the diagonal.
func factorDiagonal(a *Dense, at, end int) bool {
	for j := at; j < end; j++ {
		row := a.Row(j)
		for k := at; k < j; k++ {
			row[k] = (row[k] - Dot(row[at:k], a.Row(k)[at:k])) / a.Row(k)[k]
		}
		pivot := row[j] - Dot(row[at:j], row[at:j])
		if !(pivot > 0) {
			return false
		}
		row[j] = math.Sqrt(pivot)
	}
	return true
}

// SolveUpper replaces each row x of b by the solution y of Lᵀ y = x.
func SolveUpper(workers int, factor, b *Dense) {
	check(factor.Rows == b.Cols, "solve %v for rows of %v", factor, b)
	Split(workers, b.Rows, rowsAtOnce(workers, b.Rows), func(from, to int) {
		for i := factor.Rows - 1; i >= 0; i-- {
			row := factor.Row(i)
			for k := from; k < to; k++ {
				x := b.Row(k)
				x[i] /= row[i]
				AddScaled(x[:i], -x[i], row[:i])
			}
		}
	})
}

// rowsAtOnce gives each worker its rows in one piece: they share the reading of the factor.
func rowsAtOnce(workers, rows int) int { return max(1, (rows+max(1, workers)-1)/max(1, workers)) }

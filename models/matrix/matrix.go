// Package matrix does the linear algebra of the linear probes: of a Dense in float64, of Panels in float32 with sums in float64.
//
// The loops take many numbers at once where the processor can, several times as fast as gonum's. What is computed does not
// depend on the number of workers: each sum is taken by one of them, in one order.
package matrix

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// A Dense is a matrix in rows.
type Dense struct {
	Rows, Cols int
	Data       []float64 // [Rows, Cols]
}

// New is a matrix of zeros.
func New(rows, cols int) *Dense { return &Dense{rows, cols, make([]float64, rows*cols)} }

// Row is a row, not a copy of it.
func (m *Dense) Row(i int) []float64 { return m.Data[i*m.Cols : (i+1)*m.Cols] }

// Clone copies the matrix.
func (m *Dense) Clone() *Dense {
	return &Dense{m.Rows, m.Cols, append([]float64(nil), m.Data...)}
}

func (m *Dense) String() string { return fmt.Sprintf("[%d, %d]", m.Rows, m.Cols) }

// A panel of rows is multiplied with another in pieces of chunk numbers, so that both stay in the first cache: 32 KB hold
// 6 rows of 512 numbers.
const (
	panel = 32
	chunk = 512
)

// Split calls do for pieces of [0, n) of at most size each, in as many goroutines as there are workers.
func Split(workers, n, size int, do func(from, to int)) {
	pieces := (n + size - 1) / size
	if workers = min(workers, pieces); workers <= 1 {
		for from := 0; from < n; from += size {
			do(from, min(n, from+size))
		}
		return
	}
	var taken atomic.Int64 // pieces; some take microseconds, so that handing them over would take as long
	var working sync.WaitGroup
	for range workers {
		working.Go(func() {
			for {
				from := (int(taken.Add(1)) - 1) * size
				if from >= n {
					return
				}
				do(from, min(n, from+size))
			}
		})
	}
	working.Wait()
}

// MulT is dst = a bᵀ: dst is [a.Rows, b.Rows].
func MulT(workers int, dst, a, b *Dense) {
	check(a.Cols == b.Cols && dst.Rows == a.Rows && dst.Cols == b.Rows, "multiply %v by the transpose of %v into %v", a, b, dst)
	Split(workers, a.Rows, panel, func(from, to int) {
		clear(dst.Data[from*dst.Cols : to*dst.Cols])
		products(dst, a, b, from, to, 0, b.Rows, 1)
	})
}

// Gram is a aᵀ.
func Gram(workers int, a *Dense) *Dense {
	dst := New(a.Rows, a.Rows)
	Split(workers, a.Rows, panel, func(from, to int) { products(dst, a, a, from, to, 0, to, 1) })
	mirror(dst)
	return dst
}

// mirror copies what is below the diagonal above it.
func mirror(m *Dense) {
	for i := range m.Rows {
		for j := range i {
			m.Data[j*m.Cols+i] = m.Data[i*m.Cols+j]
		}
	}
}

// products adds sign a bᵀ to the rows from to to and the columns left to right of dst. Four rows of b stay in the first cache while
// all rows of a panel pass by, which stay in the second.
func products(dst, a, b *Dense, from, to, left, right int, sign float64) {
	for k := 0; k < a.Cols; k += chunk {
		n := min(chunk, a.Cols-k)
		j := left
		for ; j+4 <= right; j += 4 {
			r0, r1, r2, r3 := b.Row(j)[k:][:n], b.Row(j + 1)[k:][:n], b.Row(j + 2)[k:][:n], b.Row(j + 3)[k:][:n]
			i := from
			for ; i+2 <= to; i += 2 {
				sums := dots(a.Row(i)[k:][:n], a.Row(i + 1)[k:][:n], r0, r1, r2, r3)
				first, second := dst.Row(i), dst.Row(i+1)
				for c := range 4 {
					first[j+c] += sign * sums[c]
					second[j+c] += sign * sums[4+c]
				}
			}
			if i < to {
				x, row := a.Row(i)[k:][:n], dst.Row(i)
				row[j] += sign * Dot(x, r0)
				row[j+1] += sign * Dot(x, r1)
				row[j+2] += sign * Dot(x, r2)
				row[j+3] += sign * Dot(x, r3)
			}
		}
		for ; j < right; j++ {
			row := b.Row(j)[k:][:n]
			for i := from; i < to; i++ {
				dst.Row(i)[j] += sign * Dot(a.Row(i)[k:][:n], row)
			}
		}
	}
}

// Transpose is a transposed copy.
func Transpose(a *Dense) *Dense {
	dst := New(a.Cols, a.Rows)
	const block = 32 // numbers, 256 bytes: some lines of the cache
	for i := 0; i < a.Rows; i += block {
		for j := 0; j < a.Cols; j += block {
			for r := i; r < min(a.Rows, i+block); r++ {
				for c := j; c < min(a.Cols, j+block); c++ {
					dst.Data[c*a.Rows+r] = a.Data[r*a.Cols+c]
				}
			}
		}
	}
	return dst
}

// check is for the package's callers: shapes that do not fit are a mistake of the program.
func check(ok bool, format string, args ...any) {
	if !ok {
		panic("matrix: " + fmt.Sprintf(format, args...))
	}
}

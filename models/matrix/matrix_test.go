package matrix

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/mat"
)

func random(rows, cols int) *Dense {
	source := rand.New(rand.NewPCG(uint64(rows), uint64(cols)))
	m := New(rows, cols)
	for i := range m.Data {
		m.Data[i] = source.NormFloat64()
	}
	return m
}

func gonum(m *Dense) *mat.Dense { return mat.NewDense(m.Rows, m.Cols, m.Data) }

func near(t *testing.T, what string, got *Dense, want mat.Matrix) {
	t.Helper()
	rows, cols := want.Dims()
	if got.Rows != rows || got.Cols != cols {
		t.Fatalf("%s has the shape %v, want [%d, %d]", what, got, rows, cols)
	}
	for i := range rows {
		for j := range cols {
			if w := want.At(i, j); math.Abs(got.Row(i)[j]-w) > 1e-9*max(1, math.Abs(w)) {
				t.Fatalf("%s [%d, %d] is %g, want %g", what, i, j, got.Row(i)[j], w)
			}
		}
	}
}

// Shapes that are no multiples of the blocks: the edges have loops of their own.
func TestProductsAreGonums(t *testing.T) {
	for _, s := range [][3]int{{1, 1, 1}, {3, 5, 2}, {7, 19, 10}, {65, 130, 33}, {40, 1100, 9}} {
		a, b := random(s[0], s[1]), random(s[2], s[1])
		var want mat.Dense
		want.Mul(gonum(a), gonum(b).T())
		got := New(s[0], s[2])
		MulT(3, got, a, b)
		near(t, fmt.Sprintf("a bᵀ of %v", s), got, &want)

		want.Reset()
		want.Mul(gonum(a), gonum(a).T())
		near(t, fmt.Sprintf("a aᵀ of %v", s), Gram(3, a), &want)

		near(t, "aᵀ", Transpose(a), gonum(a).T())
	}
}

func TestCholeskySolves(t *testing.T) {
	for _, n := range []int{1, 5, 64, 65, 200} {
		x := random(n, n+3)
		a := Gram(1, x)
		factor := a.Clone()
		if !Cholesky(2, factor) {
			t.Fatalf("the Gram matrix of %d rows is not positive definite", n)
		}
		var want mat.Dense
		want.Mul(gonum(factor), gonum(factor).T())
		near(t, "a", a, &want)

		solved := random(3, n)
		right := solved.Clone()
		SolveUpper(2, factor, solved)
		want.Reset()
		want.Mul(gonum(solved), gonum(factor))
		for i, v := range right.Data {
			if got := want.RawMatrix().Data[i]; math.Abs(got-v) > 1e-5 {
				t.Fatalf("of %d rows: y L is %g, want %g", n, got, v)
			}
		}
	}
	if Cholesky(1, &Dense{2, 2, []float64{1, 2, 2, 1}}) {
		t.Error("a matrix with a negative eigenvalue was factorized")
	}
}

// The number of workers changes no bit.
func TestWorkersChangeNothing(t *testing.T) {
	a, b := random(70, 1100), random(70, 40)
	results := func(workers int) (all []float64) {
		product := New(70, 40)
		MulT(workers, product, a, random(40, 1100))
		gram := Gram(workers, a)
		all = append(append(all, product.Data...), gram.Data...)
		narrow, other := panels(a), panels(b)
		all = append(all, narrow.Transpose(workers, nil).MulT(workers, other.Transpose(workers, nil)).Data...)
		factor := Factorize(workers, narrow.Gram(workers), 1, 0.1)
		all = append(all, factor.Solve(workers, random(9, 70)).Data...)
		Cholesky(workers, gram)
		solved := random(5, 70)
		SolveUpper(workers, gram, solved)
		return append(append(all, gram.Data...), solved.Data...)
	}
	if !cmp.Equal(results(1), results(4)) {
		t.Error("one worker computes other numbers than four")
	}
}

func TestWideIsPlain(t *testing.T) {
	if !Wide() {
		t.Log("this build or processor takes one number at a time")
	}
	for n := range 70 {
		m := random(6, n)
		got, want := dots(m.Row(0), m.Row(1), m.Row(2), m.Row(3), m.Row(4), m.Row(5)), plainDots(m.Row(0), m.Row(1), m.Row(2), m.Row(3), m.Row(4), m.Row(5))
		for i := range got {
			if math.Abs(got[i]-want[i]) > 1e-12 {
				t.Errorf("of %d numbers: product %d is %g, want %g", n, i, got[i], want[i])
			}
		}
		if got, want := Dot(m.Row(0), m.Row(1)), plainDot(m.Row(0), m.Row(1)); math.Abs(got-want) > 1e-12 {
			t.Errorf("of %d numbers: %g, want %g", n, got, want)
		}
	}
}

func BenchmarkGram(b *testing.B) {
	m := random(1000, 2048)
	b.Run("own", func(b *testing.B) {
		for b.Loop() {
			Gram(1, m)
		}
		b.ReportMetric(1000*1000*2048/1e9/(b.Elapsed().Seconds()/float64(b.N)), "GFLOPS")
	})
	b.Run("gonum", func(b *testing.B) {
		var g mat.SymDense
		for b.Loop() {
			g.SymOuterK(1, gonum(m))
		}
		b.ReportMetric(1000*1000*2048/1e9/(b.Elapsed().Seconds()/float64(b.N)), "GFLOPS")
	})
}

func BenchmarkCholesky(b *testing.B) {
	g := Gram(2, random(1000, 1100))
	for b.Loop() {
		Cholesky(1, g.Clone())
	}
	b.ReportMetric(1e9/3/1e9/(b.Elapsed().Seconds()/float64(b.N)), "GFLOPS")
}

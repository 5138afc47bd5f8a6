package matrix

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func panels(m *Dense) *Panels {
	p := NewPanels(m.Rows, m.Cols)
	p.Fill(2, func(i int, to []float64) { copy(to, m.Row(i)) })
	return p
}

// closeTo compares with what the numbers would be in float64. The largest of both matrices are about 4.
func closeTo(t *testing.T, what string, got *Dense, want mat.Matrix, tolerance float64) {
	t.Helper()
	if rows, cols := want.Dims(); got.Rows != rows || got.Cols != cols {
		t.Fatalf("%s has the shape %v, want [%d, %d]", what, got, rows, cols)
	}
	for i := range got.Rows {
		for j, v := range got.Row(i) {
			if w := want.At(i, j); !(math.Abs(v-w) <= tolerance) {
				t.Fatalf("%s [%d, %d] is %g, want %g", what, i, j, v, w)
			}
		}
	}
}

// Shapes that are no multiples of a panel, a step or a chunk.
func TestPanelsAreGonums(t *testing.T) {
	for _, s := range [][3]int{{1, 1, 1}, {3, 5, 2}, {4, 16, 4}, {7, 19, 10}, {65, 130, 33}, {37, 2500, 9}} {
		a, b := random(s[0], s[1]), random(s[2], s[1])
		var want mat.Dense
		want.Mul(gonum(a), gonum(b).T())
		tolerance := 1e-6 * float64(s[1])
		closeTo(t, fmt.Sprintf("a bᵀ of %v", s), panels(a).MulT(3, panels(b)), &want, tolerance)

		factors := make([]float64, s[0])
		for i := range factors {
			factors[i] = 1 / float64(1+i)
		}
		columns := panels(a).Transpose(3, factors)
		want.Reset()
		want.Mul(gonum(a).T(), mat.NewDiagDense(s[0], factors))
		closeTo(t, fmt.Sprintf("the transpose of %v, scaled", s), columns.MulT(1, panels(identity(s[0]))), &want, 1e-6)

		gram := panels(a).Gram(3)
		mirror(gram)
		want.Reset()
		want.Mul(gonum(a), gonum(a).T())
		closeTo(t, fmt.Sprintf("a aᵀ of %v", s), gram, &want, tolerance)
	}
}

func identity(n int) *Dense {
	m := New(n, n)
	for i := range n {
		m.Row(i)[i] = 1
	}
	return m
}

// Both tiles, whichever this processor takes, and each number of steps.
func TestTileIsPlain(t *testing.T) {
	m := random(8, 2*stepSize*3)
	for steps := 1; steps <= 3; steps++ {
		a, b := make([]float32, steps*stepSize), make([]float32, steps*stepSize)
		for i := range a {
			a[i], b[i] = float32(m.Data[i]), float32(m.Data[len(m.Data)-1-i])
		}
		var got, want [tileSize]float32
		got[3] = 7 // what was there does not count
		tile(a, b, &got)
		plainTile(a, b, &want)
		for i := range got {
			if math.Abs(float64(got[i]-want[i])) > 1e-4 {
				t.Errorf("%d steps: product %d is %g, want %g", steps, i, got[i], want[i])
			}
		}
	}
}

func TestFactorSolves(t *testing.T) {
	for _, n := range []int{1, 5, 64, 65, 200} {
		g := Gram(1, random(n, n+3))
		factor := Factorize(3, g, 0.5, 10)
		a := g.Clone()
		for i := range a.Data {
			a.Data[i] *= 0.5
		}
		for i := range n {
			a.Row(i)[i] += 10
		}
		for _, rows := range []int{1, 6} {
			b := random(rows, n)
			var got mat.Dense
			got.Mul(gonum(factor.Solve(2, b)), gonum(a))
			closeTo(t, fmt.Sprintf("y a of %d", n), b, &got, 1e-3)
		}
	}
}

// A matrix that rounding makes indefinite, or that is 0, still has a factor, and its solutions are numbers.
func TestFactorOfSingularMatrices(t *testing.T) {
	equal := New(70, 70)
	for i := range equal.Data {
		equal.Data[i] = 1e6
	}
	for name, g := range map[string]*Dense{"zeros": New(70, 70), "equal rows": equal, "rank 3": Gram(1, random(70, 3))} {
		b := random(2, 70)
		x := Factorize(1, g, 1, 1e-12).Solve(1, b)
		along := 0.0
		for i, v := range x.Data {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("%s: number %d is %g", name, i, v)
			}
			along += v * b.Data[i]
		}
		if along <= 0 {
			t.Errorf("%s: the solution and the right side have the product %g, want a positive one", name, along)
		}
	}
}

func BenchmarkPanels(b *testing.B) {
	z := panels(random(1000, 1024))
	b.Run("gram", func(b *testing.B) {
		for b.Loop() {
			z.Gram(1)
		}
		b.ReportMetric(1000*1000*1024/1e9/(b.Elapsed().Seconds()/float64(b.N)), "GFLOPS")
	})
	g := z.Gram(1)
	b.Run("factor", func(b *testing.B) {
		for b.Loop() {
			Factorize(1, g, 1, 1)
		}
		b.ReportMetric(1e9/3/1e9/(b.Elapsed().Seconds()/float64(b.N)), "GFLOPS")
	})
	w := panels(random(10, 1024))
	b.Run("logits", func(b *testing.B) {
		for b.Loop() {
			z.MulT(1, w)
		}
		b.ReportMetric(2*1000*1024*10/1e9/(b.Elapsed().Seconds()/float64(b.N)), "GFLOPS")
	})
}

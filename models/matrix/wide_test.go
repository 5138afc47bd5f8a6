//go:build goexperiment.simd && amd64 && !go1.27

package matrix

import (
	"fmt"
	"math"
	"testing"
)

// TestRegistersOfEachSize compares the loops of each size of register that the processor has with those that take one number.
func TestRegistersOfEachSize(t *testing.T) {
	if !Wide() {
		t.Log("this processor has no AVX2: nothing is compared")
		return
	}
	same := func(what string, got, want []float64) {
		t.Helper()
		for i, w := range want {
			if math.Abs(got[i]-w) > 1e-9 {
				t.Fatalf("%s: number %d is %g, want %g", what, i, got[i], w)
			}
		}
	}
	for _, n := range []int{0, 1, 7, 8, 15, 16, 17, 31, 32, 63, 100, 512} {
		m := random(7, n)
		x, y, a, b, c, d := m.Row(0), m.Row(1), m.Row(2), m.Row(3), m.Row(4), m.Row(5)
		scaled := m.Clone().Row(6)
		plainAddScaled(scaled, 0.7, x)
		dots := plainDots(x, y, a, b, c, d)
		check := func(size int, gotDots [8]float64, gotDot float64, addScaled func(dst []float64) int) {
			same(fmt.Sprintf("%d bits, dots of %d", size, n), gotDots[:], dots[:])
			same(fmt.Sprintf("%d bits, dot of %d", size, n), []float64{gotDot}, []float64{plainDot(x, y)})
			dst := m.Clone().Row(6)
			done := addScaled(dst)
			same(fmt.Sprintf("%d bits, scaled %d", size, n), dst[:done], scaled[:done])
		}
		check(256, dots256(x, y, a, b, c, d), dot256(x, y), func(dst []float64) int { return addScaled256(dst, 0.7, x) })
		if widest() {
			check(512, dots512(x, y, a, b, c, d), dot512(x, y), func(dst []float64) int { return addScaled512(dst, 0.7, x) })
		}
	}
}

func BenchmarkDots(b *testing.B) {
	m := random(6, 512)
	run := func(name string, dots func(x, y, a, b, c, d []float64) [8]float64) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				dots(m.Row(0), m.Row(1), m.Row(2), m.Row(3), m.Row(4), m.Row(5))
			}
		})
	}
	run("plain", plainDots)
	if Wide() {
		run("256", dots256)
	}
	if widest() {
		run("512", dots512)
	}
}

//go:build !goexperiment.simd || !amd64 || go1.27

package matrix

// Wide reports whether many numbers are taken at once: this build takes one.
func Wide() bool { return false }

// dots are the products of x, then of y, with four rows of the same length.
func dots(x, y, a, b, c, d []float64) [8]float64 { return plainDots(x, y, a, b, c, d) }

// Dot is the product of two rows of the same length.
func Dot(x, y []float64) float64 { return plainDot(x, y) }

// AddScaled adds f x to dst.
func AddScaled(dst []float64, f float64, x []float64) { plainAddScaled(dst, f, x) }

// addFour adds four scaled rows to dst.
func addFour(dst []float64, f0 float64, r0 []float64, f1 float64, r1 []float64, f2 float64, r2 []float64, f3 float64, r3 []float64) {
	plainAddFour(dst, f0, r0, f1, r1, f2, r2, f3, r3)
}

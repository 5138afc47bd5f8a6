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

package canvas

import "math"

// Fraction limits a value to [0, 1]; NaN becomes 0.
func Fraction(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return min(1, max(0, v))
}

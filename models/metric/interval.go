package metric

import (
	"fmt"
	"math"
)

// Few is the number of images below which an accuracy is shown with its interval: the interval is wider than a few points.
const Few = 1000

// Normal95 is the standard normal quantile of a two-sided interval of 95 %.
const Normal95 = 1.959963984540054

// An Interval is where a fraction of a larger set lies with 95 % confidence.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Wilson is the score interval (Wilson 1927) of a fraction that was measured on n independent images.
func Wilson(fraction float64, n int) Interval {
	if n < 1 || math.IsNaN(fraction) {
		return Interval{0, 1}
	}
	count, z := float64(n), Normal95
	middle := (fraction + z*z/(2*count)) / (1 + z*z/count)
	half := z / (1 + z*z/count) * math.Sqrt(fraction*(1-fraction)/count+z*z/(4*count*count))
	return Interval{max(0, middle-half), min(1, middle+half)}
}

// Percent is a fraction of n images for people, with its interval where there are few of them.
func Percent(fraction float64, n int) string {
	text := fmt.Sprintf("%.1f %%", 100*fraction)
	if n >= Few || n < 1 || math.IsNaN(fraction) {
		return text
	}
	w := Wilson(fraction, n)
	return fmt.Sprintf("%s (95 %% interval %.1f to %.1f)", text, 100*w.Low, 100*w.High)
}

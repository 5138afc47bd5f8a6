package metric

import (
	"math"
	"testing"
)

// The values are scipy.stats.binomtest(right, n).proportion_ci(method="wilson").
func TestWilson(t *testing.T) {
	for _, c := range []struct {
		right, n  int
		low, high float64
	}{
		{78, 96, 0.722977, 0.877975}, {0, 10, 0, 0.277533}, {10, 10, 0.722467, 1}, {1, 1, 0.206549, 1}, {500, 1000, 0.469070, 0.530930},
	} {
		got := Wilson(float64(c.right)/float64(c.n), c.n)
		if math.Abs(got.Low-c.low) > 1e-5 || math.Abs(got.High-c.high) > 1e-5 {
			t.Errorf("%d of %d: %+v, want %g to %g", c.right, c.n, got, c.low, c.high)
		}
	}
	for _, n := range []int{0, 5} {
		if got := Wilson(math.NaN(), n); got != (Interval{0, 1}) {
			t.Errorf("of an unknown fraction: %+v", got)
		}
	}
}

func TestPercent(t *testing.T) {
	for _, c := range []struct {
		fraction float64
		n        int
		want     string
	}{
		{0.8125, 96, "81.2 % (95 % interval 72.3 to 87.8)"}, {0.5, 1000, "50.0 %"}, {0.5, 0, "50.0 %"},
	} {
		if got := Percent(c.fraction, c.n); got != c.want {
			t.Errorf("%g of %d is %q, want %q", c.fraction, c.n, got, c.want)
		}
	}
}

// Logits that are ten times too large need a temperature of ten, whatever the classifier.
func TestTemperature(t *testing.T) {
	// Of four rows with the same logits, three have the first label. A sixth of each label is uncertain: the best probability of
	// the first class is (3 * 5/6 + 1/6) / 4 = 2/3, a logit of log 2 ahead.
	ahead := float32(10 * math.Log(2))
	logits := []float32{ahead, 0, ahead, 0, ahead, 0, ahead, 0}
	temperature, loss := Temperature(logits, []int{0, 0, 0, 1}, 2)
	if want := -(3*math.Log(2.0/3) + math.Log(1.0/3)) / 4; math.Abs(temperature-10) > 1e-5 || math.Abs(loss-want) > 1e-9 {
		t.Errorf("the temperature is %g with the loss %g, want 10 and %g", temperature, loss, want)
	}
	// All right: the best probability is 5/6, and not 1.
	if temperature, _ := Temperature(logits, []int{0, 0, 0, 0}, 2); math.Abs(temperature-10*math.Log(2)/math.Log(5)) > 1e-5 {
		t.Errorf("without a mistake the temperature is %g", temperature)
	}
	if temperature, _ := Temperature(nil, nil, 2); temperature != 1 {
		t.Errorf("without a row the temperature is %g", temperature)
	}
}

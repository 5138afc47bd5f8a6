package sketch

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
)

// TestManyValuesKeepTheirPeaks: every n-th value of a line would miss them.
func TestManyValuesKeepTheirPeaks(t *testing.T) {
	values := make([]float64, 100_003)
	x := make([]float64, len(values))
	for i := range x {
		x[i], values[i] = float64(i), math.Sin(float64(i))/2
	}
	values[33_331], values[33_333], values[77_777] = -7, 9, math.Inf(1)
	for i := 50_000; i < 51_000; i++ {
		values[i] = math.NaN()
	}
	line := Series{Kind: KindLine, X: x, Y: values}
	shownX, shown := line.Shown()
	gap := slices.ContainsFunc(shown, math.IsNaN)
	if len(shown) > mostPoints || len(shown) < mostPoints/2 || !slices.Contains(shown, -7) || !slices.Contains(shown, 9) || !slices.IsSorted(shownX) || !gap {
		t.Errorf("%d values are shown, with a gap: %t", len(shown), gap)
	}
	points := Series{Kind: KindPoints, X: x, Y: values}
	if _, shown := points.Shown(); len(shown) > mostPoints {
		t.Errorf("%d points are shown", len(shown))
	}
	plot := Plot{Notes: []string{"own"}, Panels: []View{{Series: []Series{line, points, line, {Kind: KindLine, X: x[:mostPoints], Y: values}}}}}
	want := []string{"own", "100,003 values: the lowest and the highest of each 41 neighbors are drawn", "100,003 points: one of each 21 is drawn"}
	if got := plot.AllNotes(); !slices.Equal(got, want) || len(plot.Notes) != 1 {
		t.Errorf("the notes are %q", got)
	}
	if text := plot.Text(80); !strings.Contains(text, "neighbors") {
		t.Errorf("the text does not say it:\n%s", text)
	}
	if _, all := (Series{Kind: KindLine, X: x[:mostPoints], Y: values}).Shown(); len(all) != mostPoints {
		t.Errorf("of %d values %d are shown", mostPoints, len(all))
	}
}

// TestMomentsDiffer: seconds since 1970 differ in the digits that a figure does not keep of a number.
func TestMomentsDiffer(t *testing.T) {
	const noon = 1_764_546_000
	plot := Plot{Panels: []View{{Series: []Series{{Kind: KindLine, X: []float64{noon, noon + 60, noon + 120}, Y: []float64{1.0 / 3, 1e-9, 3}}}}}}
	text, err := json.Marshal(plot.VegaLite())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"x":1764546060,`, `"y":0.333333}`, `"y":1e-9}`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
}

func FuzzPlot(f *testing.F) {
	f.Add(1.0, 2.0, -3.0, 0.5, 80, true, false)
	f.Add(math.NaN(), math.Inf(1), math.MaxFloat64, -1.0, -5, false, true)
	f.Add(-math.MaxFloat64, math.MaxFloat64, 5e-324, 0.0, 40, true, true)
	f.Add(1e299, -1e299, 1e-300, 1e299, 60, true, false)
	f.Fuzz(func(t *testing.T, a, b, c, d float64, width int, log, fraction bool) {
		axis := Axis{Name: hostile, Log: log, Fraction: fraction, Range: &[2]float64{a, d}}
		plot := Plot{Title: hostile, Panels: []View{
			{Name: hostile, X: Axis{Log: log}, Y: axis, Diagonal: true, Rules: []Rule{{At: c, Label: hostile}, {At: b}}, Series: []Series{
				{Name: hostile, Kind: KindLine, X: []float64{a, b, c, d}, Y: []float64{d, c, b}}, {Name: hostile, Kind: KindPoints, X: []float64{a}, Y: []float64{b, c}},
				{Kind: KindBins, X: []float64{a, b, c, d}, Y: []float64{a, b, c}},
			}},
			{Series: []Series{{Kind: KindBins, X: []float64{a, b, c, d}, Y: []float64{d, c, b}}}},
		}}
		width = min(width, 400)
		checkText(t, "plot", plot.Text(width), max(narrowest, width))
		bars := Bars{Names: []string{hostile, "b"}, Series: []BarSeries{{Values: []float64{a, b}}, {Name: hostile, Values: []float64{c, d}}}, Fraction: fraction}
		heat := Heatmap{Rows: []string{hostile}, Values: [][]float64{{a, b}, {c}, {d, a, b}}}
		for _, chart := range []any{plot, plot.VegaLite(), bars, bars.VegaLite(), heat, heat.VegaLite()} {
			if _, err := json.Marshal(chart); err != nil {
				t.Error(err)
			}
		}
		for _, text := range []string{bars.Text(80), heat.Text(80)} {
			if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") || strings.Contains(text, "\x1b") {
				t.Errorf("the text is %q", text)
			}
		}
	})
}

// There is no accuracy of more than 100 %, and none below 0 %.
func TestAxisOfFractionsEndsAtTheWhole(t *testing.T) {
	for _, test := range []struct {
		values    []float64
		low, high float64
	}{
		{[]float64{1, 1}, 0.9, 1}, {[]float64{0, 0}, 0, 1}, {[]float64{0.995, 1}, 0.99475, 1}, {[]float64{0, 0.5}, 0, 0.525}, {[]float64{0.5, 1.5}, 0.45, 1.55},
		{[]float64{1 - 1e-15, 1 - 1e-15}, 0.9, 1},
	} {
		v := View{Y: Axis{Fraction: true}, Series: []Series{{Kind: KindLine, X: []float64{1, 2}, Y: test.values}}}
		if low, high := v.DomainY(); math.Abs(low-test.low) > 1e-9 || math.Abs(high-test.high) > 1e-9 {
			t.Errorf("the axis of %v is from %g to %g, want %g to %g", test.values, low, high, test.low, test.high)
		}
	}
}

package sketch

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

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

package figure

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/figuretest"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// drawnPlots are the generic charts on ordinary and on malformed data.
func drawnPlots() map[string]display.Bundle {
	nan, inf := math.NaN(), math.Inf(1)
	return map[string]display.Bundle{
		"plot_line":      Plot(linePlot()),
		"plot_scatter":   Plot(scatterPlot()),
		"plot_histogram": Plot(histogramPlot()),
		"plot_hostile": Plot(sketch.Plot{Title: hostile, Subtitle: hostile, Notes: []string{hostile}, Panels: []sketch.View{
			{Name: hostile, X: sketch.Axis{Name: hostile, Log: true, Range: &[2]float64{-1, nan}}, Y: sketch.Axis{Name: hostile}, Diagonal: true, Series: []sketch.Series{
				{Name: hostile, Kind: sketch.KindLine, X: []float64{-1, 0, 1e-300, 3, inf}, Y: []float64{1, 2, nan, math.MaxFloat64}},
				{Name: hostile, Kind: sketch.KindPoints, X: []float64{1, 2}, Y: []float64{3}}, {Kind: "unknown", X: []float64{1, 2}, Y: []float64{1, 2}},
			}, Rules: []sketch.Rule{{At: nan, Label: hostile}, {At: 2, Label: hostile}, {At: -5}}},
			{Series: []sketch.Series{{Name: hostile, Kind: sketch.KindBins, X: []float64{3, 2, 5, nan, 7}, Y: []float64{1, -4, 2, inf, 9}}, {Name: "b", Kind: sketch.KindBins}}},
			{},
			{X: sketch.Axis{Log: true}, Y: sketch.Axis{Log: true}, Series: []sketch.Series{{Kind: sketch.KindBins, X: []float64{-1, 0, 1, 2, 3}, Y: []float64{1, 0, -1, 5}}}},
		}}),
		"plot_none": Plot(sketch.Plot{}),
		"bars":      Bars(classBars()),
		"bars_one":  Bars(sketch.Bars{Title: "images by camera", Axis: "images", Names: []string{"phone", "reflex", "scanner"}, Series: []sketch.BarSeries{{Values: []float64{1204, 310, 12}}}}),
		"bars_hostile": Bars(sketch.Bars{
			Title: hostile, Subtitle: hostile, Axis: hostile, Names: []string{hostile, hostile, ""}, Extra: []string{hostile}, ExtraName: hostile, Notes: []string{hostile},
			Series: []sketch.BarSeries{{Name: hostile, Values: []float64{nan, -math.MaxFloat64, math.MaxFloat64}}, {Name: hostile, Values: []float64{inf}}},
		}),
		"bars_none":    Bars(sketch.Bars{}),
		"heatmap":      Heatmap(correlations()),
		"heatmap_wide": Heatmap(wideMap()),
		"heatmap_hostile": Heatmap(sketch.Heatmap{Title: hostile, Subtitle: hostile, RowAxis: hostile, ColumnAxis: hostile, Rows: []string{hostile}, Columns: []string{hostile, "b"},
			Notes: []string{hostile}, Values: [][]float64{{nan, inf, 1}, nil, {math.MaxFloat64, -math.MaxFloat64}}}),
		"heatmap_none": Heatmap(sketch.Heatmap{}),
	}
}

func linePlot() sketch.Plot {
	whole := [2]float64{0, 1}
	var roc, worse sketch.Series
	for i := range 21 {
		x := float64(i) / 20
		roc.X, roc.Y = append(roc.X, x), append(roc.Y, math.Pow(x, 0.2))
		worse.X, worse.Y = append(worse.X, x), append(worse.Y, math.Pow(x, 0.6))
	}
	roc.Name, roc.Kind, worse.Name, worse.Kind = "glass 0.8333", sketch.KindLine, "metal 0.6250", sketch.KindLine
	axis := func(name string) sketch.Axis { return sketch.Axis{Name: name, Range: &whole, Fraction: true} }
	return sketch.Plot{Title: "two panels", Subtitle: "below the title", Notes: []string{"a note"}, Panels: []sketch.View{
		{Name: "ROC, with the area", X: axis("false positive rate"), Y: axis("true positive rate"), Diagonal: true, Series: []sketch.Series{roc, worse}},
		{Name: "with a rule", X: axis("threshold"), Y: axis("value"), Series: []sketch.Series{roc}, Rules: []sketch.Rule{{At: 0.35, Label: "highest F1 at 0.35"}}},
	}}
}

func scatterPlot() sketch.Plot {
	var a, b sketch.Series
	for i := range 60 {
		angle := float64(i)
		a.X, a.Y = append(a.X, 640+200*math.Sin(angle)), append(a.Y, 480+150*math.Cos(angle*1.7))
		b.X, b.Y = append(b.X, 3000+900*math.Sin(angle*2.1)), append(b.Y, 2000+700*math.Cos(angle))
	}
	a.Name, a.Kind, b.Name, b.Kind = "train", sketch.KindPoints, "validation", sketch.KindPoints
	return sketch.Plot{Title: "image sizes", Panels: []sketch.View{
		{X: sketch.Axis{Name: "width in pixels", Log: true}, Y: sketch.Axis{Name: "height in pixels", Log: true}, Series: []sketch.Series{a, b}},
	}}
}

func histogramPlot() sketch.Plot {
	return sketch.Plot{Title: "aspect ratios", Subtitle: "120 images", Panels: []sketch.View{{
		X: sketch.Axis{Name: "width divided by height"}, Y: sketch.Axis{Name: "images"},
		Series: []sketch.Series{{Kind: sketch.KindBins, X: []float64{0.5, 0.75, 1, 1.25, 1.5, 1.75}, Y: []float64{3, 40, 1, 70, 6}}},
	}}}
}

func classBars() sketch.Bars {
	return sketch.Bars{
		Title: "metrics by class", Fraction: true, ExtraName: "images", Extra: []string{"96", "16", "16", "64"}, Notes: []string{"glass is predicted as metal 3 times."},
		Names:  []string{"macro average", "glass", "metal", "paper"},
		Series: []sketch.BarSeries{{Name: "precision", Values: []float64{.81, .9, .7, .83}}, {Name: "recall", Values: []float64{.8, .75, .8, .85}}, {Name: "F1", Values: []float64{.8, .82, .75, math.NaN()}}},
	}
}

func correlations() sketch.Heatmap {
	h := sketch.Heatmap{Title: "correlation of the features", RowAxis: "feature", ColumnAxis: "feature", Rows: []string{"width", "height", "bytes", "mean", "contrast"}}
	h.Columns = h.Rows
	for r := range 5 {
		var row []float64
		for c := range 5 {
			row = append(row, 1-math.Abs(float64(r-c))*0.4)
		}
		h.Values = append(h.Values, row)
	}
	return h
}

func wideMap() sketch.Heatmap {
	h := sketch.Heatmap{Title: "a map of 200 x 300", RowAxis: "y", ColumnAxis: "x"}
	for r := range 200 {
		var row []float64
		for c := range 300 {
			row = append(row, math.Sin(float64(r)/20)*math.Cos(float64(c)/30))
		}
		h.Values = append(h.Values, row)
	}
	return h
}

// TestPlotsOfThousands: a chart of very many values stays small in each form, and says what it leaves out.
func TestPlotsOfThousands(t *testing.T) {
	const n = 100_000
	points := sketch.Series{Kind: sketch.KindPoints}
	bars := sketch.Bars{Series: []sketch.BarSeries{{}}}
	var lines sketch.View
	for i := range n {
		points.X, points.Y = append(points.X, float64(i)), append(points.Y, math.Sin(float64(i)))
		if i < 1000 {
			bars.Names, bars.Series[0].Values = append(bars.Names, fmt.Sprint("class ", i)), append(bars.Series[0].Values, float64(i))
			lines.Series = append(lines.Series, sketch.Series{Name: fmt.Sprint("line ", i), Kind: sketch.KindLine, X: []float64{0, 1}, Y: []float64{0, float64(i)}})
		}
	}
	for name, b := range map[string]display.Bundle{
		"points": Plot(sketch.Plot{Panels: []sketch.View{{Series: []sketch.Series{points}}}}), "bars": Bars(bars), "lines": Plot(sketch.Plot{Panels: []sketch.View{lines}}),
		"heat map": Heatmap(wideMap()),
	} {
		raw, err := json.Marshal(b)
		if err != nil || len(raw) > 600_000 {
			t.Errorf("%s: %d bytes, %v", name, len(raw), err)
		}
		png := b.Data[display.MIMEPNG].([]byte)
		if size := figuretest.Pixels(t, png).Rect.Size(); size.X*size.Y > mostDrawn {
			t.Errorf("%s: %d x %d pixels", name, size.X, size.Y)
		}
	}
}

// TestPlotsGoThroughJSON: the program that draws for Go cells reads what they wrote, NaN included.
func TestPlotsGoThroughJSON(t *testing.T) {
	gap := linePlot()
	gap.Panels[0].Series[0].Y[3] = math.NaN()
	raw, err := json.Marshal(gap)
	if err != nil {
		t.Fatal(err)
	}
	var back sketch.Plot
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	if back.Text(80) != gap.Text(80) {
		t.Errorf("read back as\n%s", back.Text(80))
	}
	h := correlations()
	h.Values[1][1] = math.Inf(1)
	raw, err = json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	var map2 sketch.Heatmap
	if err := json.Unmarshal(raw, &map2); err != nil || map2.Text(80) != h.Text(80) {
		t.Errorf("%v: read back as\n%s", err, map2.Text(80))
	}
	b := classBars()
	raw, err = json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	var bars sketch.Bars
	if err := json.Unmarshal(raw, &bars); err != nil || bars.Text(80) != b.Text(80) {
		t.Errorf("%v: read back as\n%s", err, bars.Text(80))
	}
}

// FuzzPlots draws what a Go cell may send: the process that draws holds the models.
func FuzzPlots(f *testing.F) {
	f.Add(1.0, 2.0, -3.0, 0.5, true, false)
	f.Add(math.NaN(), math.Inf(1), math.MaxFloat64, -1.0, false, true)
	f.Add(-1e299, 5e-324, 0.0, 1e299, true, true)
	f.Add(1e-300, 1e-300, 1e-299, 0.0, true, false)
	f.Fuzz(func(t *testing.T, a, b, c, d float64, log, fraction bool) {
		axis := sketch.Axis{Log: log, Fraction: fraction, Range: &[2]float64{a, d}}
		series := []sketch.Series{
			{Name: "line", Kind: sketch.KindLine, X: []float64{a, b, c, d}, Y: []float64{d, c, b}}, {Kind: sketch.KindPoints, X: []float64{a, b}, Y: []float64{b, c}},
			{Kind: sketch.KindBins, X: []float64{a, b, c, d}, Y: []float64{a, b, c}},
		}
		for _, b := range []display.Bundle{
			Plot(sketch.Plot{Panels: []sketch.View{
				{X: sketch.Axis{Log: log}, Y: axis, Diagonal: true, Rules: []sketch.Rule{{At: c, Label: "c"}}, Series: series},
				{X: axis, Y: sketch.Axis{Log: log}, Series: series[1:]},
			}}),
			Bars(sketch.Bars{Names: []string{"a", "b"}, Fraction: fraction, Series: []sketch.BarSeries{{Values: []float64{a, b}}, {Values: []float64{c, d}}}}),
			Heatmap(sketch.Heatmap{Values: [][]float64{{a, b}, {c}, {d, a}}}),
		} {
			if len(b.Data[display.MIMEPNG].([]byte)) == 0 {
				t.Error("there is no image")
			}
		}
	})
}

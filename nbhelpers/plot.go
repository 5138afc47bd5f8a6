package nbhelpers

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// Number is what charts draw.
type Number interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

func floats[T Number](values []T) []float64 {
	list := make([]float64, len(values))
	for i, v := range values {
		list[i] = float64(v)
	}
	return list
}

// Line is y over x, neighbors joined; a nil x stands for 1, 2, 3 and so on. What is not finite leaves a gap. Of more
// than 5,000 values the lowest and the highest of neighbors are drawn. Show it, or end a cell with it:
//
//	nbhelpers.Line(x, y).Titled("loss", "epoch", "loss")
func Line[X, Y Number](x []X, y []Y) sketch.Plot { return plotOf(sketch.KindLine, x, y) }

// Scatter is a mark for each pair of x and y; a nil x stands for 1, 2, 3 and so on. Of more than 5,000 pairs every n-th is
// drawn.
func Scatter[X, Y Number](x []X, y []Y) sketch.Plot { return plotOf(sketch.KindPoints, x, y) }

func plotOf[X, Y Number](kind sketch.Kind, x []X, y []Y) sketch.Plot {
	s := sketch.Series{Kind: kind, X: floats(x), Y: floats(y)}
	if x == nil {
		for i := range y {
			s.X = append(s.X, float64(i+1))
		}
	}
	plot := sketch.Plot{Panels: []sketch.View{{Series: []sketch.Series{s}}}}
	if x != nil && len(x) != len(y) {
		plot.Notes = []string{fmt.Sprintf("%d values of x and %d of y: those without a partner are left out", len(x), len(y))}
	}
	return plot
}

// Overlay draws the series of several plots in one panel, with the axes of the first. Give each a name by As:
//
//	nbhelpers.Overlay(nbhelpers.Line(x, a).As("train"), nbhelpers.Line(x, b).As("validation"))
func Overlay(plots ...sketch.Plot) sketch.Plot {
	var joined sketch.Plot
	for _, p := range plots {
		for _, view := range p.Panels {
			if len(joined.Panels) == 0 {
				joined = p
				joined.Panels = []sketch.View{view}
				joined.Panels[0].Series = slices.Clone(view.Series)
				continue
			}
			joined.Panels[0].Series = append(joined.Panels[0].Series, view.Series...)
			joined.Panels[0].Rules = append(slices.Clip(joined.Panels[0].Rules), view.Rules...)
		}
	}
	return joined
}

// Beside draws the panels of several plots side by side.
func Beside(plots ...sketch.Plot) sketch.Plot {
	var joined sketch.Plot
	for _, p := range plots {
		for _, view := range p.Panels {
			if view.Name == "" {
				view.Name = p.Title
			}
			joined.Panels = append(joined.Panels, view)
		}
		joined.Notes = append(joined.Notes, p.Notes...)
	}
	return joined
}

// The numbers of bins that Histogram chooses from.
const (
	fewestBins = 5
	mostBins   = 60
)

// Histogram counts values in so many bins of one width; 0 chooses as many as the spread of the values suggests (Freedman and
// Diaconis, 1981). What is not finite is left out, which a note says.
func Histogram[T Number](values []T, bins int) sketch.Plot {
	all := floats(values)
	kept := slices.DeleteFunc(slices.Clone(all), func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	slices.Sort(kept)
	plot := sketch.Plot{Subtitle: sketch.Count(len(kept)) + " values", Panels: []sketch.View{{Y: sketch.Axis{Name: "values"}, Series: []sketch.Series{{Kind: sketch.KindBins}}}}}
	if left := len(all) - len(kept); left > 0 {
		plot.Notes = []string{fmt.Sprintf("%s values that are not finite are left out", sketch.Count(left))}
	}
	if len(kept) == 0 {
		return plot
	}
	low, high := apart(kept[0], kept[len(kept)-1])
	if bins <= 0 {
		bins = suggestedBins(kept)
	}
	bins = min(bins, 1000)
	s := &plot.Panels[0].Series[0]
	s.Y = make([]float64, bins)
	place := func(v float64) int { return min(bins-1, max(0, int((v/2-low/2)/(high/2-low/2)*float64(bins)))) }
	for i := range bins + 1 {
		u := float64(i) / float64(bins)
		s.X = append(s.X, low*(1-u)+high*u)
	}
	for _, v := range kept {
		s.Y[place(v)]++
	}
	return plot
}

// apart are the ends of the bins between two values, so far apart that edges between them differ, also among values of which
// the next one is far away: half a unit beside 1e17 is 1e17.
func apart(low, high float64) (from, to float64) {
	size := max(math.Abs(low), math.Abs(high))
	margin := max(1e-12*size, 1e-300)
	if low == high {
		margin = max(0.5, size/1000)
	}
	if high/2-low/2 >= margin {
		return low, high
	}
	return max(low-margin, -math.MaxFloat64), min(high+margin, math.MaxFloat64)
}

// suggestedBins follows the rule of Freedman and Diaconis: bins of twice the interquartile range by the cube root of the count.
func suggestedBins(sorted []float64) int {
	n := len(sorted)
	width := 2 * (sorted[n*3/4] - sorted[n/4]) / math.Cbrt(float64(n))
	span := sorted[n-1] - sorted[0]
	if !(width > 0) || math.IsInf(span, 0) {
		return min(mostBins, max(fewestBins, int(math.Sqrt(float64(n)))))
	}
	return int(math.Min(mostBins, math.Max(fewestBins, math.Ceil(span/width))))
}

// Bars is a bar for each name. Of more than 60 names those that follow are left out, and counted in a note.
func Bars[T Number](names []string, values []T) sketch.Bars {
	return sketch.Bars{Names: names, Series: []sketch.BarSeries{{Values: floats(values)}}}
}

// BarsOf is a bar for each key of a map, the highest first.
func BarsOf[K cmp.Ordered, T Number](values map[K]T) sketch.Bars {
	type bar struct {
		key   K
		value T
	}
	list := make([]bar, 0, len(values))
	for key, value := range values { // a key that is not a number would not be found again
		list = append(list, bar{key, value})
	}
	slices.SortFunc(list, func(a, b bar) int { return cmp.Or(cmp.Compare(b.value, a.value), cmp.Compare(a.key, b.key)) })
	b := sketch.Bars{Series: []sketch.BarSeries{{}}}
	for _, each := range list {
		b.Names, b.Series[0].Values = append(b.Names, fmt.Sprint(each.key)), append(b.Series[0].Values, float64(each.value))
	}
	return b
}

// Heatmap is a matrix as shaded cells: values[row][column]. Of a large one neighbors are averaged.
func Heatmap[T Number](values [][]T) sketch.Heatmap {
	var h sketch.Heatmap
	for _, row := range values {
		h.Values = append(h.Values, floats(row))
	}
	return h
}

// chart is the bundle of a chart: Vega-Lite and text, with a PNG for pages that run no script.
func chart(kind string, data interface {
	Text(width int) string
	VegaLite() map[string]any
}) display.Bundle {
	b := display.Bundle{Data: map[string]any{display.MIMEVegaLite: data.VegaLite(), display.MIMEText: data.Text(textWidth)}}
	if drawn, ok := drawing(process(), kind, data); ok {
		b = withDrawing(b, drawn)
	}
	return b
}

// plotted chooses the bundle of a chart; ok is false for other values.
func plotted(v any) (b display.Bundle, ok bool) {
	switch v := v.(type) {
	case sketch.Plot:
		return chart(warm.DrawPlot, v), true
	case sketch.Bars:
		return chart(warm.DrawBars, v), true
	case sketch.Heatmap:
		return chart(warm.DrawHeatmap, v), true
	}
	return b, false
}

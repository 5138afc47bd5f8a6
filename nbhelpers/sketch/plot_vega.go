package sketch

import (
	"math"
	"slices"
)

// VegaLite is the plot as a Vega-Lite v5 specification.
func (p Plot) VegaLite() map[string]any {
	panels := make([]any, len(p.Panels))
	side := panelWidth
	if len(p.Panels) == 1 {
		side = 2 * panelWidth
	}
	for i, v := range p.Panels {
		panels[i] = v.vegaLite(i, side)
	}
	return Spec(Heading{Title: p.Title, Subtitle: p.Subtitle, Notes: p.AllNotes()}, map[string]any{
		"hconcat": panels, "spacing": 28,
		// Each panel names its own series: the same class has another area in another panel.
		"resolve": map[string]any{"scale": map[string]any{"color": "independent", "shape": "independent", "strokeDash": "independent"}},
	})
}

func (v View) vegaLite(index, side int) map[string]any {
	series, more := v.Drawn()
	list := names(series)
	lowX, highX := v.DomainX()
	lowY, highY := v.DomainY()
	x, y := v.X.vega("x", lowX, highX), v.Y.vega("y", lowY, highY)
	tooltip := []any{}
	if len(series) > 1 {
		tooltip = append(tooltip, map[string]any{"field": "series"})
	}
	for _, one := range []struct {
		field string
		axis  Axis
	}{{"x", v.X}, {"y", v.Y}} {
		tooltip = append(tooltip, map[string]any{"field": one.field, "title": Label(one.axis.Name, 40), "format": one.axis.format()})
	}
	layers := []any{}
	if v.Diagonal {
		layers = append(layers, map[string]any{
			"data": map[string]any{"values": []any{map[string]any{"x": lowX, "y": lowY}, map[string]any{"x": highX, "y": highY}}},
			"mark": map[string]any{"type": "line", "color": Neutral, "strokeDash": []int{4, 3}, "strokeWidth": 1}, "encoding": map[string]any{"x": x, "y": y},
		})
	}
	layers = append(layers, v.vegaSeries(series, list, x, y, tooltip, index)...)
	for _, r := range v.Rules {
		if u := v.X.Unit(r.At, lowX, highX); !(u >= 0 && u <= 1) {
			continue
		}
		data := map[string]any{"values": []any{map[string]any{"x": r.At, "label": Label(r.Label, 40)}}}
		layers = append(layers, map[string]any{
			"data": data, "mark": map[string]any{"type": "rule", "color": Neutral, "strokeDash": []int{2, 3}}, "encoding": map[string]any{"x": x},
		}, map[string]any{
			"data": data, "mark": map[string]any{"type": "text", "align": "left", "dx": 4, "y": 8}, "encoding": map[string]any{"x": x, "text": map[string]any{"field": "label"}},
		})
	}
	if v.Count() == 0 {
		layers = append(layers, map[string]any{
			"data": map[string]any{"values": []any{map[string]any{}}}, "mark": map[string]any{"type": "text", "text": "no value", "style": "guide-label", "fontSize": 12},
		})
	}
	title := Label(v.Name, 60)
	if more > 0 {
		title += " (" + Count(more) + " more are not drawn)"
	}
	view := map[string]any{"width": side, "height": panelHeight + 30, "layer": layers, "resolve": map[string]any{"scale": map[string]any{"color": "shared"}}}
	if title != "" {
		view["title"] = map[string]any{"text": title, "fontSize": 12}
	}
	return view
}

// vegaSeries are the layers of the series: bins, lines and points.
func (v View) vegaSeries(drawn []Series, list []string, x, y map[string]any, tooltip []any, index int) []any {
	var layers []any
	byKind := map[Kind][]any{}
	named := []any{}
	for _, name := range list {
		named = append(named, name)
	}
	left, right := v.DomainX()
	bottom, top := v.DomainY()
	roundX, roundY := rounding(right-left), rounding(top-bottom)
	for i, s := range drawn {
		if s.Kind == KindBins {
			low, high, height := v.Bins(s)
			for k := range height {
				byKind[KindBins] = append(byKind[KindBins], map[string]any{"x": roundX(low[k]), "x2": roundX(high[k]), "y": roundY(height[k]), "series": list[i]})
			}
			continue
		}
		xs, ys := s.Shown()
		for k := range xs {
			row := map[string]any{"x": nil, "y": nil, "series": list[i], "n": k}
			if v.X.Places(xs[k]) && v.Y.Places(ys[k]) {
				row["x"], row["y"] = roundX(xs[k]), roundY(ys[k])
			}
			byKind[s.Kind] = append(byKind[s.Kind], row)
		}
	}
	for _, kind := range []Kind{KindBins, KindLine, KindPoints} {
		values := byKind[kind]
		if len(values) == 0 {
			continue
		}
		encoding := map[string]any{"x": x, "y": y, "tooltip": tooltip, "color": series("series", named, palette[:])}
		mark := map[string]any{"type": "line", "clip": true, "strokeWidth": 1.75}
		switch kind {
		case KindBins:
			mark = map[string]any{"type": "bar", "clip": true, "binSpacing": 1, "opacity": 0.8}
			encoding["x2"], encoding["y2"] = map[string]any{"field": "x2"}, map[string]any{"datum": v.floor()}
		case KindPoints:
			mark = map[string]any{"type": "point", "filled": true, "size": 30, "opacity": 0.7, "clip": true}
			encoding["shape"] = series("series", named, shapes[:])
		case KindLine:
			encoding["strokeDash"] = series("series", named, slices.Concat(dashes[1:], dashes[:1]))
			encoding["order"] = map[string]any{"field": "n"} // as they come, not by x
		}
		for _, channel := range []string{"color", "shape", "strokeDash"} {
			if of, ok := encoding[channel].(map[string]any); ok {
				of["legend"] = map[string]any{"orient": "top", "symbolSize": 80, "columns": legendColumns(list)}
			}
		}
		if len(drawn) == 1 && list[0] == "" {
			encoding["color"] = map[string]any{"value": palette[0]}
			delete(encoding, "shape")
			delete(encoding, "strokeDash")
		}
		layer := map[string]any{"data": map[string]any{"values": values}, "mark": mark, "encoding": encoding}
		if len(layers) == 0 {
			layer["params"] = []any{Zoom("zoom" + string(rune('A'+index%26)))}
		}
		layers = append(layers, layer)
	}
	return layers
}

// floor is where bins stand: at 0, on a logarithmic axis at its beginning.
func (v View) floor() float64 {
	if low, _ := v.DomainY(); v.Y.Log {
		return low
	}
	return 0
}

// legendColumns is how many names stand side by side above a panel: as many as there is room for.
func legendColumns(names []string) int {
	longest := 1
	for _, name := range names {
		longest = max(longest, Width(name))
	}
	return max(1, panelWidth/(longest*averageLetter+24))
}

// round keeps six significant digits: a figure is no table of data, and its bytes stay in the notebook.
func round(v float64) float64 { return rounding(math.Inf(1))(v) }

// rounding keeps six significant digits of values, and six of their differences on an axis of a span: moments in seconds since 1970
// differ in the last ones.
func rounding(span float64) func(float64) float64 {
	digits := func(v float64) float64 { return 6 - math.Ceil(math.Log10(math.Abs(v))) }
	return func(v float64) float64 {
		if v == 0 || !finite(v) {
			return v
		}
		kept := digits(v)
		if span > 0 {
			kept = max(kept, digits(span))
		}
		scale := math.Pow(10, kept)
		if rounded := math.Round(v*scale) / scale; finite(rounded) {
			return rounded
		}
		return v
	}
}

func (a Axis) format() string {
	if a.Fraction {
		return ".1~%"
	}
	return ".4~g"
}

// vega encodes a field on the axis.
func (a Axis) vega(field string, low, high float64) map[string]any {
	scale := map[string]any{"domain": []float64{low, high}, "nice": false, "zero": false}
	axis := map[string]any{"format": a.format(), "tickCount": 5}
	if a.Log {
		scale["type"] = "log"
		delete(axis, "tickCount")
	}
	return map[string]any{"field": field, "type": "quantitative", "title": Label(a.Name, 60), "scale": scale, "axis": axis}
}

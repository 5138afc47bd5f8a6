package sketch

import "slices"

// palette is the colors that tell series apart, in the order of use: those of Okabe and Ito (Color Universal Design,
// 2008), which people with any common color blindness can tell apart, without black and without the yellow that is hard to
// see on white.
var palette = [...]string{"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"}

// Palette returns the colors that tell series apart, in the order of use, as #RRGGBB.
func Palette() []string { return slices.Clone(palette[:]) }

// Ink, paper and what lies between, as #RRGGBB. PNG figures bring their own white paper, so that they are readable on a
// light page, on a dark page and in print. Vega-Lite figures have no background and no text color of their own: the page
// adds those of its theme.
const (
	Ink   = "#1A1A1A"
	Faint = "#595959" // secondary text; 7:1 on Paper
	Grid  = "#E3E3E3"
	Paper = "#FFFFFF"
	// Neutral is for lines of a Vega-Lite figure: 4:1 on white and 3:1 on #333333, the background of Vega's dark theme.
	Neutral = "#808080"
)

// dashes and shapes tell series apart without their colors. In Vega-Lite's notation: lengths of dash and gap in pixels.
var (
	dashes = [...][]int{{6, 3}, {1, 0}, {2, 2}, {8, 2, 2, 2}, {4, 4}, {10, 3}}
	shapes = [...]string{"circle", "square", "triangle-up", "diamond", "cross", "triangle-down"}
)

// Heading stands above a chart. Vega-Lite has no place below one that grows with its text, so the notes stand there too.
type Heading struct {
	Title    string
	Subtitle string
	Notes    []string
	Width    int // of the chart in CSS pixels, to which subtitle and notes are broken; 0 means 620
}

// averageLetter is how wide a letter of a note is, in CSS pixels: half the size of the font.
const averageLetter = 6

// lines are what stands below the title.
func (h Heading) lines() []string {
	width := h.Width
	if width <= 0 {
		width = 620
	}
	var lines []string
	for _, paragraph := range append([]string{h.Subtitle}, h.Notes...) {
		lines = append(lines, wrap(Label(paragraph, 0), width/averageLetter)...)
	}
	return lines
}

// Spec is a Vega-Lite v5 specification that holds body under a heading, with the fonts and sizes that all
// figures use. It refers to no file or address: body holds its data inline.
func Spec(heading Heading, body map[string]any) map[string]any {
	spec := map[string]any{
		"$schema": "https://vega.github.io/schema/vega-lite/v5.json", // a name, which nothing fetches
		"padding": 12,
		"config": map[string]any{
			"font":   "Liberation Sans, Arial, Helvetica, sans-serif",
			"view":   map[string]any{"stroke": "transparent"},
			"axis":   map[string]any{"labelFontSize": 11, "titleFontSize": 12, "titleFontWeight": "normal", "labelLimit": 160},
			"legend": map[string]any{"labelFontSize": 11, "titleFontSize": 12, "titleFontWeight": "normal", "labelLimit": 160},
			"title": map[string]any{
				"anchor": "start", "fontSize": 14, "subtitleFontSize": 12, "offset": 8,
				"subtitlePadding": 5, "subtitleLineHeight": 16, "limit": 720,
			},
		},
	}
	title, lines := Label(heading.Title, 0), heading.lines()
	if title != "" || len(lines) > 0 {
		shown := map[string]any{"text": title}
		if len(lines) > 0 {
			shown["subtitle"] = lines
		}
		spec["title"] = shown
	}
	for key, value := range body {
		spec[key] = value
	}
	return spec
}

// Zoom is the parameter that makes a view's numeric axes movable: dragging moves, the wheel with Shift held zooms (alone
// it goes on scrolling the page), a double click resets.
func Zoom(name string) map[string]any {
	return map[string]any{
		"name": name, "bind": "scales",
		"select": map[string]any{"type": "interval", "zoom": "wheel![event.shiftKey]"},
	}
}

// Size of a panel's plot in CSS pixels.
const (
	panelWidth  = 250
	panelHeight = 200
)

// VegaLite is the curves as a Vega-Lite v5 specification.
func (c Curves) VegaLite() map[string]any {
	panels := make([]any, len(c.Panels))
	for i, p := range c.Panels {
		panels[i] = p.vegaLite(c, i)
	}
	return Spec(Heading{Title: c.Title, Subtitle: c.Summary(), Notes: c.Notes}, map[string]any{
		"hconcat": panels, "spacing": 28,
		"resolve": map[string]any{"scale": map[string]any{"color": "shared", "shape": "shared", "strokeDash": "shared"}},
	})
}

func (p Panel) vegaLite(c Curves, index int) map[string]any {
	axis := c.AxisName()
	values := []any{}
	names := []any{}
	for _, line := range p.Lines {
		names = append(names, Label(line.Name, 40))
		for i, v := range Nullable(line.Values) {
			values = append(values, map[string]any{"x": i + 1, "y": v, "line": Label(line.Name, 40)})
		}
	}
	low, high := p.Domain()
	// The paddings keep the points at the ends whole.
	scale := map[string]any{"domain": []float64{low, high}, "nice": false, "zero": false, "padding": 4}
	format, name := ".4~g", Label(p.Name, 40)
	if p.Log() {
		scale["type"] = "log"
		name += ", log scale"
	}
	if p.Fraction {
		format = ".1~%"
	}
	epochs := map[string]any{"domain": []int{min(1, c.Last()-1), c.Last()}, "nice": false, "zero": false, "padding": 5}
	encoding := map[string]any{
		"x": map[string]any{
			"field": "x", "type": "quantitative", "title": axis,
			"scale": epochs,
			"axis":  map[string]any{"tickMinStep": 1, "format": "d", "grid": false},
		},
		"y": map[string]any{
			"field": "y", "type": "quantitative", "title": name, "scale": scale, "axis": map[string]any{"format": format, "tickCount": 5},
		},
		"tooltip": []any{
			map[string]any{"field": "line", "title": "series"},
			map[string]any{"field": "x", "title": axis},
			map[string]any{"field": "y", "title": name, "format": format},
		},
	}
	layers := []any{}
	if len(names) > 0 { // a scale without a domain is an error, which leaves the whole figure blank
		encoding["color"] = series("line", names, palette[:])
		encoding["strokeDash"] = series("line", names, dashes[:])
		encoding["shape"] = series("line", names, shapes[:])
	}
	if _, _, ok := p.Range(); !ok {
		layers = append(layers, waiting(axis))
	}
	if c.Best > 0 {
		layers = append(layers, bestRule(c.Best, axis, epochs))
	}
	layers = append(layers, map[string]any{
		"data":     map[string]any{"values": values},
		"mark":     map[string]any{"type": "line", "point": map[string]any{"filled": true, "size": 36}, "clip": true},
		"encoding": encoding,
		"params":   []any{Zoom("zoom" + string(rune('A'+index%26)))},
	})
	return map[string]any{"width": panelWidth, "height": panelHeight, "layer": layers}
}

// waiting is a layer that says why a panel is empty.
func waiting(axis string) map[string]any {
	return map[string]any{
		"data": map[string]any{"values": []any{map[string]any{}}},
		"mark": map[string]any{"type": "text", "text": "waiting for the first " + axis, "style": "guide-label", "fontSize": 12}, // in the theme's text color
	}
}

// bestRule is a layer that marks the best epoch.
func bestRule(best int, axis string, epochs map[string]any) map[string]any {
	return map[string]any{
		"data": map[string]any{"values": []any{map[string]any{"x": best}}},
		"mark": map[string]any{"type": "rule", "color": Neutral, "strokeDash": []int{2, 3}, "tooltip": "best " + axis},
		"encoding": map[string]any{
			"x": map[string]any{"field": "x", "type": "quantitative", "scale": epochs},
		},
	}
}

// series encodes a nominal field whose values keep their order, each with its own entry of a range.
func series[T any](field string, names []any, of []T) map[string]any {
	entries := make([]T, len(names))
	for i := range names {
		entries[i] = of[i%len(of)]
	}
	return map[string]any{
		"field": field, "type": "nominal", "title": "",
		"scale":  map[string]any{"domain": names, "range": entries},
		"legend": map[string]any{"orient": "top", "symbolSize": 80},
	}
}

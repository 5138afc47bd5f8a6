package sketch

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Bars are values by name, a group of bars for each.
type Bars struct {
	Title    string      `json:"title,omitempty"`
	Subtitle string      `json:"subtitle,omitempty"`
	Axis     string      `json:"axis,omitempty"` // what the values are
	Names    []string    `json:"names"`
	Series   []BarSeries `json:"series"`
	// Fraction says that the values lie in [0, 1]: they are shown as percentages.
	Fraction bool `json:"fraction,omitempty"`
	// Extra is a column of text after each name, such as a count; empty for none.
	Extra     []string `json:"extra,omitempty"`
	ExtraName string   `json:"extra_name,omitempty"`
	Notes     []string `json:"notes,omitempty"`
}

// BarSeries is one bar of each group: Values[i] belongs to Bars.Names[i].
type BarSeries struct {
	Name   string
	Values []float64
}

type barSeriesJSON struct {
	Name   string     `json:"name,omitempty"`
	Values []*float64 `json:"values"`
}

// MarshalJSON writes what is not finite as null.
func (s BarSeries) MarshalJSON() ([]byte, error) {
	return json.Marshal(barSeriesJSON{s.Name, Nullable(s.Values)})
}

// UnmarshalJSON reads null as NaN.
func (s *BarSeries) UnmarshalJSON(data []byte) error {
	var raw barSeriesJSON
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*s = BarSeries{Name: raw.Name, Values: denullable(raw.Values)}
	return nil
}

// MostBars is how many names a chart of bars has; how many are left out is said below it.
const MostBars = 60

// Shown is the chart with as many names as it has room for, and with a note of how many are left out.
func (b Bars) Shown() Bars {
	if left := len(b.Names) - MostBars; left > 0 {
		b.Names = b.Names[:MostBars]
		b.Notes = append(b.Notes[:len(b.Notes):len(b.Notes)], fmt.Sprintf("%s more are left out", Count(left)))
	}
	b.Series = b.Series[:min(len(b.Series), len(palette))]
	return b
}

// At is the value of a series for a name; NaN where there is none.
func (b Bars) At(series, name int) float64 {
	if values := b.Series[series].Values; name < len(values) && finite(values[name]) {
		return values[name]
	}
	return math.NaN()
}

// ExtraOf is the text after a name.
func (b Bars) ExtraOf(name int) string {
	if name < len(b.Extra) {
		return b.Extra[name]
	}
	return ""
}

// Value writes a value.
func (b Bars) Value(v float64) string {
	a := Axis{Fraction: b.Fraction}
	if math.IsNaN(v) {
		return "–"
	}
	return wholeOr(a, v)
}

// Domain is what the axis of values shows; 0 is part of it.
func (b Bars) Domain() (low, high float64) {
	if b.Fraction {
		high = 1
	}
	for s := range b.Series {
		for i := range b.Names {
			if v := b.At(s, i); !math.IsNaN(v) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	if high == low {
		high = 1
	}
	return low, high
}

// Text is a table of the values, with a bar where there is one series.
func (b Bars) Text(width int) string {
	b = b.Shown()
	t := Table{Header: []string{""}}
	for i, s := range b.Series {
		t.Header, t.Right = append(t.Header, Label(s.Name, 24)), append(t.Right, i+1)
	}
	if len(b.Series) == 1 && b.Series[0].Name == "" {
		t.Header[1] = Label(b.Axis, 24)
	} else {
		t.Header[0] = Label(b.Axis, 24)
	}
	if len(b.Extra) > 0 {
		t.Header, t.Right = append(t.Header, Label(b.ExtraName, 24)), append(t.Right, len(b.Series)+1)
	}
	_, high := b.Domain()
	for i, name := range b.Names {
		row := []string{Label(name, 32)}
		for s := range b.Series {
			row = append(row, b.Value(b.At(s, i)))
		}
		if len(b.Extra) > 0 {
			row = append(row, Label(b.ExtraOf(i), 24))
		}
		if len(b.Series) == 1 {
			if v := b.At(0, i); v > 0 {
				row = append(row, strings.Repeat("█", int(math.Round(v/high*24))))
			}
		}
		t.Rows = append(t.Rows, row)
	}
	lines := wrap(Label(b.Title, 0), width)
	lines = append(lines, wrap(Label(b.Subtitle, 0), width)...)
	lines = append(lines, t.Text())
	for _, note := range b.Notes {
		lines = append(lines, wrap(Label(note, 0), width)...)
	}
	return strings.Join(lines, "\n")
}

// VegaLite is the bars as a Vega-Lite v5 specification.
func (b Bars) VegaLite() map[string]any {
	b = b.Shown()
	values, order, named := []any{}, []any{}, []any{}
	var series []Series
	for _, s := range b.Series {
		series = append(series, Series{Name: s.Name})
	}
	list := names(series)
	for _, name := range list {
		named = append(named, name)
	}
	for i, name := range b.Names {
		id := strconv.Itoa(i) + ":" + Label(name, 40) // the number keeps equal names apart
		if extra := Label(b.ExtraOf(i), 24); extra != "" {
			id += " (" + strings.TrimSpace(extra+" "+Label(b.ExtraName, 24)) + ")"
		}
		order = append(order, id)
		for s := range b.Series {
			if v := b.At(s, i); !math.IsNaN(v) {
				values = append(values, map[string]any{"id": id, "name": Label(name, 80), "series": list[s], "value": round(v), "text": b.Value(v)})
			}
		}
	}
	low, high := b.Domain()
	format := ".4~g"
	if b.Fraction {
		format = ".0%"
	}
	y := map[string]any{
		"field": "id", "type": "nominal", "sort": order, "title": "",
		"axis": map[string]any{"labelExpr": "slice(datum.label, indexof(datum.label, ':') + 1)", "ticks": false, "domain": false},
	}
	x := map[string]any{
		"field": "value", "type": "quantitative", "title": Label(b.Axis, 60), "scale": map[string]any{"domain": []float64{low, high * 1.08}, "nice": false},
		"axis": map[string]any{"format": format, "tickCount": 5},
	}
	encoding := map[string]any{"y": y, "x": x, "tooltip": []any{map[string]any{"field": "name"}, map[string]any{"field": "series"}, map[string]any{"field": "text", "title": "value"}}}
	step := 22
	if len(b.Series) > 1 {
		encoding["yOffset"] = map[string]any{"field": "series", "sort": named, "scale": map[string]any{"paddingOuter": 0.15}}
		step = 12
	}
	color := map[string]any{"value": palette[0]}
	if len(named) > 1 || len(named) == 1 && list[0] != "" {
		color = map[string]any{
			"field": "series", "type": "nominal", "title": "", "scale": map[string]any{"domain": named, "range": palette[:len(named)]}, "legend": map[string]any{"orient": "top"},
		}
	}
	return Spec(Heading{Title: b.Title, Subtitle: b.Subtitle, Notes: b.Notes}, map[string]any{
		"width": 420, "height": map[string]any{"step": step}, "data": map[string]any{"values": values}, "encoding": encoding,
		"layer": []any{
			map[string]any{"mark": map[string]any{"type": "bar"}, "encoding": map[string]any{"color": color}},
			map[string]any{"mark": map[string]any{"type": "text", "align": "left", "dx": 3, "fontSize": 9}, "encoding": map[string]any{"text": map[string]any{"field": "text"}}},
		},
	})
}

// Titled is the chart with a title and a name of its axis.
func (b Bars) Titled(title, axis string) Bars {
	b.Title, b.Axis = title, axis
	return b
}

package sketch

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// A Heatmap is a matrix of values, drawn as shaded cells: Values[row][column].
type Heatmap struct {
	Title      string      `json:"title,omitempty"`
	Subtitle   string      `json:"subtitle,omitempty"`
	RowAxis    string      `json:"row_axis,omitempty"`
	ColumnAxis string      `json:"column_axis,omitempty"`
	Rows       []string    `json:"rows,omitempty"`    // names; missing ones are the numbers from 0
	Columns    []string    `json:"columns,omitempty"` // as above
	Values     [][]float64 `json:"-"`
	Notes      []string    `json:"notes,omitempty"`
}

type heatmapFields Heatmap // without the methods

type heatmapJSON struct {
	heatmapFields
	Values [][]*float64 `json:"values"`
}

// MarshalJSON writes what is not finite as null.
func (h Heatmap) MarshalJSON() ([]byte, error) {
	raw := heatmapJSON{heatmapFields: heatmapFields(h), Values: make([][]*float64, len(h.Values))}
	for i, row := range h.Values {
		raw.Values[i] = Nullable(row)
	}
	return json.Marshal(raw)
}

// UnmarshalJSON reads null as NaN.
func (h *Heatmap) UnmarshalJSON(data []byte) error {
	var raw heatmapJSON
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*h = Heatmap(raw.heatmapFields)
	h.Values = nil
	for _, row := range raw.Values {
		h.Values = append(h.Values, denullable(row))
	}
	return nil
}

// mostCells is how many rows and columns a heat map has: beyond that neighbors are averaged.
const mostCells = 64

// Size is the number of rows and of columns.
func (h Heatmap) Size() (rows, columns int) {
	for _, row := range h.Values {
		columns = max(columns, len(row))
	}
	return len(h.Values), columns
}

// Shown is the map with at most 64 rows and columns. Of a larger one each cell is the mean of neighbors, which a note says.
func (h Heatmap) Shown() Heatmap {
	rows, columns := h.Size()
	down, across := (rows+mostCells-1)/mostCells, (columns+mostCells-1)/mostCells
	if down <= 1 && across <= 1 {
		return h
	}
	small := h
	small.Rows, small.Columns, small.Values = nil, nil, nil
	for r := 0; r < rows; r += down {
		var line []float64
		for c := 0; c < columns; c += across {
			line = append(line, h.mean(r, min(rows, r+down), c, min(columns, c+across)))
		}
		small.Values = append(small.Values, line)
		small.Rows = append(small.Rows, h.Row(r))
	}
	for c := 0; c < columns; c += across {
		small.Columns = append(small.Columns, h.Column(c))
	}
	small.Notes = append(h.Notes[:len(h.Notes):len(h.Notes)], fmt.Sprintf("%d x %d values; each cell is the mean of %d x %d", rows, columns, down, across))
	return small
}

func (h Heatmap) mean(top, bottom, left, right int) float64 {
	sum, n := 0.0, 0
	for r := top; r < bottom; r++ {
		for c := left; c < right; c++ {
			if v := h.At(r, c); !math.IsNaN(v) {
				sum, n = sum+v, n+1
			}
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return sum / float64(n)
}

// At is a value; NaN where there is none.
func (h Heatmap) At(row, column int) float64 {
	if row < len(h.Values) && column < len(h.Values[row]) && finite(h.Values[row][column]) {
		return h.Values[row][column]
	}
	return math.NaN()
}

// Row is the name of a row.
func (h Heatmap) Row(i int) string { return nameOr(h.Rows, i) }

// Column is the name of a column.
func (h Heatmap) Column(i int) string { return nameOr(h.Columns, i) }

func nameOr(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return Count(i)
}

// Range is the lowest and the highest value; 0 and 1 where there is none.
func (h Heatmap) Range() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, row := range h.Values {
		for _, v := range row {
			if finite(v) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	switch {
	case low > high:
		return 0, 1
	case low == high:
		return low, low + nonzero(math.Abs(low))
	}
	return low, high
}

// Key says which values the shades stand for.
func (h Heatmap) Key() string {
	low, high := h.Range()
	return "from " + Number(low) + " (light) to " + Number(high) + " (dark)"
}

// Axes says what rows and columns are; empty where nothing does.
func (h Heatmap) Axes() string {
	var parts []string
	if h.RowAxis != "" {
		parts = append(parts, "rows: "+h.RowAxis)
	}
	if h.ColumnAxis != "" {
		parts = append(parts, "columns: "+h.ColumnAxis)
	}
	return strings.Join(parts, ", ")
}

// Text is the values as a table, at most 12 columns of it.
func (h Heatmap) Text(width int) string {
	h = h.Shown()
	rows, columns := h.Size()
	shown := min(columns, 12)
	t := Table{Header: []string{""}}
	for c := range shown {
		t.Header, t.Right = append(t.Header, Label(h.Column(c), 10)), append(t.Right, c+1)
	}
	for r := range rows {
		line := []string{Label(h.Row(r), 20)}
		for c := range shown {
			line = append(line, Number(h.At(r, c)))
		}
		t.Rows = append(t.Rows, line)
	}
	if shown < columns {
		t.Notes = append(t.Notes, Count(columns-shown)+" more columns")
	}
	lines := wrap(Label(h.Title, 0), width)
	for _, line := range []string{h.Subtitle, h.Axes(), h.Key()} {
		lines = append(lines, wrap(Label(line, 0), width)...)
	}
	lines = append(lines, t.Text())
	for _, note := range h.Notes {
		lines = append(lines, wrap(Label(note, 0), width)...)
	}
	return strings.Join(lines, "\n")
}

// Shades are the light and the dark end of a map's colors.
func (h Heatmap) Shades() (light, dark string) { return "#F7F7F7", palette[0] }

// VegaLite is the map as a Vega-Lite v5 specification.
func (h Heatmap) VegaLite() map[string]any {
	h = h.Shown()
	rows, columns := h.Size()
	values, downs, acrosses := []any{}, []any{}, []any{}
	id := func(i int, name string) string { return Count(i) + ":" + Label(name, 40) }
	for r := range rows {
		downs = append(downs, id(r, h.Row(r)))
		for c := range columns {
			if r == 0 {
				acrosses = append(acrosses, id(c, h.Column(c)))
			}
			if v := h.At(r, c); !math.IsNaN(v) {
				values = append(values, map[string]any{"r": id(r, h.Row(r)), "c": id(c, h.Column(c)), "value": round(v), "text": Number(v)})
			}
		}
	}
	axis := func(field, title string, sort []any, angle int) map[string]any {
		return map[string]any{"field": field, "type": "nominal", "sort": sort, "title": Label(title, 60), "axis": map[string]any{
			"labelExpr": "slice(datum.label, indexof(datum.label, ':') + 1)", "labelAngle": angle, "ticks": false, "domain": false, "labelOverlap": true,
		}}
	}
	low, high := h.Range()
	light, dark := h.Shades()
	step := h.Step()
	layers := []any{map[string]any{"mark": "rect", "encoding": map[string]any{
		"color": map[string]any{
			"field": "value", "type": "quantitative", "title": "", "scale": map[string]any{"domain": []float64{low, high}, "range": []string{light, dark}},
		},
		"tooltip": []any{map[string]any{"field": "r"}, map[string]any{"field": "c"}, map[string]any{"field": "text", "title": "value"}},
	}}}
	if step >= NumberedStep {
		layers = append(layers, map[string]any{"mark": map[string]any{"type": "text", "fontSize": 9}, "encoding": map[string]any{
			"text":  map[string]any{"field": "text"},
			"color": map[string]any{"condition": map[string]any{"test": fmt.Sprintf("datum.value > %g", low+0.6*(high-low)), "value": Paper}, "value": Ink},
		}})
	}
	return Spec(Heading{Title: h.Title, Subtitle: h.Subtitle, Notes: append([]string{h.Key()}, h.Notes...)}, map[string]any{
		"width": map[string]any{"step": step}, "height": map[string]any{"step": step}, "data": map[string]any{"values": values},
		"encoding": map[string]any{"y": axis("r", h.RowAxis, downs, 0), "x": axis("c", h.ColumnAxis, acrosses, -45)},
		"layer":    layers,
	})
}

// NumberedStep is the side of a cell in CSS pixels from which on its value is written into it.
const NumberedStep = 36

// Step is the side of a cell in CSS pixels.
func (h Heatmap) Step() int {
	rows, columns := h.Size()
	return max(6, min(44, 460/max(1, rows, columns)))
}

// Titled is the map with a title and with what its rows and columns are.
func (h Heatmap) Titled(title, rows, columns string) Heatmap {
	h.Title, h.RowAxis, h.ColumnAxis = title, rows, columns
	return h
}

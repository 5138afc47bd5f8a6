package study

import (
	"math"

	vgdraw "gonum.org/v1/plot/vg/draw"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/canvas"
	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// IntervalsData compares fractions that are known up to an interval, such as accuracies on few images.
type IntervalsData struct {
	Title    string
	Subtitle string
	Axis     string   // what is compared: "accuracy"
	Series   []string // what is measured of each row, in the order of IntervalRow.Values
	Rows     []IntervalRow
	Notes    []string
}

// IntervalRow is one of the things that are compared.
type IntervalRow struct {
	Name   string
	Detail string // a second line; may be empty
	Marked bool   // whether it is pointed out, as the chosen one
	Values []IntervalValue
}

// IntervalValue is a fraction with where it may lie, all in [0, 1]. One that is not finite is left out.
type IntervalValue struct{ Value, Low, High float64 }

func (v IntervalValue) usable() bool { return !math.IsNaN(v.Value + v.Low + v.High) }

// text is the value with its interval.
func (v IntervalValue) text() string {
	if !v.usable() {
		return "–"
	}
	return sketch.Percent(canvas.Fraction(v.Value)) + " (" + sketch.Percent(canvas.Fraction(v.Low)) + " to " + sketch.Percent(canvas.Fraction(v.High)) + ")"
}

// domain is the axis: from the lowest end, rounded down to a tenth, to 1.
func (d IntervalsData) domain() (low, high float64) {
	low = 0.9
	for _, row := range d.Rows {
		for _, v := range row.Values {
			if v.usable() {
				low = min(low, math.Floor(10*canvas.Fraction(v.Low))/10)
			}
		}
	}
	return max(0, low), 1
}

// mark is what points a row out.
func (r IntervalRow) mark() string {
	if r.Marked {
		return "chosen"
	}
	return ""
}

// Sizes of the drawing in CSS pixels.
const (
	intervalRow    = 40
	intervalLabel  = 270 // room for the names
	intervalFigure = 130 // room for the values
	intervalsWidth = 740
)

// Intervals shows each row's fractions as points on one axis, with lines for their intervals.
func Intervals(d IntervalsData) display.Bundle {
	k := canvas.Card{
		Title: d.Title, Subtitle: d.Subtitle, Notes: d.Notes, Width: intervalsWidth, Height: float64(len(d.Rows)*intervalRow) + 62,
		Draw: func(c *canvas.Canvas, x, y float64) { d.draw(c, x, y) },
	}
	t := sketch.Table{Header: append([]string{"", d.Axis}, d.Series...)}
	for i := range d.Series {
		t.Right = append(t.Right, 2+i)
	}
	for _, row := range d.Rows {
		cells := []string{row.mark(), row.Name}
		for i := range d.Series {
			cells = append(cells, row.value(i).text())
		}
		t.Rows = append(t.Rows, cells)
	}
	return k.Bundle(k.TextOf(t.Text()), "", d.vega())
}

// value is that of a series; one that is not there is not usable.
func (r IntervalRow) value(i int) IntervalValue {
	if i >= len(r.Values) {
		return IntervalValue{Value: math.NaN()}
	}
	return r.Values[i]
}

func (d IntervalsData) draw(c *canvas.Canvas, x, y float64) {
	low, high := d.domain()
	from, to := x+intervalLabel, x+intervalsWidth-intervalFigure
	at := func(v float64) float64 { return from + (to-from)*(min(high, max(low, v))-low)/(high-low) }
	legend := x + intervalLabel
	for i, name := range d.Series { // above the rows
		p := c.Point(legend+5, y+9)
		canvas.DrawPoint(vgdraw.New(c.VG), p, i, palette.Series(i), 3.5)
		label := canvas.SmallStyle.Fit(name, 220)
		c.Text(legend+14, y+13, canvas.SmallStyle, label)
		legend += 34 + canvas.SmallStyle.Width(label)
	}
	top := y + 24
	bottom := top + float64(len(d.Rows)*intervalRow)
	label := canvas.TickLabel(low, high, true)
	for _, tick := range canvas.Ticks(low, high, 5, label) {
		c.Line(palette.Rule, 0.75, at(tick.Value), top, at(tick.Value), bottom)
		c.Text(at(tick.Value), bottom+16, canvas.SmallStyle.At(canvas.Center), tick.Label)
	}
	c.Text((from+to)/2, bottom+33, canvas.BodyStyle.At(canvas.Center), sketch.Label(d.Axis, 60))
	for i, row := range d.Rows {
		d.drawRow(c, row, x, top+float64(i*intervalRow), at)
	}
}

func (d IntervalsData) drawRow(c *canvas.Canvas, row IntervalRow, x, y float64, at func(float64) float64) {
	name := canvas.BodyStyle
	if row.Marked {
		name = canvas.HeadStyle
	}
	middle := y + intervalRow/2
	baseline := middle + 4
	if row.Detail != "" {
		baseline = middle - 3
		c.Text(x, middle+12, canvas.SmallStyle, canvas.SmallStyle.Fit(row.Detail, intervalLabel-12))
	}
	title := row.Name
	if row.Marked {
		title += " · chosen"
	}
	c.Text(x, baseline, name, name.Fit(title, intervalLabel-12))
	for i := range d.Series {
		v := row.value(i)
		if !v.usable() {
			continue
		}
		place := middle + (float64(i)-float64(len(d.Series)-1)/2)*13
		from, to := at(canvas.Fraction(v.Low)), at(canvas.Fraction(v.High))
		c.Line(palette.Series(i), 1.5, from, place, to, place)
		for _, end := range []float64{from, to} {
			c.Line(palette.Series(i), 1.5, end, place-3, end, place+3)
		}
		canvas.DrawPoint(vgdraw.New(c.VG), c.Point(at(canvas.Fraction(v.Value)), place), i, palette.Series(i), 3.5)
		c.Text(x+intervalsWidth, place+4, canvas.SmallStyle.Sized(10).At(canvas.ToRight), v.text())
	}
}

func (d IntervalsData) vega() map[string]any {
	values, names := []any{}, []any{}
	for _, name := range d.Series {
		names = append(names, sketch.Label(name, 60))
	}
	for _, row := range d.Rows {
		title := sketch.Label(row.Name, 40)
		if row.Marked {
			title += " · chosen"
		}
		for i := range d.Series {
			if v := row.value(i); v.usable() {
				values = append(values, map[string]any{
					"row": title, "series": names[i], "value": canvas.Fraction(v.Value), "low": canvas.Fraction(v.Low), "high": canvas.Fraction(v.High), "detail": sketch.Label(row.Detail, 120),
				})
			}
		}
	}
	low, high := d.domain()
	x := func(field string) map[string]any {
		return map[string]any{
			"field": field, "type": "quantitative", "title": sketch.Label(d.Axis, 60), "scale": map[string]any{"domain": []float64{low, high}, "nice": false, "zero": false, "padding": 5},
			"axis": map[string]any{"format": ".0%", "tickCount": 5},
		}
	}
	encoding := func(field string) map[string]any {
		e := map[string]any{
			"x": x(field), "y": map[string]any{"field": "row", "type": "ordinal", "sort": nil, "title": nil},
			"yOffset": map[string]any{"field": "series", "sort": nil},
			"tooltip": []any{
				map[string]any{"field": "row", "title": "stages"}, map[string]any{"field": "series"}, map[string]any{"field": "value", "format": ".1%"},
				map[string]any{"field": "low", "title": "from", "format": ".1%"}, map[string]any{"field": "high", "title": "to", "format": ".1%"}, map[string]any{"field": "detail", "title": "classifier"},
			},
		}
		if len(names) > 0 {
			e["color"] = vegaSeries("series", names, sketch.Palette())
		}
		return e
	}
	rule := encoding("low")
	rule["x2"] = map[string]any{"field": "high"}
	points := encoding("value")
	if len(names) > 0 {
		points["shape"] = vegaSeries("series", names, []string{"circle", "square", "triangle-up", "diamond", "cross", "triangle-down"})
	}
	return sketch.Spec(sketch.Heading{Title: d.Title, Subtitle: d.Subtitle, Notes: d.Notes}, map[string]any{
		"width": 420, "height": map[string]any{"step": 34, "for": "position"}, "data": map[string]any{"values": values},
		"layer": []any{
			map[string]any{"mark": map[string]any{"type": "rule", "strokeWidth": 1.5}, "encoding": rule},
			map[string]any{"mark": map[string]any{"type": "point", "filled": true, "size": 60, "opacity": 1}, "encoding": points},
		},
	})
}

// vegaSeries encodes which series a value belongs to, in the order of the names.
func vegaSeries(field string, names []any, entries []string) map[string]any {
	list := make([]any, len(names))
	for i := range names {
		list[i] = entries[i%len(entries)]
	}
	return map[string]any{
		"field": field, "type": "nominal", "title": "", "scale": map[string]any{"domain": names, "range": list},
		"legend": map[string]any{"orient": "top", "symbolSize": 80, "labelLimit": 300},
	}
}

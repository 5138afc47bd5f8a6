package figure

import (
	"math"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/canvas"
	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// Layout of grouped bars, in CSS pixels.
const (
	groupedBar = 11 // height of a bar with others below it
	groupGap   = 7
	extraWidth = 90
)

// Bars shows values by name as horizontal bars, one group for each name.
func Bars(d sketch.Bars) display.Bundle {
	shown := d.Shown()
	label, extra := 0.0, 0.0
	for i, name := range shown.Names {
		label = max(label, canvas.BodyStyle.Width(canvas.BodyStyle.Fit(name, barLabel)))
		extra = max(extra, canvas.SmallStyle.Width(canvas.SmallStyle.Fit(shown.ExtraOf(i), extraWidth)))
	}
	if len(d.Extra) > 0 {
		extra = max(extra, canvas.SmallStyle.Width(canvas.SmallStyle.Fit(d.ExtraName, extraWidth))) + 10
	}
	each := float64(barHeight)
	if len(shown.Series) > 1 {
		each = groupedBar
	}
	group := each*float64(max(1, len(shown.Series))) + groupGap
	head := 8.0
	if named(shown.Series) || d.Axis != "" || len(d.Extra) > 0 {
		head = canvas.PanelHead
	}
	k := canvas.Card{
		Title: d.Title, Subtitle: d.Subtitle, Notes: shown.Notes,
		Width: label + extra + 10 + barWidth + 50, Height: head + group*float64(len(shown.Names)),
		Draw: func(c *canvas.Canvas, x, y float64) {
			left := x + label + 10 + extra
			at := left
			for i, s := range shown.Series {
				if s.Name != "" {
					c.Bar(at, y+3, 14, 11, i)
					at += 20 + c.Text(at+19, y+13, canvas.BodyStyle, canvas.BodyStyle.Fit(s.Name, 150)) + 14
				}
			}
			c.Text(at, y+13, canvas.NoteStyle, canvas.NoteStyle.Fit(d.Axis, max(20, x+label+extra+barWidth+60-at)))
			if len(d.Extra) > 0 {
				c.Text(left-8, y+13, canvas.SmallStyle.At(canvas.ToRight), canvas.SmallStyle.Fit(d.ExtraName, extraWidth))
			}
			for i := range shown.Names {
				drawGroup(c, shown, i, x+label, y+head+group*float64(i), extra, each)
			}
		},
	}
	return k.Bundle(d.Text(canvas.TextWidth), "", d.VegaLite())
}

func named(series []sketch.BarSeries) bool {
	for _, s := range series {
		if s.Name != "" {
			return true
		}
	}
	return false
}

// drawGroup draws the bars of one name; x is the right edge of the names.
func drawGroup(c *canvas.Canvas, d sketch.Bars, name int, x, y, extra, each float64) {
	height := each * float64(len(d.Series))
	c.Text(x, y+height/2+4, canvas.BodyStyle.At(canvas.ToRight), canvas.BodyStyle.Fit(d.Names[name], barLabel))
	left := x + 10 + extra
	if extra > 0 {
		c.Text(left-8, y+height/2+4, canvas.SmallStyle.At(canvas.ToRight), canvas.SmallStyle.Fit(d.ExtraOf(name), extraWidth))
	}
	low, high := d.Domain()
	scale := func(v float64) float64 { return barWidth * (v/2 - low/2) / (high/2 - low/2) } // halves cannot overflow
	zero := scale(0)
	if low < 0 {
		c.Line(palette.Rule, 0.75, left+zero, y-groupGap/2, left+zero, y+height+groupGap/2)
	}
	for s := range d.Series {
		v := d.At(s, name)
		top := y + each*float64(s)
		if math.IsNaN(v) {
			c.Text(left+zero+4, top+each/2+3, canvas.SmallStyle.Sized(9), "–")
			continue
		}
		end := scale(v)
		c.Bar(left+min(zero, end), top, math.Abs(end-zero), each-1, s)
		size := 11.0
		if len(d.Series) > 1 {
			size = 9
		}
		c.Text(left+max(zero, end)+4, top+each/2+size*0.36, canvas.SmallStyle.Sized(size), d.Value(v))
	}
}

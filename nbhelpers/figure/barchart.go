package figure

import (
	"math"

	"github.com/headstart-nb/headstart/nbhelpers/display"
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
		label = max(label, bodyStyle.width(bodyStyle.fit(name, barLabel)))
		extra = max(extra, smallStyle.width(smallStyle.fit(shown.ExtraOf(i), extraWidth)))
	}
	if len(d.Extra) > 0 {
		extra = max(extra, smallStyle.width(smallStyle.fit(d.ExtraName, extraWidth))) + 10
	}
	each := float64(barHeight)
	if len(shown.Series) > 1 {
		each = groupedBar
	}
	group := each*float64(max(1, len(shown.Series))) + groupGap
	head := 8.0
	if named(shown.Series) || d.Axis != "" || len(d.Extra) > 0 {
		head = panelHead
	}
	k := card{
		title: d.Title, subtitle: d.Subtitle, notes: shown.Notes,
		width: label + extra + 10 + barWidth + 50, height: head + group*float64(len(shown.Names)),
		draw: func(c *canvas, x, y float64) {
			left := x + label + 10 + extra
			at := left
			for i, s := range shown.Series {
				if s.Name != "" {
					c.bar(at, y+3, 14, 11, i)
					at += 20 + c.text(at+19, y+13, bodyStyle, bodyStyle.fit(s.Name, 150)) + 14
				}
			}
			c.text(at, y+13, noteStyle, noteStyle.fit(d.Axis, max(20, x+label+extra+barWidth+60-at)))
			if len(d.Extra) > 0 {
				c.text(left-8, y+13, smallStyle.at(toRight), smallStyle.fit(d.ExtraName, extraWidth))
			}
			for i := range shown.Names {
				drawGroup(c, shown, i, x+label, y+head+group*float64(i), extra, each)
			}
		},
	}
	return k.bundle(d.Text(textWidth), "", d.VegaLite())
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
func drawGroup(c *canvas, d sketch.Bars, name int, x, y, extra, each float64) {
	height := each * float64(len(d.Series))
	c.text(x, y+height/2+4, bodyStyle.at(toRight), bodyStyle.fit(d.Names[name], barLabel))
	left := x + 10 + extra
	if extra > 0 {
		c.text(left-8, y+height/2+4, smallStyle.at(toRight), smallStyle.fit(d.ExtraOf(name), extraWidth))
	}
	low, high := d.Domain()
	scale := func(v float64) float64 { return barWidth * (v/2 - low/2) / (high/2 - low/2) } // halves cannot overflow
	zero := scale(0)
	if low < 0 {
		c.line(palette.Rule, 0.75, left+zero, y-groupGap/2, left+zero, y+height+groupGap/2)
	}
	for s := range d.Series {
		v := d.At(s, name)
		top := y + each*float64(s)
		if math.IsNaN(v) {
			c.text(left+zero+4, top+each/2+3, smallStyle.sized(9), "–")
			continue
		}
		end := scale(v)
		c.bar(left+min(zero, end), top, math.Abs(end-zero), each-1, s)
		size := 11.0
		if len(d.Series) > 1 {
			size = 9
		}
		c.text(left+max(zero, end)+4, top+each/2+size*0.36, smallStyle.sized(size), d.Value(v))
	}
}

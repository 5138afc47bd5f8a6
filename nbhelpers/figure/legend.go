package figure

import (
	"fmt"

	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"

	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
)

// Layout of legends, in CSS pixels.
const (
	legendRow    = 18
	legendSample = 24 // a piece of the line
	legendText   = legendSample + 5
	legendGap    = 12
	mostNamed    = 12 // lines of a panel that its legend names
)

// panelTitle is the name of a panel as its head shows it.
func panelTitle(p Panel) string {
	name := p.Name
	if p.Log() {
		name += ", log scale"
	}
	return headStyle.fit(name, panelWidth/2)
}

// A legend is the lines of a panel laid out: in its head where all fit there, else in rows below it.
type legend struct {
	entries []legendEntry
	rows    int // below the head
}

type legendEntry struct {
	x    float64 // from the panel's edge
	row  int     // 0 is the head
	name string
	line bool // else it says how many lines are not named
}

func legendOf(p Panel) legend {
	var l legend
	for _, line := range p.Lines[:min(len(p.Lines), mostNamed)] {
		l.entries = append(l.entries, legendEntry{name: bodyStyle.fit(line.Name, panelWidth-legendText), line: true})
	}
	if more := len(p.Lines) - mostNamed; more > 0 {
		l.entries = append(l.entries, legendEntry{name: fmt.Sprintf("and %d more", more)})
	}
	head := 8 + headStyle.width(panelTitle(p)) + legendGap
	if x, row := l.place(head, 0); row == 0 && x <= panelWidth {
		return l
	}
	_, l.rows = l.place(4, 1)
	return l
}

// place gives the entries their places from a point on, and returns where the last one ends.
func (l legend) place(x float64, row int) (end float64, last int) {
	for i := range l.entries {
		e := &l.entries[i]
		width := bodyStyle.width(e.name)
		if e.line {
			width += legendText
		}
		if i > 0 && x+width > panelWidth {
			x, row = 4, row+1
		}
		e.x, e.row, end = x, row, x+width
		x = end + legendGap
	}
	return end, row
}

// height is that of the rows below the head.
func (l legend) height() float64 { return float64(l.rows * legendRow) }

// draw draws the entries; y is the middle of the panel's head.
func (l legend) draw(c *canvas, x, y float64) {
	for i, e := range l.entries {
		left, middle := x+e.x, y+float64(e.row*legendRow)
		if !e.line {
			c.text(left, middle+4, bodyStyle, e.name)
			continue
		}
		area := c.area(left, middle-5, legendSample, 10)
		at := vg.Point{X: (area.Min.X + area.Max.X) / 2, Y: (area.Min.Y + area.Max.Y) / 2}
		stroke := vgdraw.LineStyle{Color: palette.Series(i), Width: 1.75, Dashes: lineDashes[i%len(lineDashes)]}
		area.StrokeLine2(stroke, area.Min.X, at.Y, area.Max.X, at.Y)
		drawPoint(area, at, i, palette.Series(i), 3)
		c.text(left+legendText, middle+4, bodyStyle, e.name)
	}
}

package canvas

import (
	"fmt"

	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"

	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// Size of a panel in CSS pixels, its heading included, and the space between two.
const (
	PanelWidth  = 344
	PanelHeight = 250
	PanelGap    = 20
	PanelHead   = 24
)

// Layout of legends, in CSS pixels.
const (
	LegendRow    = 18
	LegendSample = 24 // a piece of the line
	LegendText   = LegendSample + 5
	legendGap    = 12
	mostNamed    = 12 // lines of a panel that its legend names
)

// PanelTitle is the name of a panel as its head shows it.
func PanelTitle(p sketch.Panel) string {
	name := p.Name
	if p.Log() {
		name += ", log scale"
	}
	return HeadStyle.Fit(name, PanelWidth/2)
}

// A Legend is the lines of a panel laid out: in its head where all fit there, else in rows below it.
type Legend struct {
	entries []legendEntry
	rows    int // below the head
}

type legendEntry struct {
	x    float64 // from the panel's edge
	row  int     // 0 is the head
	name string
	line bool // else it says how many lines are not named
}

// LegendOf lays out the legend of a panel.
func LegendOf(p sketch.Panel) Legend {
	var l Legend
	for _, line := range p.Lines[:min(len(p.Lines), mostNamed)] {
		l.entries = append(l.entries, legendEntry{name: BodyStyle.Fit(line.Name, PanelWidth-LegendText), line: true})
	}
	if more := len(p.Lines) - mostNamed; more > 0 {
		l.entries = append(l.entries, legendEntry{name: fmt.Sprintf("and %d more", more)})
	}
	head := 8 + HeadStyle.Width(PanelTitle(p)) + legendGap
	if x, row := l.place(head, 0); row == 0 && x <= PanelWidth {
		return l
	}
	_, l.rows = l.place(4, 1)
	return l
}

// place gives the entries their places from a point on, and returns where the last one ends.
func (l Legend) place(x float64, row int) (end float64, last int) {
	for i := range l.entries {
		e := &l.entries[i]
		width := BodyStyle.Width(e.name)
		if e.line {
			width += LegendText
		}
		if i > 0 && x+width > PanelWidth {
			x, row = 4, row+1
		}
		e.x, e.row, end = x, row, x+width
		x = end + legendGap
	}
	return end, row
}

// Height is that of the rows below the head.
func (l Legend) Height() float64 { return float64(l.rows * LegendRow) }

// Draw draws the entries; y is the middle of the panel's head.
func (l Legend) Draw(c *Canvas, x, y float64) {
	for i, e := range l.entries {
		left, middle := x+e.x, y+float64(e.row*LegendRow)
		if !e.line {
			c.Text(left, middle+4, BodyStyle, e.name)
			continue
		}
		area := c.Area(left, middle-5, LegendSample, 10)
		at := vg.Point{X: (area.Min.X + area.Max.X) / 2, Y: (area.Min.Y + area.Max.Y) / 2}
		stroke := vgdraw.LineStyle{Color: palette.Series(i), Width: 1.75, Dashes: LineDashes[i%len(LineDashes)]}
		area.StrokeLine2(stroke, area.Min.X, at.Y, area.Max.X, at.Y)
		DrawPoint(area, at, i, palette.Series(i), 3)
		c.Text(left+LegendText, middle+4, BodyStyle, e.name)
	}
}

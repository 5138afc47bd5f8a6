package figure

import (
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// Size of a panel in CSS pixels, its heading included, and the space between two.
const (
	panelWidth  = 344
	panelHeight = 250
	panelGap    = 20
	panelHead   = 24
	panelsInRow = 2
	mostPanels  = 24 // drawn; the text and Vega-Lite forms have all
)

// textWidth is how wide charts of characters are, in columns.
const textWidth = 88

// Curves shows the learning curves of a run, finished or live: a panel for each quantity, the best epoch marked, the
// state of the run below the title.
func Curves(d CurvesData) display.Bundle {
	shown, notes := d.Panels, d.Notes
	if len(shown) > mostPanels {
		notes = append(notes[:len(notes):len(notes)], fmt.Sprintf("%d more panels are not drawn", len(shown)-mostPanels))
		shown = shown[:mostPanels]
	}
	rows := (len(shown) + panelsInRow - 1) / panelsInRow
	inRow := min(len(shown), panelsInRow)
	below := 0.0 // height of the highest legend that does not fit into the head of its panel
	for _, p := range shown {
		below = max(below, legendOf(p).height())
	}
	k := card{
		title: d.Title, subtitle: d.Summary(), notes: notes,
		width:  float64(inRow*(panelWidth+panelGap) - panelGap),
		height: float64(rows) * (panelHeight + below),
		draw: func(c *canvas, x, y float64) {
			for i, p := range shown {
				left := x + float64(i%panelsInRow*(panelWidth+panelGap))
				drawPanel(c, left, y+float64(i/panelsInRow)*(panelHeight+below), below, d, p)
			}
		},
	}
	return k.bundle(d.Text(textWidth), "", d.VegaLite())
}

// drawPanel draws a panel with so much room for its legend between its head and its plot.
func drawPanel(c *canvas, x, y, below float64, d CurvesData, p Panel) {
	c.text(x+4, y+14, headStyle, panelTitle(p))
	legendOf(p).draw(c, x, y+10)
	y += below

	drawn := newPlot(d.AxisName(), "")
	last := d.Last()
	drawn.X.Min, drawn.X.Max = 1, float64(max(2, last))
	drawn.X.Tick.Marker = epochTicks(last, func(v float64) string { return strconv.Itoa(int(v)) })
	drawn.Y.Min, drawn.Y.Max = p.Domain()
	label := tickLabel(drawn.Y.Min, drawn.Y.Max, p.Fraction)
	if p.Log() {
		drawn.Y.Scale = plot.LogScale{}
		drawn.Y.Tick.Marker = logTicks(drawn.Y.Min, drawn.Y.Max, func(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) })
	} else {
		drawn.Y.Tick.Marker = ticks(drawn.Y.Min, drawn.Y.Max, 5, label)
	}
	drawn.Add(gridLines{}, bestLine{best: d.Best})
	for i, line := range p.Lines {
		drawn.Add(series{values: line.Values, index: i, points: last <= 40})
	}
	drawn.Draw(c.area(x, y+panelHead, panelWidth-8, panelHeight-panelHead))
	if _, _, ok := p.Range(); !ok {
		c.text(x+panelWidth/2+10, y+panelHeight/2, noteStyle.at(center), "waiting for the first "+d.AxisName())
	}
}

// tickLabel writes the values of an axis with as many decimals as its span needs.
func tickLabel(low, high float64, fraction bool) func(float64) string {
	span := math.Abs(high - low)
	if fraction {
		decimals := 0
		if span < 0.05 {
			decimals = 1
		}
		return func(v float64) string { return strconv.FormatFloat(100*v, 'f', decimals, 64) + " %" }
	}
	if span == 0 || math.Abs(high) >= 1e6 || span < 1e-4 {
		return func(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }
	}
	decimals := max(0, int(math.Ceil(-math.Log10(sketch.NiceStep(span/5))-1e-9)))
	return func(v float64) string { return strconv.FormatFloat(v, 'f', decimals, 64) }
}

// bestLine marks the best epoch; 0 marks none.
type bestLine struct{ best int }

func (b bestLine) Plot(c vgdraw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	at := x(float64(b.best))
	if b.best <= 0 || !c.ContainsX(at) {
		return
	}
	c.StrokeLine2(vgdraw.LineStyle{Color: palette.Faint, Width: 1, Dashes: []vg.Length{1.5, 2.5}}, at, c.Min.Y, at, c.Max.Y)
	s := smallStyle.vg()
	s.YAlign, s.XAlign = vgdraw.YBottom, vgdraw.XLeft
	dx := vg.Length(3)
	if at > c.Center().X {
		s.XAlign, dx = vgdraw.XRight, -3
	}
	c.FillText(s, vg.Point{X: at + dx, Y: c.Min.Y + 3}, "best "+strconv.Itoa(b.best))
}

package figure

import (
	"fmt"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/canvas"
	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
)

const (
	panelsInRow = 2
	mostPanels  = 24 // drawn; the text and Vega-Lite forms have all
)

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
		below = max(below, canvas.LegendOf(p).Height())
	}
	k := canvas.Card{
		Title: d.Title, Subtitle: d.Summary(), Notes: notes,
		Width:  float64(inRow*(canvas.PanelWidth+canvas.PanelGap) - canvas.PanelGap),
		Height: float64(rows) * (canvas.PanelHeight + below),
		Draw: func(c *canvas.Canvas, x, y float64) {
			for i, p := range shown {
				left := x + float64(i%panelsInRow*(canvas.PanelWidth+canvas.PanelGap))
				drawPanel(c, left, y+float64(i/panelsInRow)*(canvas.PanelHeight+below), below, d, p)
			}
		},
	}
	return k.Bundle(d.Text(canvas.TextWidth), "", d.VegaLite())
}

// drawPanel draws a panel with so much room for its legend between its head and its plot.
func drawPanel(c *canvas.Canvas, x, y, below float64, d CurvesData, p Panel) {
	c.Text(x+4, y+14, canvas.HeadStyle, canvas.PanelTitle(p))
	canvas.LegendOf(p).Draw(c, x, y+10)
	y += below

	drawn := canvas.NewPlot(d.AxisName(), "")
	last := d.Last()
	drawn.X.Min, drawn.X.Max = 1, float64(max(2, last))
	drawn.X.Tick.Marker = canvas.EpochTicks(last, func(v float64) string { return strconv.Itoa(int(v)) })
	drawn.Y.Min, drawn.Y.Max = p.Domain()
	label := canvas.TickLabel(drawn.Y.Min, drawn.Y.Max, p.Fraction)
	if p.Log() {
		drawn.Y.Scale = plot.LogScale{}
		drawn.Y.Tick.Marker = canvas.LogTicks(drawn.Y.Min, drawn.Y.Max, func(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) })
	} else {
		drawn.Y.Tick.Marker = canvas.Ticks(drawn.Y.Min, drawn.Y.Max, 5, label)
	}
	drawn.Add(canvas.GridLines{}, bestLine{best: d.Best})
	for i, line := range p.Lines {
		drawn.Add(canvas.Series{Values: line.Values, Index: i, Points: last <= 40})
	}
	drawn.Draw(c.Area(x, y+canvas.PanelHead, canvas.PanelWidth-8, canvas.PanelHeight-canvas.PanelHead))
	if _, _, ok := p.Range(); !ok {
		c.Text(x+canvas.PanelWidth/2+10, y+canvas.PanelHeight/2, canvas.NoteStyle.At(canvas.Center), "waiting for the first "+d.AxisName())
	}
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
	s := canvas.SmallStyle.VG()
	s.YAlign, s.XAlign = vgdraw.YBottom, vgdraw.XLeft
	dx := vg.Length(3)
	if at > c.Center().X {
		s.XAlign, dx = vgdraw.XRight, -3
	}
	c.FillText(s, vg.Point{X: at + dx, Y: c.Min.Y + 3}, "best "+strconv.Itoa(b.best))
}

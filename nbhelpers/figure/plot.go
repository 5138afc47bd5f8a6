package figure

import (
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/canvas"
	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// Layout of a plot, in CSS pixels.
const (
	plotWide   = 620 // a panel that stands alone
	plotHeight = 300
	mostTicks  = 8 // on a logarithmic axis
)

// Plot shows lines, points and bins over numeric axes.
func Plot(d sketch.Plot) display.Bundle {
	shown, notes := d.Panels, d.AllNotes()
	if len(shown) > mostPanels {
		notes = append(notes, fmt.Sprintf("%d more panels are not drawn", len(shown)-mostPanels))
		shown = shown[:mostPanels]
	}
	inRow := max(1, min(len(shown), panelsInRow))
	width := float64(canvas.PanelWidth)
	if len(shown) == 1 {
		width = plotWide
	}
	rows := (len(shown) + inRow - 1) / inRow
	heads := 0.0 // height of the names and legends above the highest panel
	for _, v := range shown {
		heads = max(heads, viewHead(v))
	}
	k := canvas.Card{
		Title: d.Title, Subtitle: d.Subtitle, Notes: notes,
		Width: float64(inRow)*(width+canvas.PanelGap) - canvas.PanelGap, Height: float64(rows) * (heads + plotHeight),
		Draw: func(c *canvas.Canvas, x, y float64) {
			for i, v := range shown {
				drawView(c, x+float64(i%inRow)*(width+canvas.PanelGap), y+float64(i/inRow)*(heads+plotHeight), width, heads, v)
			}
		},
	}
	text := d
	text.Notes = notes
	return k.Bundle(text.Text(canvas.TextWidth), "", d.VegaLite())
}

// viewHead is the height of a panel's name and of its legend, one series on a line.
func viewHead(v sketch.View) float64 {
	height := 4.0
	if v.Name != "" {
		height += canvas.LegendRow
	}
	series, more := v.Drawn()
	for _, s := range series {
		if s.Name != "" {
			height += canvas.LegendRow
		}
	}
	if more > 0 {
		height += canvas.LegendRow
	}
	return height
}

func drawView(c *canvas.Canvas, x, y, width, heads float64, v sketch.View) {
	at := y + 12
	if v.Name != "" {
		c.Text(x+4, at, canvas.HeadStyle, canvas.HeadStyle.Fit(v.Name, width-8))
		at += canvas.LegendRow
	}
	series, more := v.Drawn()
	for i, s := range series {
		if s.Name == "" {
			continue
		}
		drawSample(c, x+4, at-4, s.Kind, i)
		c.Text(x+4+canvas.LegendText, at, canvas.BodyStyle, canvas.BodyStyle.Fit(s.Name, width-canvas.LegendText-8))
		at += canvas.LegendRow
	}
	if more > 0 {
		c.Text(x+4, at, canvas.BodyStyle, fmt.Sprintf("and %d more", more))
	}
	lowX, highX := v.DomainX()
	lowY, highY := v.DomainY()
	p := canvas.NewPlot(axisText(v.X), axisText(v.Y))
	scaleAxis(&p.X, v.X, lowX, highX)
	scaleAxis(&p.Y, v.Y, lowY, highY)
	p.Add(canvas.GridLines{})
	if v.Diagonal {
		p.Add(diagonal{})
	}
	for i, s := range series {
		p.Add(plotted{s, v, i})
	}
	p.Add(rules{v})
	p.Draw(c.Area(x, y+heads, width-8, plotHeight-8))
	if v.Count() == 0 {
		c.Text(x+width/2+10, y+heads+plotHeight/2, canvas.NoteStyle.At(canvas.Center), "no value")
	}
}

func axisText(a sketch.Axis) string { return canvas.BodyStyle.Fit(a.Name, plotHeight-40) }

// scaleAxis gives an axis its ticks. The plots are drawn in units of their axes, from 0 to 1: package plot takes no other numbers
// in good part, such as those that are almost 0 on a logarithmic axis.
func scaleAxis(to *plot.Axis, a sketch.Axis, low, high float64) {
	to.Min, to.Max, to.Scale = 0, 1, plot.LinearScale{}
	marks := canvas.Ticks(low, high, 5, canvas.TickLabel(low, high, a.Fraction))
	if a.Log && high/low >= 10 {
		marks = decades(low, high)
	}
	var placed plot.ConstantTicks
	for _, mark := range marks {
		if u := a.Unit(mark.Value, low, high); u >= -1e-9 && u <= 1+1e-9 {
			placed = append(placed, plot.Tick{Value: u, Label: mark.Label})
		}
	}
	to.Tick.Marker = placed
}

// decades are powers of ten between low and high, which are positive, with twos and fives where there are few of them.
func decades(low, high float64) plot.ConstantTicks {
	first, last := math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
	factors := []float64{1, 2, 5}
	if last-first > 3 {
		factors = factors[:1]
	}
	step := math.Max(1, math.Ceil((last-first)/mostTicks))
	var marks plot.ConstantTicks
	for exponent := first; exponent <= last; exponent += step {
		for _, factor := range factors {
			if v := factor * math.Pow(10, exponent); v >= low && v <= high {
				marks = append(marks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'g', 6, 64)})
			}
		}
	}
	return marks
}

// drawSample draws a piece of a series for the legend.
func drawSample(c *canvas.Canvas, x, y float64, kind sketch.Kind, index int) {
	switch kind {
	case sketch.KindBins:
		c.Bar(x+4, y-5, canvas.LegendSample-8, 10, index)
	case sketch.KindPoints:
		area := c.Area(x, y-5, canvas.LegendSample, 10)
		canvas.DrawPoint(area, vg.Point{X: (area.Min.X + area.Max.X) / 2, Y: (area.Min.Y + area.Max.Y) / 2}, index, palette.Series(index), 3)
	default:
		area := c.Area(x, y-5, canvas.LegendSample, 10)
		middle := (area.Min.Y + area.Max.Y) / 2
		area.StrokeLine2(lineStyle(index), area.Min.X, middle, area.Max.X, middle)
	}
}

// lineStyle tells lines apart by color and dash; the first is solid, since it often stands alone.
func lineStyle(index int) vgdraw.LineStyle {
	return vgdraw.LineStyle{Color: palette.Series(index), Width: 1.75, Dashes: canvas.LineDashes[(index+1)%len(canvas.LineDashes)]}
}

// plotted draws one series.
type plotted struct {
	series sketch.Series
	view   sketch.View
	index  int
}

func (d plotted) Plot(c vgdraw.Canvas, _ *plot.Plot) {
	lowX, highX := d.view.DomainX()
	lowY, highY := d.view.DomainY()
	toX := func(v float64) vg.Length { return c.X(d.view.X.Unit(v, lowX, highX)) }
	toY := func(v float64) vg.Length { return c.Y(d.view.Y.Unit(v, lowY, highY)) }
	if d.series.Kind == sketch.KindBins {
		floor := lowY
		if !d.view.Y.Log {
			floor = max(0, lowY)
		}
		d.bins(c, toX, toY, toY(floor))
		return
	}
	xs, ys := d.series.Shown()
	var run []vg.Point
	flush := func() {
		if d.series.Kind == sketch.KindLine && len(run) > 0 {
			c.StrokeLines(lineStyle(d.index), c.ClipLinesXY(run)...)
		}
		run = nil
	}
	for i := range xs {
		at := vg.Point{X: toX(xs[i]), Y: toY(ys[i])}
		if !drawnAt(at) {
			flush()
			continue
		}
		run = append(run, at)
		if d.series.Kind == sketch.KindPoints && c.Contains(at) {
			canvas.DrawPoint(c, at, d.index, palette.Series(d.index), 2.6)
		}
	}
	flush()
}

// drawnAt says whether a point can be drawn: it is a number, and not so far away that a line to it overflows.
func drawnAt(p vg.Point) bool {
	return math.Abs(float64(p.X)) < 1e6 && math.Abs(float64(p.Y)) < 1e6
}

func (d plotted) bins(c vgdraw.Canvas, toX, toY func(float64) vg.Length, floor vg.Length) {
	low, high, height := d.view.Bins(d.series)
	for i := range height {
		x0, x1 := max(c.Min.X, min(c.Max.X, toX(low[i]))), min(c.Max.X, max(c.Min.X, toX(high[i])))
		y0, y1 := max(c.Min.Y, min(c.Max.Y, floor)), min(c.Max.Y, max(c.Min.Y, toY(height[i])))
		if !drawnAt(vg.Point{X: x0 + x1, Y: y0 + y1}) {
			continue
		}
		if x1-x0 > 3 {
			x1--
		}
		fill := palette.Mix(palette.Paper, palette.Series(d.index), 0.8)
		c.FillPolygon(fill, []vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}})
	}
}

// diagonal is the dashed line from corner to corner.
type diagonal struct{}

func (diagonal) Plot(c vgdraw.Canvas, _ *plot.Plot) {
	c.StrokeLine2(vgdraw.LineStyle{Color: palette.Faint, Width: 1, Dashes: []vg.Length{4, 3}}, c.Min.X, c.Min.Y, c.Max.X, c.Max.Y)
}

// rules are vertical lines with their labels.
type rules struct{ view sketch.View }

func (r rules) Plot(c vgdraw.Canvas, _ *plot.Plot) {
	low, high := r.view.DomainX()
	for _, rule := range r.view.Rules {
		u := r.view.X.Unit(rule.At, low, high)
		if !(u >= 0 && u <= 1) {
			continue
		}
		at := c.X(u)
		c.StrokeLine2(vgdraw.LineStyle{Color: palette.Faint, Width: 1, Dashes: []vg.Length{1.5, 2.5}}, at, c.Min.Y, at, c.Max.Y)
		s := canvas.SmallStyle.VG()
		s.YAlign, s.XAlign = vgdraw.YBottom, vgdraw.XLeft
		dx := vg.Length(3)
		if at > c.Center().X {
			s.XAlign, dx = vgdraw.XRight, -3
		}
		c.FillText(s, vg.Point{X: at + dx, Y: c.Min.Y + 3}, canvas.SmallStyle.Fit(rule.Label, 200))
	}
}

package study

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/canvas"
	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// RateRangeData is a learning-rate range test: the loss over a rising learning rate.
type RateRangeData struct {
	Title     string
	Rates     []float64 // rising and positive
	Losses    []float64 // one for each rate; what is not finite is left out
	Suggested float64   // the rate that is marked; 0 marks none
	Notes     []string
}

// usable are the pairs that a chart with a logarithmic axis has a place for.
func (d RateRangeData) usable() (rates, losses []float64) {
	for i := range min(len(d.Rates), len(d.Losses)) {
		rate, loss := d.Rates[i], d.Losses[i]
		if rate > 0 && !math.IsInf(rate, 0) && !math.IsNaN(loss) && !math.IsInf(loss, 0) {
			rates, losses = append(rates, rate), append(losses, loss)
		}
	}
	return rates, losses
}

func (d RateRangeData) subtitle() string {
	if !(d.Suggested > 0) { // NaN as well
		return fmt.Sprintf("%d steps", len(d.Rates))
	}
	return fmt.Sprintf("%d steps · suggested learning rate %.2g", len(d.Rates), d.Suggested)
}

// RateRange shows a learning-rate range test over a logarithmic axis, with the suggested rate marked.
func RateRange(d RateRangeData) display.Bundle {
	rates, losses := d.usable()
	const width, height = 620, 280
	k := canvas.Card{
		Title: d.Title, Subtitle: d.subtitle(), Notes: d.Notes, Width: width, Height: height,
		Draw: func(c *canvas.Canvas, x, y float64) {
			c.Text(x+4, y+12, canvas.HeadStyle, "loss")
			if len(rates) == 0 {
				c.Text(x+width/2, y+height/2, canvas.NoteStyle.At(canvas.Center), "no step has a loss")
				return
			}
			p := canvas.NewPlot("learning rate", "")
			p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LinearScale{}
			p.X.Min = slices.Min(rates)
			p.X.Max = max(slices.Max(rates), 10*p.X.Min)
			p.X.Tick.Marker = canvas.LogTicks(p.X.Min, p.X.Max, func(v float64) string { return fmt.Sprintf("%.0e", v) })
			p.Y.Min, p.Y.Max = lossDomain(losses)
			p.Y.Tick.Marker = canvas.Ticks(p.Y.Min, p.Y.Max, 5, canvas.TickLabel(p.Y.Min, p.Y.Max, false))
			p.Add(canvas.GridLines{}, rangeCurve{rates, losses, d.Suggested})
			p.Draw(c.Area(x, y+canvas.PanelHead-4, width-8, height-canvas.PanelHead))
		},
	}
	return k.Bundle(d.text(), "", d.vega(rates, losses))
}

// lossDomain is the axis of the losses: from 0 to somewhat above the first loss. The losses at the end, where the training
// diverges, would leave no room for the others.
func lossDomain(losses []float64) (low, high float64) {
	high = 1.3 * losses[0]
	if high <= 0 {
		high = max(1, slices.Max(losses))
	}
	return min(0, slices.Min(losses)), high
}

// rangeCurve is the loss over the rate, with the suggested rate.
type rangeCurve struct {
	rates, losses []float64
	suggested     float64
}

func (r rangeCurve) Plot(c vgdraw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	var line []vg.Point
	for i, rate := range r.rates {
		line = append(line, vg.Point{X: toX(rate), Y: toY(r.losses[i])})
	}
	c.StrokeLines(vgdraw.LineStyle{Color: palette.Series(0), Width: 1.75}, c.ClipLinesXY(line)...)
	if !(r.suggested > 0) {
		return
	}
	at := toX(r.suggested)
	if !c.ContainsX(at) {
		return
	}
	c.StrokeLine2(vgdraw.LineStyle{Color: palette.Series(1), Width: 1.5, Dashes: []vg.Length{4, 3}}, at, c.Min.Y, at, c.Max.Y)
	s := canvas.SmallStyle.VG()
	s.XAlign, s.YAlign = vgdraw.XRight, vgdraw.YTop
	c.FillText(s, vg.Point{X: at - 4, Y: c.Max.Y - 3}, fmt.Sprintf("suggested %.2g", r.suggested))
}

// text is a table of about ten rates, the suggested one included.
func (d RateRangeData) text() string {
	rates, losses := d.usable()
	table := sketch.Table{Header: []string{"learning rate", "loss", ""}, Right: []int{0, 1}}
	step := max(1, len(rates)/10)
	for i, rate := range rates {
		mark := ""
		if rate == d.Suggested {
			mark = "suggested"
		}
		if i%step == 0 || i == len(rates)-1 || mark != "" {
			table.Rows = append(table.Rows, []string{fmt.Sprintf("%.2g", rate), sketch.Number(losses[i]), mark})
		}
	}
	return canvas.Card{Title: d.Title, Subtitle: d.subtitle(), Notes: d.Notes}.TextOf(table.Text())
}

func (d RateRangeData) vega(rates, losses []float64) map[string]any {
	values := []any{}
	for i, rate := range rates {
		values = append(values, map[string]any{"rate": rate, "loss": losses[i]})
	}
	low, high := 0.0, 1.0
	if len(losses) > 0 {
		low, high = lossDomain(losses)
	}
	x := map[string]any{"field": "rate", "type": "quantitative", "title": "learning rate", "scale": map[string]any{"type": "log"}, "axis": map[string]any{"format": ".0e", "grid": false}}
	y := map[string]any{"field": "loss", "type": "quantitative", "title": "loss", "scale": map[string]any{"domain": []float64{low, high}}, "axis": map[string]any{"tickCount": 5}}
	layers := []any{map[string]any{
		"mark": map[string]any{"type": "line", "clip": true, "color": sketch.Palette()[0]},
		"encoding": map[string]any{"x": x, "y": y, "tooltip": []any{
			map[string]any{"field": "rate", "title": "learning rate", "format": ".2~g"}, map[string]any{"field": "loss", "format": ".4~g"},
		}},
	}}
	if d.Suggested > 0 {
		mark := []any{map[string]any{"rate": d.Suggested, "label": fmt.Sprintf("suggested %.2g", d.Suggested)}}
		layers = append(layers, map[string]any{
			"data": map[string]any{"values": mark}, "mark": map[string]any{"type": "rule", "color": sketch.Palette()[1], "strokeDash": []int{4, 3}, "strokeWidth": 1.5},
			"encoding": map[string]any{"x": x},
		}, map[string]any{
			"data": map[string]any{"values": mark}, "mark": map[string]any{"type": "text", "align": "right", "dx": -4, "y": 8},
			"encoding": map[string]any{"x": x, "text": map[string]any{"field": "label"}},
		})
	}
	return sketch.Spec(sketch.Heading{Title: d.Title, Subtitle: d.subtitle(), Notes: d.Notes}, map[string]any{
		"width": 500, "height": 240, "data": map[string]any{"values": values}, "layer": layers,
	})
}

package figure

import (
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/canvas"
	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// ReliabilityData is a reliability diagram: accuracy by confidence.
type ReliabilityData struct {
	Title string
	Bins  []ReliabilityBin
	ECE   float64 // expected calibration error, in [0, 1]
	Notes []string
}

// ReliabilityBin is the predictions whose confidence lies in [Lower, Upper).
type ReliabilityBin struct {
	Lower, Upper float64
	Confidence   float64 // mean
	Accuracy     float64
	Count        int
}

// Size of the square of a reliability diagram in CSS pixels, axes included.
const reliabilitySide = 320

// Reliability draws a reliability diagram: the accuracy of the predictions in each range of confidence. The bars of a
// calibrated model reach the diagonal.
func Reliability(d ReliabilityData) display.Bundle {
	k := canvas.Card{
		Title: d.Title, Subtitle: d.subtitle(),
		Notes: append([]string{reliabilityKey + ", number: images"}, d.Notes...),
		Width: reliabilitySide + 20, Height: reliabilitySide,
		Draw: func(c *canvas.Canvas, x, y float64) {
			p := canvas.NewPlot("confidence", "accuracy")
			p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1
			p.X.Tick.Marker = canvas.Ticks(0, 1, 5, canvas.TickLabel(0, 1, true))
			p.Y.Tick.Marker = canvas.Ticks(0, 1, 5, canvas.TickLabel(0, 1, true))
			p.Add(canvas.GridLines{}, reliabilityBars(d.Bins))
			p.Draw(c.Area(x, y, reliabilitySide+8, reliabilitySide))
		},
	}
	t := TableData{Header: []string{"confidence", "mean", "accuracy", "images"}, Right: []int{0, 1, 2, 3}}
	for _, b := range d.Bins {
		mean, accuracy := "–", "–"
		if b.Count > 0 {
			mean, accuracy = sketch.Percent(b.Confidence), sketch.Percent(b.Accuracy)
		}
		t.Rows = append(t.Rows, []string{fmt.Sprintf("%.0f–%.0f %%", 100*canvas.Fraction(b.Lower), 100*canvas.Fraction(b.Upper)), mean, accuracy, sketch.Count(b.Count)})
	}
	return k.Bundle(k.TextOf(t.Text()), "", d.vega())
}

func (d ReliabilityData) subtitle() string {
	return "expected calibration error " + sketch.Percent(d.ECE)
}

// reliabilityKey says what the symbols of the chart mean.
const reliabilityKey = "bar: accuracy, line: mean confidence"

type reliabilityBars []ReliabilityBin

func (bars reliabilityBars) Plot(c vgdraw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	c.StrokeLine2(vgdraw.LineStyle{Color: palette.Faint, Width: 1, Dashes: []vg.Length{4, 3}}, toX(0), toY(0), toX(1), toY(1))
	for _, b := range bars {
		if b.Count <= 0 {
			continue
		}
		x0, x1, y := toX(canvas.Fraction(b.Lower))+1, toX(canvas.Fraction(b.Upper))-1, toY(canvas.Fraction(b.Accuracy))
		c.FillPolygon(palette.Mix(palette.Paper, palette.Series(0), 0.75), []vg.Point{{X: x0, Y: c.Min.Y}, {X: x1, Y: c.Min.Y}, {X: x1, Y: y}, {X: x0, Y: y}})
		at := toY(canvas.Fraction(b.Confidence))
		c.StrokeLine2(vgdraw.LineStyle{Color: palette.Series(1), Width: 2}, x0, at, x1, at)
		s := canvas.SmallStyle.Sized(10).VG()
		s.XAlign, s.YAlign = vgdraw.XCenter, vgdraw.YBottom
		count, foot := sketch.Count(b.Count), vg.Point{X: (x0 + x1) / 2, Y: max(y, at) + 2}
		w, h := s.Width(count)/2+1, s.Height(count)
		c.FillPolygon(palette.Paper, []vg.Point{{X: foot.X - w, Y: foot.Y}, {X: foot.X + w, Y: foot.Y}, {X: foot.X + w, Y: foot.Y + h}, {X: foot.X - w, Y: foot.Y + h}})
		c.FillText(s, foot, count)
	}
}

func (d ReliabilityData) vega() map[string]any {
	values := []any{}
	for _, b := range d.Bins {
		if b.Count > 0 {
			values = append(values, map[string]any{
				"lower": canvas.Fraction(b.Lower), "upper": canvas.Fraction(b.Upper), "confidence": canvas.Fraction(b.Confidence), "accuracy": canvas.Fraction(b.Accuracy), "count": b.Count,
			})
		}
	}
	axis := func(field, title string) map[string]any {
		return map[string]any{
			"field": field, "type": "quantitative", "title": title, "scale": map[string]any{"domain": []float64{0, 1}},
			"axis": map[string]any{"format": ".0%", "tickCount": 5},
		}
	}
	return sketch.Spec(sketch.Heading{Title: d.Title, Subtitle: d.subtitle(), Notes: append([]string{reliabilityKey}, d.Notes...), Width: reliabilitySide}, map[string]any{
		"width": 280, "height": 280, "data": map[string]any{"values": values},
		"layer": []any{
			map[string]any{
				"mark": map[string]any{"type": "bar", "color": sketch.Palette()[0], "opacity": 0.75},
				"encoding": map[string]any{
					"x": axis("lower", "confidence"), "x2": map[string]any{"field": "upper"}, "y": axis("accuracy", "accuracy"), "y2": map[string]any{"datum": 0},
					"tooltip": []any{
						map[string]any{"field": "confidence", "format": ".1~%"}, map[string]any{"field": "accuracy", "format": ".1~%"},
						map[string]any{"field": "count", "title": "images"},
					},
				},
			},
			map[string]any{
				"mark":     map[string]any{"type": "rule", "color": sketch.Palette()[1], "strokeWidth": 2},
				"encoding": map[string]any{"x": axis("lower", "confidence"), "x2": map[string]any{"field": "upper"}, "y": axis("confidence", "accuracy")},
			},
			map[string]any{
				"transform": []any{
					map[string]any{"calculate": "(datum.lower + datum.upper) / 2", "as": "middle"},
					map[string]any{"calculate": "max(datum.accuracy, datum.confidence)", "as": "top"},
				},
				"mark":     map[string]any{"type": "text", "dy": -7, "fontSize": 10},
				"encoding": map[string]any{"x": axis("middle", "confidence"), "y": axis("top", "accuracy"), "text": map[string]any{"field": "count"}},
			},
			map[string]any{
				"data":     map[string]any{"values": []any{map[string]any{"v": 0}, map[string]any{"v": 1}}},
				"mark":     map[string]any{"type": "line", "color": sketch.Neutral, "strokeDash": []int{4, 3}, "strokeWidth": 1},
				"encoding": map[string]any{"x": axis("v", "confidence"), "y": axis("v", "accuracy")},
			},
		},
	})
}

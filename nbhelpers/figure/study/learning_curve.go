package study

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/canvas"
	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// LearningCurveData is the accuracy over the number of training images.
type LearningCurveData struct {
	Title    string
	Subtitle string
	Points   []LearningPoint
	Notes    []string
}

// LearningPoint is the accuracy that so many images give, in [0, 1].
type LearningPoint struct {
	Images   int
	Fitted   float64 // on the images that were fitted to
	Held     IntervalValue
	Averaged int // subsamples of this size, for the text
}

// usable are the points that a chart with a logarithmic axis has a place for.
func (d LearningCurveData) usable() []LearningPoint {
	list := slices.DeleteFunc(slices.Clone(d.Points), func(p LearningPoint) bool {
		return p.Images < 1 || !p.Held.usable() || math.IsNaN(p.Fitted)
	})
	slices.SortStableFunc(list, func(a, b LearningPoint) int { return cmp.Compare(a.Images, b.Images) })
	return list
}

// learningSeries names the two lines.
func learningSeries() []string { return []string{"images fitted to", "held-out images"} }

// learningKey says what the band is.
const learningKey = "band: 95 % interval of the held-out accuracy"

// LearningCurve shows the accuracy over the number of training images, on a logarithmic axis.
func LearningCurve(d LearningCurveData) display.Bundle {
	const width, height = 620, 300
	points := d.usable()
	k := canvas.Card{
		Title: d.Title, Subtitle: d.Subtitle, Notes: append([]string{learningKey}, d.Notes...), Width: width, Height: height,
		Draw: func(c *canvas.Canvas, x, y float64) {
			if len(points) == 0 {
				c.Text(x+width/2, y+height/2, canvas.NoteStyle.At(canvas.Center), "no number of images has an accuracy")
				return
			}
			p := canvas.NewPlot("training images", "")
			c.Text(x+4, y+12, canvas.HeadStyle, "accuracy")
			canvas.LegendOf(sketch.Panel{Name: "accuracy", Lines: []sketch.Line{{Name: learningSeries()[0]}, {Name: learningSeries()[1]}}}).Draw(c, x, y+8)
			p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LinearScale{}
			p.X.Min, p.X.Max = imagesDomain(points)
			p.X.Tick.Marker = imageTicks(points)
			p.Y.Min, p.Y.Max = learningDomain(points)
			p.Y.Tick.Marker = canvas.Ticks(p.Y.Min, p.Y.Max, 5, canvas.TickLabel(p.Y.Min, p.Y.Max, true))
			p.Add(canvas.GridLines{}, learningLines(points))
			p.Draw(c.Area(x, y+canvas.PanelHead-4, width-8, height-canvas.PanelHead))
		},
	}
	t := sketch.Table{Header: []string{"images", "subsamples", "fitted to", "held out"}, Right: []int{0, 1, 2, 3}}
	for _, p := range points {
		t.Rows = append(t.Rows, []string{sketch.Count(p.Images), strconv.Itoa(p.Averaged), sketch.Percent(canvas.Fraction(p.Fitted)), p.Held.text()})
	}
	text := k
	text.Notes = d.Notes
	return k.Bundle(text.TextOf(t.Text()), "", d.vega(points))
}

// imagesDomain is the axis of the images: somewhat more than they span.
func imagesDomain(points []LearningPoint) (low, high float64) {
	low, high = float64(points[0].Images), float64(points[len(points)-1].Images)
	return low / 1.15, max(high, low*2) * 1.15
}

// imageTicks are the sizes themselves.
func imageTicks(points []LearningPoint) plot.ConstantTicks {
	var list plot.ConstantTicks
	for _, p := range points {
		list = append(list, plot.Tick{Value: float64(p.Images), Label: strconv.Itoa(p.Images)})
	}
	return list
}

// learningDomain is the axis of the accuracy: from the lowest point, rounded down to a tenth, to 1.
func learningDomain(points []LearningPoint) (low, high float64) {
	low = 0.9
	for _, p := range points {
		low = min(low, canvas.Fraction(p.Held.Low), canvas.Fraction(p.Fitted))
	}
	return math.Floor(10*low) / 10, 1
}

type learningLines []LearningPoint

func (points learningLines) Plot(c vgdraw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	var lower, upper, fitted, held []vg.Point
	for _, at := range points {
		x := toX(float64(at.Images))
		lower, upper = append(lower, vg.Point{X: x, Y: toY(canvas.Fraction(at.Held.Low))}), append(upper, vg.Point{X: x, Y: toY(canvas.Fraction(at.Held.High))})
		fitted, held = append(fitted, vg.Point{X: x, Y: toY(canvas.Fraction(at.Fitted))}), append(held, vg.Point{X: x, Y: toY(canvas.Fraction(at.Held.Value))})
	}
	slices.Reverse(upper)
	c.FillPolygon(palette.Mix(palette.Paper, palette.Series(1), 0.18), c.ClipPolygonXY(append(slices.Clone(lower), upper...)))
	for i, line := range [][]vg.Point{fitted, held} {
		c.StrokeLines(vgdraw.LineStyle{Color: palette.Series(i), Width: 1.75, Dashes: canvas.LineDashes[i]}, c.ClipLinesXY(line)...)
		for _, at := range line {
			canvas.DrawPoint(c, at, i, palette.Series(i), 3.5)
		}
	}
}

func (d LearningCurveData) vega(points []LearningPoint) map[string]any {
	values, lines, sizes := []any{}, []any{}, []int{}
	names := []any{learningSeries()[0], learningSeries()[1]}
	for _, p := range points {
		sizes = append(sizes, p.Images)
		values = append(values, map[string]any{"images": p.Images, "low": canvas.Fraction(p.Held.Low), "high": canvas.Fraction(p.Held.High)})
		for i, v := range []float64{p.Fitted, p.Held.Value} {
			lines = append(lines, map[string]any{"images": p.Images, "accuracy": canvas.Fraction(v), "line": names[i], "subsamples": p.Averaged})
		}
	}
	low, high := 0.0, 1.0
	from, to := 1.0, 10.0
	if len(points) > 0 {
		low, high = learningDomain(points)
		from, to = imagesDomain(points)
	}
	x := map[string]any{
		"field": "images", "type": "quantitative", "title": "training images", "scale": map[string]any{"type": "log", "domain": []float64{from, to}, "nice": false},
		"axis": map[string]any{"values": sizes, "format": "d", "grid": false},
	}
	y := func(field string) map[string]any {
		return map[string]any{
			"field": field, "type": "quantitative", "title": "accuracy", "scale": map[string]any{"domain": []float64{low, high}, "nice": false, "zero": false, "padding": 4},
			"axis": map[string]any{"format": ".0%", "tickCount": 5},
		}
	}
	return sketch.Spec(sketch.Heading{Title: d.Title, Subtitle: d.Subtitle, Notes: append([]string{learningKey}, d.Notes...)}, map[string]any{
		"width": 500, "height": 240,
		"layer": []any{
			map[string]any{
				"data": map[string]any{"values": values}, "mark": map[string]any{"type": "area", "opacity": 0.2, "color": sketch.Palette()[1]},
				"encoding": map[string]any{"x": x, "y": y("low"), "y2": map[string]any{"field": "high"}},
			},
			map[string]any{
				"data": map[string]any{"values": lines}, "mark": map[string]any{"type": "line", "point": map[string]any{"filled": true, "size": 50}},
				"encoding": map[string]any{
					"x": x, "y": y("accuracy"), "color": vegaSeries("line", names, sketch.Palette()),
					"tooltip": []any{
						map[string]any{"field": "line", "title": "accuracy on"}, map[string]any{"field": "images", "title": "training images"},
						map[string]any{"field": "accuracy", "format": ".1%"}, map[string]any{"field": "subsamples"},
					},
				},
			},
		},
	})
}

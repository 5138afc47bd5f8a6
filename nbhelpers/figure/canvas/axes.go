package canvas

import (
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"

	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// NewPlot is an empty plot in the style of all figures, without a title: the figures write their own headings.
func NewPlot(xLabel, yLabel string) *plot.Plot {
	p := plot.New()
	p.TextHandler = fonts()
	p.BackgroundColor = palette.Paper
	p.X.Label.Text, p.Y.Label.Text = xLabel, yLabel
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle.Font, a.Label.TextStyle.Color, a.Label.TextStyle.Handler = faceOf(12, false), palette.Ink, fonts()
		a.Tick.Label.Font, a.Tick.Label.Color, a.Tick.Label.Handler = faceOf(11, false), palette.Ink, fonts()
		a.Tick.LineStyle = vgdraw.LineStyle{Color: palette.Faint, Width: 0.75}
		a.LineStyle = vgdraw.LineStyle{Color: palette.Faint, Width: 0.75}
		a.Tick.Length = 4
		a.Padding = 4
		a.Label.Padding = 2
	}
	p.X.Tick.Label.YAlign, p.X.Tick.Label.XAlign = vgdraw.YTop, vgdraw.XCenter
	return p
}

// Ticks are round values between low and high, about so many, each with its text.
func Ticks(low, high float64, about int, label func(float64) string) plot.ConstantTicks {
	if !(high > low) || math.IsInf(high-low, 0) {
		return plot.ConstantTicks{{Value: low, Label: label(low)}}
	}
	step := sketch.NiceStep((high - low) / float64(about))
	var result plot.ConstantTicks
	for i := math.Ceil(low/step - 1e-9); i*step <= high+step*1e-9 && len(result) < 4*about; i++ {
		v := i*step + 0 // without a negative zero
		result = append(result, plot.Tick{Value: v, Label: label(v)})
	}
	return result
}

// EpochTicks are whole numbers from 1 to last.
func EpochTicks(last int, label func(float64) string) plot.ConstantTicks {
	step := math.Max(1, sketch.NiceStep(float64(last)/8))
	result := plot.ConstantTicks{{Value: 1, Label: label(1)}}
	for v := step; v <= float64(last); v += step {
		if v > 1 {
			result = append(result, plot.Tick{Value: v, Label: label(v)})
		}
	}
	return result
}

// LogTicks are 1, 2, 5 times the powers of ten between low and high, which are positive.
func LogTicks(low, high float64, label func(float64) string) plot.ConstantTicks {
	var result plot.ConstantTicks
	factors := []float64{1, 2, 5}
	if math.Log10(high/low) > 3 {
		factors = factors[:1]
	}
	for power := math.Pow(10, math.Floor(math.Log10(low))); power <= high && len(result) < 40; power *= 10 {
		for _, factor := range factors {
			if v := power * factor; v >= low && v <= high {
				result = append(result, plot.Tick{Value: v, Label: label(v)})
			}
		}
	}
	return result
}

// GridLines are the horizontal lines at a plot's labeled ticks.
type GridLines struct{}

// Plot implements plot.Plotter.
func (GridLines) Plot(c vgdraw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&c)
	for _, tick := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		c.StrokeLine2(vgdraw.LineStyle{Color: palette.Rule, Width: 0.75}, c.Min.X, y(tick.Value), c.Max.X, y(tick.Value))
	}
}

// Series is one line of a plot with a point at each value.
type Series struct {
	Values []float64 // at x = 1, 2, ...; what is not finite leaves a gap
	Index  int       // selects the color, dash and shape
	Points bool
}

// LineDashes tell series apart without their colors, like the shapes of points; the second, for the validation, is solid.
var LineDashes = [...][]vg.Length{{5, 3}, nil, {2, 2}, {8, 2, 2, 2}, {4, 4}, {10, 3}}

// Plot implements plot.Plotter.
func (s Series) Plot(c vgdraw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	stroke := vgdraw.LineStyle{Color: palette.Series(s.Index), Width: 1.75, Dashes: LineDashes[s.Index%len(LineDashes)]}
	var run []vg.Point
	for i, v := range s.Values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			c.StrokeLines(stroke, c.ClipLinesXY(run)...)
			run = nil
			continue
		}
		run = append(run, vg.Point{X: toX(float64(i + 1)), Y: toY(v)})
	}
	c.StrokeLines(stroke, c.ClipLinesXY(run)...)
	if !s.Points {
		return
	}
	for i, v := range s.Values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			DrawPoint(c, vg.Point{X: toX(float64(i + 1)), Y: toY(v)}, s.Index, palette.Series(s.Index), 3)
		}
	}
}

// DrawPoint draws one of the shapes that tell series apart, in a white outline that sets it off from what lies below.
func DrawPoint(c vgdraw.Canvas, at vg.Point, index int, fill color.NRGBA, radius vg.Length) {
	r := radius
	var corners []vg.Point
	corner := func(dx, dy vg.Length) { corners = append(corners, vg.Point{X: at.X + dx, Y: at.Y + dy}) }
	switch index % 6 {
	case 0: // disc
		var p vg.Path
		p.Move(vg.Point{X: at.X + r, Y: at.Y})
		p.Arc(at, r, 0, 2*math.Pi)
		p.Close()
		outline(c, p, fill)
		return
	case 1: // square
		d := r * 0.9
		corner(-d, -d)
		corner(d, -d)
		corner(d, d)
		corner(-d, d)
	case 2: // triangle
		corner(0, r*1.3)
		corner(r*1.15, -r*0.8)
		corner(-r*1.15, -r*0.8)
	case 3: // diamond
		corner(0, r*1.35)
		corner(r*1.35, 0)
		corner(0, -r*1.35)
		corner(-r*1.35, 0)
	case 4: // triangle on its tip
		corner(0, -r*1.3)
		corner(r*1.15, r*0.8)
		corner(-r*1.15, r*0.8)
	default: // cross
		a, b := r*1.25, r*0.42
		for _, d := range [][2]vg.Length{{-b, a}, {b, a}, {b, b}, {a, b}, {a, -b}, {b, -b}, {b, -a}, {-b, -a}, {-b, -b}, {-a, -b}, {-a, b}, {-b, b}} {
			corner(d[0], d[1])
		}
	}
	var p vg.Path
	for i, pt := range corners {
		if i == 0 {
			p.Move(pt)
		} else {
			p.Line(pt)
		}
	}
	p.Close()
	outline(c, p, fill)
}

func outline(c vgdraw.Canvas, p vg.Path, fill color.NRGBA) {
	c.SetColor(palette.Paper)
	c.SetLineWidth(1.25)
	c.SetLineDash(nil, 0)
	c.Stroke(p)
	c.SetColor(fill)
	c.Fill(p)
}

// TickLabel writes the values of an axis with as many decimals as its span needs.
func TickLabel(low, high float64, fraction bool) func(float64) string {
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

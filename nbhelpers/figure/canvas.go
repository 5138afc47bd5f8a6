package figure

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"strings"

	ximage "golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// resolution is how many pixels a CSS pixel has, in each direction.
const resolution = 2

// fonts is the text handler of every figure. The collection is parsed once, by its package.
func fonts() text.Handler { return text.Plain{Fonts: font.NewCache(liberation.Collection())} }

// faceOf is a sans-serif font of a size in CSS pixels.
func faceOf(size float64, bold bool) font.Font {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Length(size)}
	if bold {
		f.Weight = ximage.WeightBold
	}
	return f
}

// style is how a text looks and which of its edges stands at the given x.
type style struct {
	size  float64 // CSS pixels
	bold  bool
	color color.NRGBA
	align align
}

type align int

const (
	left align = iota
	center
	toRight
)

// The sizes of text.
var (
	titleStyle = style{size: 15, bold: true, color: palette.Ink}
	headStyle  = style{size: 12, bold: true, color: palette.Ink}
	bodyStyle  = style{size: 12, color: palette.Ink}
	noteStyle  = style{size: 12, color: palette.Faint}
	smallStyle = style{size: 11, color: palette.Faint}
)

func (s style) at(a align) style         { s.align = a; return s }
func (s style) in(c color.NRGBA) style   { s.color = c; return s }
func (s style) sized(size float64) style { s.size = size; return s }
func (s style) width(txt string) float64 { return s.face().Width(txt).Points() }
func (s style) face() *font.Face {
	f := fonts().Cache().Lookup(faceOf(s.size, s.bold), vg.Length(s.size))
	return &f
}
func (s style) vg() text.Style {
	return text.Style{Color: s.color, Font: faceOf(s.size, s.bold), Handler: fonts()}
}
func (s style) lineHeight() float64            { return s.size * 1.4 }
func (s style) fit(t string, w float64) string { return fit(t, w, s.width) }

// fit makes a label one clean line of at most width, cut with an ellipsis.
func fit(label string, width float64, measure func(string) float64) string {
	label = drawable(sketch.Label(label, 400)) // nothing longer fits any figure
	if measure(label) <= width {
		return label
	}
	runes := []rune(label)
	low, high := 0, len(runes) // the longest prefix that fits lies in between
	for low < high {
		middle := (low + high + 1) / 2
		if measure(string(runes[:middle])+"…") <= width {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return strings.TrimRight(string(runes[:low]), " ") + "…"
}

// drawable puts a box in the place of every character that the fonts lack (Liberation has Latin, Greek and Cyrillic), so
// that a name in another script shows how long it is. The text and Vega-Lite forms keep it as it is.
func drawable(s string) string {
	face := bodyStyle.face().Face
	var buffer sfnt.Buffer
	return strings.Map(func(r rune) rune {
		if i, err := face.GlyphIndex(&buffer, r); err != nil || i == 0 {
			return '□'
		}
		return r
	}, s)
}

// wrap breaks a text into lines of at most width, at blanks where it can.
func (s style) wrap(txt string, width float64) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(drawable(sketch.Label(txt, 0))) {
		joined := strings.TrimLeft(line+" "+word, " ")
		switch {
		case line == "" || s.width(joined) <= width:
			line = joined
		default:
			lines, line = append(lines, s.fit(line, width)), word
		}
	}
	if line != "" {
		lines = append(lines, s.fit(line, width))
	}
	return lines
}

// canvas is a sheet of white paper. Its unit is the CSS pixel, and y grows downward from the top edge.
type canvas struct {
	width, height float64
	vg            *vgimg.Canvas
}

func newCanvas(width, height float64) *canvas {
	c := &canvas{width: width, height: height}
	c.vg = vgimg.NewWith(vgimg.UseWH(vg.Length(width), vg.Length(height)), vgimg.UseDPI(72*resolution), vgimg.UseBackgroundColor(palette.Paper))
	return c
}

func (c *canvas) point(x, y float64) vg.Point {
	return vg.Point{X: vg.Length(x), Y: vg.Length(c.height - y)}
}

// text writes a line whose baseline is at y, and returns its width.
func (c *canvas) text(x, y float64, s style, txt string) float64 {
	face, width := s.face(), s.width(txt)
	switch s.align {
	case center:
		x -= width / 2
	case toRight:
		x -= width
	}
	c.vg.SetColor(s.color)
	c.vg.FillString(*face, c.point(x, y), txt)
	return width
}

// slanted writes a line that rises to the right by 45 degrees from its beginning at x, y.
func (c *canvas) slanted(x, y float64, s style, txt string) {
	c.vg.Push()
	defer c.vg.Pop()
	c.vg.Translate(c.point(x, y))
	c.vg.Rotate(math.Pi / 4)
	c.vg.SetColor(s.color)
	c.vg.FillString(*s.face(), vg.Point{}, txt)
}

// rect fills a rectangle.
func (c *canvas) rect(x, y, w, h float64, fill color.NRGBA) {
	c.polygon(fill, x, y, x+w, y, x+w, y+h, x, y+h)
}

// polygon fills the area between the given x, y, x, y, ...
func (c *canvas) polygon(fill color.NRGBA, xy ...float64) {
	var p vg.Path
	for i := 0; i < len(xy); i += 2 {
		if i == 0 {
			p.Move(c.point(xy[0], xy[1]))
		} else {
			p.Line(c.point(xy[i], xy[i+1]))
		}
	}
	p.Close()
	c.vg.SetColor(fill)
	c.vg.Fill(p)
}

// line strokes through the given x, y, x, y, ...
func (c *canvas) line(stroke color.NRGBA, width float64, xy ...float64) {
	var p vg.Path
	for i := 0; i < len(xy); i += 2 {
		if i == 0 {
			p.Move(c.point(xy[0], xy[1]))
		} else {
			p.Line(c.point(xy[i], xy[i+1]))
		}
	}
	c.vg.SetColor(stroke)
	c.vg.SetLineWidth(vg.Length(width))
	c.vg.SetLineDash(nil, 0)
	c.vg.Stroke(p)
}

// frame strokes a rectangle inside its edge.
func (c *canvas) frame(x, y, w, h, width float64, stroke color.NRGBA) {
	d := width / 2
	c.line(stroke, width, x, y+d, x+w, y+d)
	c.line(stroke, width, x, y+h-d, x+w, y+h-d)
	c.line(stroke, width, x+d, y, x+d, y+h)
	c.line(stroke, width, x+w-d, y, x+w-d, y+h)
}

// image draws an image that already has the canvas's pixels, see thumb, with its top left corner at x, y.
func (c *canvas) image(x, y float64, img image.Image) {
	at := image.Pt(int(x*resolution+0.5), int(y*resolution+0.5))
	draw.Draw(c.vg.Image(), img.Bounds().Sub(img.Bounds().Min).Add(at), img, img.Bounds().Min, draw.Over)
}

// mark draws a tick or a cross on a disc of its color, centered on x, y.
func (c *canvas) mark(x, y, radius float64, m Mark) {
	if m == MarkNone {
		return
	}
	fill := palette.Right
	if m == MarkWrong {
		fill = palette.Wrong
	}
	disc := func(r float64, clr color.NRGBA) {
		var p vg.Path
		p.Move(c.point(x+r, y))
		p.Arc(c.point(x, y), vg.Length(r), 0, 2*math.Pi)
		p.Close()
		c.vg.SetColor(clr)
		c.vg.Fill(p)
	}
	disc(radius+1.5, palette.Paper)
	disc(radius, fill)
	r := radius * 0.5
	if m == MarkRight {
		c.line(palette.Paper, radius*0.3, x-r*1.05, y+r*0.05, x-r*0.3, y+r*0.8, x+r*1.1, y-r*0.75)
		return
	}
	c.line(palette.Paper, radius*0.3, x-r*0.85, y-r*0.85, x+r*0.85, y+r*0.85)
	c.line(palette.Paper, radius*0.3, x-r*0.85, y+r*0.85, x+r*0.85, y-r*0.85)
}

// area is a part of the canvas for package plot to draw on.
func (c *canvas) area(x, y, w, h float64) vgdraw.Canvas {
	return vgdraw.Canvas{Canvas: c.vg, Rectangle: vg.Rectangle{Min: c.point(x, y+h), Max: c.point(x+w, y)}}
}

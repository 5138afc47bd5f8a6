// Package canvas draws in the style that all figures have: text, lines, bars, axes, legends, and the card around a figure.
package canvas

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

// Resolution is how many pixels a CSS pixel has, in each direction.
const Resolution = 2

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

// Style is how a text looks and which of its edges stands at the given x.
type Style struct {
	Size  float64 // CSS pixels
	Bold  bool
	color color.NRGBA
	align Align
}

// Align is where a text stands at its point.
type Align int

const (
	left Align = iota
	Center
	ToRight
)

// The sizes of text.
var (
	titleStyle = Style{Size: 15, Bold: true, color: palette.Ink}
	HeadStyle  = Style{Size: 12, Bold: true, color: palette.Ink}
	BodyStyle  = Style{Size: 12, color: palette.Ink}
	NoteStyle  = Style{Size: 12, color: palette.Faint}
	SmallStyle = Style{Size: 11, color: palette.Faint}
)

// At is the style with another alignment.
func (s Style) At(a Align) Style { s.align = a; return s }

// In is the style in another color.
func (s Style) In(c color.NRGBA) Style { s.color = c; return s }

// Sized is the style in another size.
func (s Style) Sized(size float64) Style { s.Size = size; return s }

// Width is that of a text, in CSS pixels.
func (s Style) Width(txt string) float64 { return s.face().Width(txt).Points() }

func (s Style) face() *font.Face {
	f := fonts().Cache().Lookup(faceOf(s.Size, s.Bold), vg.Length(s.Size))
	return &f
}

// VG is the style as gonum draws it.
func (s Style) VG() text.Style {
	return text.Style{Color: s.color, Font: faceOf(s.Size, s.Bold), Handler: fonts()}
}

// LineHeight is the distance of two lines, in CSS pixels.
func (s Style) LineHeight() float64 { return s.Size * 1.4 }

// Fit cuts a text to a width.
func (s Style) Fit(t string, w float64) string { return fit(t, w, s.Width) }

// Fit makes a label one clean line of at most width, cut with an ellipsis.
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
	face := BodyStyle.face().Face
	var buffer sfnt.Buffer
	return strings.Map(func(r rune) rune {
		if i, err := face.GlyphIndex(&buffer, r); err != nil || i == 0 {
			return '□'
		}
		return r
	}, s)
}

// wrap breaks a text into lines of at most width, at blanks where it can.
func (s Style) wrap(txt string, width float64) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(drawable(sketch.Label(txt, 0))) {
		joined := strings.TrimLeft(line+" "+word, " ")
		switch {
		case line == "" || s.Width(joined) <= width:
			line = joined
		default:
			lines, line = append(lines, s.Fit(line, width)), word
		}
	}
	if line != "" {
		lines = append(lines, s.Fit(line, width))
	}
	return lines
}

// Canvas is a sheet of white paper. Its unit is the CSS pixel, and y grows downward from the top edge.
type Canvas struct {
	width, height float64
	VG            *vgimg.Canvas
}

// New returns a sheet of a size in CSS pixels.
func New(width, height float64) *Canvas {
	c := &Canvas{width: width, height: height}
	c.VG = vgimg.NewWith(vgimg.UseWH(vg.Length(width), vg.Length(height)), vgimg.UseDPI(72*Resolution), vgimg.UseBackgroundColor(palette.Paper))
	return c
}

// Point is a place as gonum counts.
func (c *Canvas) Point(x, y float64) vg.Point {
	return vg.Point{X: vg.Length(x), Y: vg.Length(c.height - y)}
}

// Text writes a line whose baseline is at y, and returns its width.
func (c *Canvas) Text(x, y float64, s Style, txt string) float64 {
	face, width := s.face(), s.Width(txt)
	switch s.align {
	case Center:
		x -= width / 2
	case ToRight:
		x -= width
	}
	c.VG.SetColor(s.color)
	c.VG.FillString(*face, c.Point(x, y), txt)
	return width
}

// Slanted writes a line that rises to the right by 45 degrees from its beginning at x, y.
func (c *Canvas) Slanted(x, y float64, s Style, txt string) {
	c.VG.Push()
	defer c.VG.Pop()
	c.VG.Translate(c.Point(x, y))
	c.VG.Rotate(math.Pi / 4)
	c.VG.SetColor(s.color)
	c.VG.FillString(*s.face(), vg.Point{}, txt)
}

// Rect fills a rectangle.
func (c *Canvas) Rect(x, y, w, h float64, fill color.NRGBA) {
	c.polygon(fill, x, y, x+w, y, x+w, y+h, x, y+h)
}

// polygon fills the area between the given x, y, x, y, ...
func (c *Canvas) polygon(fill color.NRGBA, xy ...float64) {
	var p vg.Path
	for i := 0; i < len(xy); i += 2 {
		if i == 0 {
			p.Move(c.Point(xy[0], xy[1]))
		} else {
			p.Line(c.Point(xy[i], xy[i+1]))
		}
	}
	p.Close()
	c.VG.SetColor(fill)
	c.VG.Fill(p)
}

// Line strokes through the given x, y, x, y, ...
func (c *Canvas) Line(stroke color.NRGBA, width float64, xy ...float64) {
	var p vg.Path
	for i := 0; i < len(xy); i += 2 {
		if i == 0 {
			p.Move(c.Point(xy[0], xy[1]))
		} else {
			p.Line(c.Point(xy[i], xy[i+1]))
		}
	}
	c.VG.SetColor(stroke)
	c.VG.SetLineWidth(vg.Length(width))
	c.VG.SetLineDash(nil, 0)
	c.VG.Stroke(p)
}

// Frame strokes a rectangle inside its edge.
func (c *Canvas) Frame(x, y, w, h, width float64, stroke color.NRGBA) {
	d := width / 2
	c.Line(stroke, width, x, y+d, x+w, y+d)
	c.Line(stroke, width, x, y+h-d, x+w, y+h-d)
	c.Line(stroke, width, x+d, y, x+d, y+h)
	c.Line(stroke, width, x+w-d, y, x+w-d, y+h)
}

// Image draws an image that already has the canvas's pixels, see thumb, with its top left corner at x, y.
func (c *Canvas) Image(x, y float64, img image.Image) {
	at := image.Pt(int(x*Resolution+0.5), int(y*Resolution+0.5))
	draw.Draw(c.VG.Image(), img.Bounds().Sub(img.Bounds().Min).Add(at), img, img.Bounds().Min, draw.Over)
}

// Mark draws a tick or a cross on a disc of its color, centered on x, y.
func (c *Canvas) Mark(x, y, radius float64, m sketch.Mark) {
	if m == sketch.MarkNone {
		return
	}
	fill := palette.Right
	if m == sketch.MarkWrong {
		fill = palette.Wrong
	}
	disc := func(r float64, clr color.NRGBA) {
		var p vg.Path
		p.Move(c.Point(x+r, y))
		p.Arc(c.Point(x, y), vg.Length(r), 0, 2*math.Pi)
		p.Close()
		c.VG.SetColor(clr)
		c.VG.Fill(p)
	}
	disc(radius+1.5, palette.Paper)
	disc(radius, fill)
	r := radius * 0.5
	if m == sketch.MarkRight {
		c.Line(palette.Paper, radius*0.3, x-r*1.05, y+r*0.05, x-r*0.3, y+r*0.8, x+r*1.1, y-r*0.75)
		return
	}
	c.Line(palette.Paper, radius*0.3, x-r*0.85, y-r*0.85, x+r*0.85, y+r*0.85)
	c.Line(palette.Paper, radius*0.3, x-r*0.85, y+r*0.85, x+r*0.85, y-r*0.85)
}

// Area is a part of the canvas for package plot to draw on.
func (c *Canvas) Area(x, y, w, h float64) vgdraw.Canvas {
	return vgdraw.Canvas{Canvas: c.VG, Rectangle: vg.Rectangle{Min: c.Point(x, y+h), Max: c.Point(x+w, y)}}
}

// Bar draws a bar in one of the series's colors. The second one is hatched and the fourth is hollow, so that neighbors
// are also distinguishable without color.
func (c *Canvas) Bar(x, y, w, h float64, index int) {
	if w <= 0 {
		return
	}
	fill := palette.Series(index)
	if index == 3 {
		c.Rect(x, y, w, h, palette.Mix(fill, palette.Paper, 0.75))
		c.Frame(x, y, w, h, min(1, w), fill)
		return
	}
	c.Rect(x, y, w, h, fill)
	if index == 1 {
		for at := x + 4; at < x+w-1; at += 5 {
			c.Line(palette.Mix(fill, palette.Paper, 0.45), 1, at, y, at, y+h)
		}
	}
	if x0 := x + w - 0.5; w > 2 {
		c.Line(palette.Paper, 1, x0, y, x0, y+h)
	}
}

package figure

import (
	"math"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/raster"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// margin is the white edge of every figure, in CSS pixels: it sets the paper off from a dark page.
const margin = 14

// minWidth keeps room for a title above a narrow figure.
const minWidth = 320

// card is the frame of every figure: a title and a subtitle above the body, notes below it.
type card struct {
	title, subtitle string
	notes           []string
	width, height   float64 // of the body
	draw            func(c *canvas, x, y float64)
	photo           bool // whether the body holds photographs
}

// row is a line of text at its place.
type row struct {
	y     float64
	style style
	text  string
}

// render draws the card and returns it with its size in CSS pixels.
func (k card) render() (png []byte, width, height int) {
	inner := math.Max(k.width, minWidth)
	y := float64(margin)
	var rows []row
	add := func(s style, lines ...string) {
		for _, line := range lines {
			rows = append(rows, row{y: y + s.size, style: s, text: line})
			y += s.lineHeight()
		}
	}
	add(titleStyle, titleStyle.wrap(k.title, inner)...)
	add(noteStyle, noteStyle.wrap(k.subtitle, inner)...)
	if len(rows) > 0 {
		y += 6
	}
	body := math.Ceil(y)
	y = body + math.Ceil(k.height)
	if len(k.notes) > 0 {
		y += 8
	}
	for _, note := range k.notes {
		add(noteStyle, noteStyle.wrap(note, inner)...)
	}
	width, height = int(math.Ceil(inner+2*margin)), int(math.Ceil(y+margin))
	c := newCanvas(float64(width), float64(height))
	for _, r := range rows {
		c.text(margin, r.y, r.style, r.text)
	}
	k.draw(c, margin, body)
	return raster.PNG(c.vg.Image(), k.photo), width, height
}

// bundle is the card with its other forms. Vega and html are left out where they are empty.
func (k card) bundle(text, html string, vega map[string]any) display.Bundle {
	png, width, height := k.render()
	b := display.Bundle{
		Data:     map[string]any{display.MIMEPNG: png, display.MIMEText: text},
		Metadata: map[string]any{display.MIMEPNG: map[string]any{"width": width, "height": height}},
	}
	if html != "" {
		b.Data[display.MIMEHTML] = html
	}
	if vega != nil {
		b.Data[display.MIMEVegaLite] = vega
	}
	return b
}

// textOf is the plain text of a card: title, subtitle, body, notes.
func (k card) textOf(body string) string {
	text := ""
	for _, line := range append([]string{k.title, k.subtitle, body}, k.notes...) {
		if line == "" {
			continue
		}
		if text != "" {
			text += "\n"
		}
		if line != body {
			line = sketch.Label(line, 0)
		}
		text += line
	}
	return text
}

package canvas

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

// TextWidth is how wide charts of characters are, in columns.
const TextWidth = 88

// Card is the frame of every figure: a title and a subtitle above the body, notes below it.
type Card struct {
	Title, Subtitle string
	Notes           []string
	Width, Height   float64 // of the body
	Draw            func(c *Canvas, x, y float64)
	Photo           bool // whether the body holds photographs
}

// row is a line of text at its place.
type row struct {
	y     float64
	style Style
	text  string
}

// render draws the card and returns it with its size in CSS pixels.
func (k Card) render() (png []byte, width, height int) {
	inner := math.Max(k.Width, minWidth)
	y := float64(margin)
	var rows []row
	add := func(s Style, lines ...string) {
		for _, line := range lines {
			rows = append(rows, row{y: y + s.Size, style: s, text: line})
			y += s.LineHeight()
		}
	}
	add(titleStyle, titleStyle.wrap(k.Title, inner)...)
	add(NoteStyle, NoteStyle.wrap(k.Subtitle, inner)...)
	if len(rows) > 0 {
		y += 6
	}
	body := math.Ceil(y)
	y = body + math.Ceil(k.Height)
	if len(k.Notes) > 0 {
		y += 8
	}
	for _, note := range k.Notes {
		add(NoteStyle, NoteStyle.wrap(note, inner)...)
	}
	width, height = int(math.Ceil(inner+2*margin)), int(math.Ceil(y+margin))
	c := New(float64(width), float64(height))
	for _, r := range rows {
		c.Text(margin, r.y, r.style, r.text)
	}
	k.Draw(c, margin, body)
	return raster.PNG(c.VG.Image(), k.Photo), width, height
}

// Bundle is the card with its other forms. Vega and html are left out where they are empty.
func (k Card) Bundle(text, html string, vega map[string]any) display.Bundle {
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

// TextOf is the plain text of a card: title, subtitle, body, notes.
func (k Card) TextOf(body string) string {
	text := ""
	for _, line := range append([]string{k.Title, k.Subtitle, body}, k.Notes...) {
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

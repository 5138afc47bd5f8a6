package figure

import (
	"math"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/canvas"
	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// Heatmap shows a matrix of values as shaded cells, with the values in them where there is room.
func Heatmap(d sketch.Heatmap) display.Bundle {
	shown := d.Shown()
	rows, columns := shown.Size()
	cell := float64(shown.Step())
	every := max(1, int(math.Ceil(18/cell))) // a name stands at every so many cells
	label, slant := 0.0, 0.0
	for r := range rows {
		label = max(label, canvas.BodyStyle.Width(canvas.BodyStyle.Fit(shown.Row(r), 130)))
	}
	for c := range columns {
		slant = max(slant, canvas.BodyStyle.Width(canvas.BodyStyle.Fit(shown.Column(c), 110)))
	}
	slant = slant*0.75 + 16
	subtitle := d.Subtitle
	for _, line := range []string{d.Axes(), shown.Key()} {
		if line != "" && subtitle != "" {
			subtitle += " · "
		}
		subtitle += line
	}
	k := canvas.Card{
		Title: d.Title, Subtitle: subtitle, Notes: shown.Notes,
		Width: label + 10 + float64(columns)*cell + slant, Height: slant + float64(rows)*cell,
		Draw: func(c *canvas.Canvas, x, y float64) {
			left, top := x+label+10, y+slant
			low, high := shown.Range()
			for i := 0; i < columns; i += every {
				c.Slanted(left+(float64(i)+0.5)*cell, top-6, canvas.BodyStyle, canvas.BodyStyle.Fit(shown.Column(i), 110))
			}
			for r := range rows {
				at := top + float64(r)*cell
				if r%every == 0 {
					c.Text(left-8, at+cell/2+4, canvas.BodyStyle.At(canvas.ToRight), canvas.BodyStyle.Fit(shown.Row(r), 130))
				}
				for i := range columns {
					drawCell(c, shown, shown.At(r, i), low, high, left+float64(i)*cell, at, cell)
				}
			}
		},
	}
	return k.Bundle(d.Text(canvas.TextWidth), "", d.VegaLite())
}

// drawCell draws a value of a map whose values go from low to high.
func drawCell(c *canvas.Canvas, d sketch.Heatmap, v, low, high, x, y, side float64) {
	if math.IsNaN(v) {
		return
	}
	light, dark := d.Shades()
	fill := palette.Mix(palette.Of(light), palette.Of(dark), (v/2-low/2)/(high/2-low/2))
	gap := 0.0
	if side >= 14 {
		gap = 0.5
	}
	c.Rect(x+gap, y+gap, side-2*gap, side-2*gap, fill)
	if side >= sketch.NumberedStep {
		s := canvas.BodyStyle.In(palette.Readable(fill)).At(canvas.Center).Sized(10)
		c.Text(x+side/2, y+side/2+4, s, s.Fit(sketch.Number(v), side-2))
	}
}

package figure

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"strings"

	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/canvas"
	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// HeatData is images with their Grad-CAM heat maps.
type HeatData struct {
	Title string
	Items []HeatItem
	Notes []string
}

// HeatItem is one explained image.
type HeatItem struct {
	Image         image.Image
	Heat          []float32        // [Height, Width], row by row; scaled to its own maximum, negative values count as 0
	Width, Height int              // of Heat
	Title         string           // such as the file's name
	Score         prediction.Score // the class that is explained
	Mark          Mark
}

// Layout of explained images, in CSS pixels.
const (
	heatSide   = 150
	heatGap    = 6
	heatItem   = 2*heatSide + heatGap
	heatHeight = heatSide + 44
	mostHeat   = 16
)

// Heat shows which parts of an image the model's answer depends on: the image, and the image below its heat map, whose
// bright parts contribute most to the score of the class.
func Heat(d HeatData) display.Bundle {
	shown, notes := d.Items, d.Notes
	if len(shown) > mostHeat {
		notes = append(notes[:len(notes):len(notes)], fmt.Sprintf("%d more images are not drawn", len(shown)-mostHeat))
		shown = shown[:mostHeat]
	}
	inRow := max(1, min(2, len(shown)))
	k := canvas.Card{
		Title: d.Title, Notes: notes, Photo: true,
		Width: float64(inRow*(heatItem+canvas.PanelGap) - canvas.PanelGap), Height: float64((len(shown) + inRow - 1) / inRow * heatHeight),
		Draw: func(c *canvas.Canvas, x, y float64) {
			for i, item := range shown {
				item.draw(c, x+float64(i%inRow*(heatItem+canvas.PanelGap)), y+float64(i/inRow*heatHeight))
			}
		},
	}
	var b strings.Builder
	for _, item := range d.Items {
		fmt.Fprintf(&b, "%1s %s  %s\n", item.Mark, sketch.Label(item.Title, 40), item.score(48))
	}
	g := sketch.Gallery{Title: d.Title, Columns: inRow, Side: heatItem, Notes: notes}
	for _, item := range shown {
		g.Items = append(g.Items, sketch.GalleryItem{
			Images: []sketch.GalleryImage{galleryImage(item.Image, heatSide), galleryImage(item.under(), heatSide)},
			Mark:   item.Mark, Title: item.score(0), Lines: []string{item.Title},
		})
	}
	return k.Bundle(k.TextOf(strings.TrimRight(b.String(), "\n")), g.HTML(), nil)
}

func (h HeatItem) score(width int) string {
	return sketch.Label(h.Score.Class, width) + " " + sketch.Percent(h.Score.Probability)
}

func (h HeatItem) draw(c *canvas.Canvas, x, y float64) {
	c.Square(x, y, heatSide, h.Image, h.Mark)
	c.Square(x+heatSide+heatGap, y, heatSide, h.under(), MarkNone)
	c.Text(x, y+heatSide+15, canvas.HeadStyle, canvas.HeadStyle.Fit(h.score(200), heatItem))
	c.Text(x, y+heatSide+31, canvas.SmallStyle, canvas.SmallStyle.Fit(h.Title, heatItem))
}

// under is the image under its heat map, or nil: a nil *image.RGBA in an interface would not be nil.
func (h HeatItem) under() image.Image {
	if overlay := h.overlay(); overlay != nil {
		return overlay
	}
	return nil
}

// overlay is the image, at the size in which it is drawn, under its heat map. It is nil where either is missing or the
// map's sides do not fit its values.
func (h HeatItem) overlay() *image.RGBA {
	img := canvas.Thumb(h.Image, heatSide)
	if img == nil || h.Width <= 0 || h.Height <= 0 || len(h.Heat)/h.Width != h.Height || len(h.Heat)%h.Width != 0 {
		return nil
	}
	peak := 0.0
	for i := range h.Heat {
		peak = math.Max(peak, h.value(i%h.Width, i/h.Width))
	}
	if peak == 0 {
		return img
	}
	size := img.Rect.Size()
	for y := range size.Y {
		for x := range size.X {
			heat := h.between((float64(x)+0.5)/float64(size.X)*float64(h.Width)-0.5, (float64(y)+0.5)/float64(size.Y)*float64(h.Height)-0.5) / peak
			pixel := img.RGBAAt(x, y)
			gray := uint8((299*int(pixel.R) + 587*int(pixel.G) + 114*int(pixel.B)) / 1000) // luma of ITU-R BT.601
			mixed := palette.Mix(color.NRGBA{R: gray, G: gray, B: gray, A: 255}, palette.Heat(heat), 0.25+0.5*heat)
			img.SetRGBA(x, y, color.RGBA(mixed))
		}
	}
	return img
}

// value is a cell of the map; one that is negative or no number counts as 0.
func (h HeatItem) value(x, y int) float64 {
	v := float64(h.Heat[y*h.Width+x])
	if v > 0 && !math.IsInf(v, 0) {
		return v
	}
	return 0
}

// between interpolates the map bilinearly; beyond its edge it goes on as it is there.
func (h HeatItem) between(x, y float64) float64 {
	x, y = min(max(x, 0), float64(h.Width-1)), min(max(y, 0), float64(h.Height-1))
	x0, y0 := int(x), int(y)
	x1, y1 := min(x0+1, h.Width-1), min(y0+1, h.Height-1)
	fx, fy := x-float64(x0), y-float64(y0)
	top := h.value(x0, y0)*(1-fx) + h.value(x1, y0)*fx
	bottom := h.value(x0, y1)*(1-fx) + h.value(x1, y1)*fx
	return top*(1-fy) + bottom*fy
}

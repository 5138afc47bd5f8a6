package canvas

import (
	"image"
	"math"

	xdraw "golang.org/x/image/draw"

	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// DefaultThumb is the side of an image in CSS pixels: with it a quickstart of five figures with some sixty photographs
// stays under 2 MB.
const DefaultThumb = 96

// Thumb scales an image so that its longer side has that many CSS pixels, on white. It returns nil for no image and for
// an empty one.
func Thumb(img image.Image, side float64) *image.RGBA {
	if img == nil || img.Bounds().Empty() {
		return nil
	}
	w, h := float64(img.Bounds().Dx()), float64(img.Bounds().Dy())
	scale := side * Resolution / math.Max(w, h)
	rect := image.Rect(0, 0, max(1, int(w*scale+0.5)), max(1, int(h*scale+0.5)))
	scaled := image.NewRGBA(rect)
	xdraw.Draw(scaled, rect, image.NewUniform(palette.Paper), image.Point{}, xdraw.Src)
	xdraw.CatmullRom.Scale(scaled, rect, img, img.Bounds(), xdraw.Over, nil)
	return scaled
}

// Square draws an image in a square of that side, at its left edge and in the middle of its height, with the mark in
// its upper right corner. Where there is no image it draws an empty frame.
func (c *Canvas) Square(x, y, side float64, img image.Image, m sketch.Mark) {
	scaled := Thumb(img, side)
	w, h := side, side
	if scaled == nil {
		c.Rect(x, y, side, side, palette.Wash)
		c.Line(palette.Rule, 1, x, y, x+side, y+side)
		c.Line(palette.Rule, 1, x, y+side, x+side, y)
	} else {
		w, h = float64(scaled.Rect.Dx())/Resolution, float64(scaled.Rect.Dy())/Resolution
		y += math.Floor(side-h) / 2
		c.Image(x, y, scaled)
	}
	c.Mark(x+w-min(8, w/2), y+min(8, h/2), 7, m)
}

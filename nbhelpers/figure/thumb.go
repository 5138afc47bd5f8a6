package figure

import (
	"image"
	"math"

	xdraw "golang.org/x/image/draw"

	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
)

// defaultThumb is the side of an image in CSS pixels: with it a quickstart of five figures with some sixty photographs
// stays under 2 MB.
const defaultThumb = 96

// thumb scales an image so that its longer side has that many CSS pixels, on white. It returns nil for no image and for
// an empty one.
func thumb(img image.Image, side float64) *image.RGBA {
	if img == nil || img.Bounds().Empty() {
		return nil
	}
	w, h := float64(img.Bounds().Dx()), float64(img.Bounds().Dy())
	scale := side * resolution / math.Max(w, h)
	rect := image.Rect(0, 0, max(1, int(w*scale+0.5)), max(1, int(h*scale+0.5)))
	scaled := image.NewRGBA(rect)
	xdraw.Draw(scaled, rect, image.NewUniform(palette.Paper), image.Point{}, xdraw.Src)
	xdraw.CatmullRom.Scale(scaled, rect, img, img.Bounds(), xdraw.Over, nil)
	return scaled
}

// image draws an image in a square of that side, at its left edge and in the middle of its height, with the mark in
// its upper right corner. Where there is no image it draws an empty frame.
func (c *canvas) square(x, y, side float64, img image.Image, m Mark) {
	scaled := thumb(img, side)
	w, h := side, side
	if scaled == nil {
		c.rect(x, y, side, side, palette.Wash)
		c.line(palette.Rule, 1, x, y, x+side, y+side)
		c.line(palette.Rule, 1, x, y+side, x+side, y)
	} else {
		w, h = float64(scaled.Rect.Dx())/resolution, float64(scaled.Rect.Dy())/resolution
		y += math.Floor(side-h) / 2
		c.image(x, y, scaled)
	}
	c.mark(x+w-min(8, w/2), y+min(8, h/2), 7, m)
}

// RGB is the image in interleaved 8-bit RGB, [height, width, 3], as a copy. It is nil where pix is too short or a side
// is not positive.
func RGB(pix []byte, width, height int) image.Image {
	if width <= 0 || height <= 0 || len(pix)/3/width < height {
		return nil
	}
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		img.Pix[4*i], img.Pix[4*i+1], img.Pix[4*i+2], img.Pix[4*i+3] = pix[3*i], pix[3*i+1], pix[3*i+2], 255
	}
	return img
}

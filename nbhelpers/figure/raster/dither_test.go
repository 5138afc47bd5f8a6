package raster

import (
	"image"
	"image/color"
	"image/draw"
	"testing"

	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
)

// TestDitherKeepsTheMean holds a tone that the palette lacks against the mean of what stands for it, and the paper to
// being left alone.
func TestDitherKeepsTheMean(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 200, 100))
	draw.Draw(img, img.Rect, image.NewUniform(palette.Paper), image.Point{}, draw.Src)
	draw.Draw(img, image.Rect(100, 0, 200, 100), image.NewUniform(color.NRGBA{R: 90, G: 60, B: 150, A: 255}), image.Point{}, draw.Src)
	colors := color.Palette{palette.Paper, color.NRGBA{R: 60, G: 60, B: 100, A: 255}, color.NRGBA{R: 120, G: 60, B: 200, A: 255}}
	dithered := dither(img, colors)
	var sum [3]int
	for y := range dithered.Rect.Dy() {
		for x := range dithered.Rect.Dx() {
			index := dithered.ColorIndexAt(x, y)
			if x < 100 != (index == 0) {
				t.Fatalf("the pixel at %d, %d has color %d", x, y, index)
			}
			r, g, b, _ := dithered.At(x, y).RGBA()
			if x >= 100 {
				sum[0], sum[1], sum[2] = sum[0]+int(r>>8), sum[1]+int(g>>8), sum[2]+int(b>>8)
			}
		}
	}
	for channel, want := range []int{90, 60, 150} {
		if mean := sum[channel] / (100 * 100); mean < want-2 || mean > want+2 {
			t.Errorf("channel %d has the mean %d, want about %d", channel, mean, want)
		}
	}
}

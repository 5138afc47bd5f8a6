package raster

import (
	"image"
	"image/color"
)

// dither maps an opaque image to a palette whose first color is the paper, and spreads the error of each pixel over its
// neighbors (Floyd and Steinberg, "An adaptive algorithm for spatial greyscale", 1976). The paper color itself is unchanged.
//
// It is image/draw's FloydSteinberg with a faster search: that one compares each pixel with all colors, which takes two
// thirds of a grid's time; here pixels whose channels agree in their six highest bits use the same result.
func dither(img *image.RGBA, palette color.Palette) *image.Paletted {
	result := image.NewPaletted(img.Rect, palette)
	width := img.Rect.Dx()
	colors := make([][3]int32, len(palette))
	for i, c := range palette {
		r, g, b, _ := c.RGBA()
		colors[i] = [3]int32{int32(r >> 8), int32(g >> 8), int32(b >> 8)}
	}
	found := make([]uint16, 1<<18) // the index, plus 1
	// Sixteen times the error that a row receives from the one above it, with a column more on either side.
	here, below := make([][3]int32, width+2), make([][3]int32, width+2)
	for y := range img.Rect.Dy() {
		here, below = below, here
		clear(below)
		for x := range width {
			pix := img.Pix[y*img.Stride+4*x:][:3:3]
			var c [3]int32
			for k := range c {
				c[k] = int32(pix[k])
			}
			if c == colors[0] {
				continue
			}
			for k := range c {
				c[k] = min(255, max(0, c[k]+(here[x+1][k]+8)>>4))
			}
			index := &found[c[0]>>2<<12|c[1]>>2<<6|c[2]>>2]
			if *index == 0 {
				*index = uint16(nearest(colors, c)) + 1
			}
			result.Pix[y*result.Stride+x] = uint8(*index - 1)
			for k, v := range colors[*index-1] {
				loss := c[k] - v
				here[x+2][k] += 7 * loss
				below[x][k] += 3 * loss
				below[x+1][k] += 5 * loss
				below[x+2][k] += loss
			}
		}
	}
	return result
}

// nearest is the index of the color that differs least from c, by the sum of the squares.
func nearest(colors [][3]int32, c [3]int32) int {
	best, least := 0, int32(1<<30)
	for i, other := range colors {
		r, g, b := c[0]-other[0], c[1]-other[1], c[2]-other[2]
		if distance := r*r + g*g + b*b; distance < least {
			best, least = i, distance
		}
	}
	return best
}

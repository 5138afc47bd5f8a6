// Package raster encodes drawn figures as PNG files of at most 256 colors.
package raster

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/png"
	"slices"

	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
)

// PNG encodes an image with a palette of at most 256 colors, which is less than half the size: a drawing's most
// frequent ones, or those that stand best for photographs, which are dithered. The bytes depend on nothing but the pixels.
func PNG(img image.Image, photo bool) []byte {
	if drawn, ok := img.(*image.RGBA); ok && !photo {
		img = indexed(drawn)
	} else if ok {
		img = dither(drawn, photoPalette(drawn, palette.Paper, palette.Ink, palette.Faint, palette.Right, palette.Wrong))
	}
	encoder := png.Encoder{CompressionLevel: png.DefaultCompression}
	var b bytes.Buffer
	if err := encoder.Encode(&b, img); err != nil {
		return nil // writing to a bytes.Buffer does not fail
	}
	return b.Bytes()
}

// indexed maps an opaque drawing to its 256 most frequent colors.
func indexed(img *image.RGBA) *image.Paletted {
	counts := map[color.RGBA]int{}
	for i := 0; i < len(img.Pix); i += 4 {
		counts[color.RGBA{img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3]}]++
	}
	order := make([]color.RGBA, 0, len(counts))
	for c := range counts {
		order = append(order, c)
	}
	slices.SortFunc(order, func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	kept := order[:min(256, len(order))]
	colors := make(color.Palette, len(kept))
	index := make(map[color.RGBA]uint8, len(order))
	for i, c := range kept {
		colors[i], index[c] = c, uint8(i)
	}
	for _, c := range order[len(kept):] {
		index[c] = uint8(colors.Index(c))
	}
	result := image.NewPaletted(img.Bounds(), colors)
	for i := range result.Pix {
		result.Pix[i] = index[color.RGBA{img.Pix[4*i], img.Pix[4*i+1], img.Pix[4*i+2], img.Pix[4*i+3]}]
	}
	return result
}

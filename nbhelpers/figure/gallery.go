package figure

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/jpeg"
	"image/png"

	"github.com/headstart-nb/headstart/nbhelpers/figure/canvas"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

const (
	// galleryQuality is the quality of a gallery's JPEGs, which stand beside the PNG of the whole figure.
	galleryQuality = 75
	// smallImage is the longest side in pixels of an image that is encoded as PNG: JPEG blurs it, and saves nothing.
	smallImage = 48
)

// galleryImage is an image as part of an HTML page, with side as its longer side in CSS pixels. An image with fewer pixels
// is scaled by the browser.
func galleryImage(img image.Image, side float64) sketch.GalleryImage {
	if img == nil || img.Bounds().Empty() {
		return sketch.GalleryImage{Width: int(side), Height: int(side)}
	}
	size := img.Bounds().Size()
	long := max(size.X, size.Y)
	scale := side / float64(long)
	result := sketch.GalleryImage{Width: max(1, int(float64(size.X)*scale+0.5)), Height: max(1, int(float64(size.Y)*scale+0.5))}
	flat := canvas.Thumb(img, min(side, float64(long)/canvas.Resolution))
	var b bytes.Buffer
	if long <= smallImage {
		if err := png.Encode(&b, flat); err == nil {
			result.URI = "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())
		}
		return result
	}
	if err := jpeg.Encode(&b, flat, &jpeg.Options{Quality: galleryQuality}); err == nil {
		result.URI = "data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(b.Bytes())
	}
	return result
}

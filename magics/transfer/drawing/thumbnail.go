// Package drawing makes figures of the values that models/lab returns.
package drawing

import (
	"bytes"
	"image"
	"image/jpeg"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/lab/input"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// ThumbSide is the side of a grid's images in pixels: sharp at 96 CSS pixels, small enough for a notebook file.
const ThumbSide = 112

// Thumb is the image at the size of a grid's cell: the whole image, or with the method of a model the part that it sees. It is
// nil where the image cannot be read, which the prediction has already said.
func Thumb(i input.Image, method imagefolder.Method) image.Image {
	pixels, err := i.Resized(imageio.Geometry{Size: ThumbSide, Method: method, Decode: imageio.Scaled})
	if err != nil {
		return nil
	}
	return figure.RGB(pixels, ThumbSide, ThumbSide)
}

// ItemPixels are an item of a dataset at the size of a grid's cell: [ThumbSide, ThumbSide, 3].
func ItemPixels(data *imagefolder.Dataset, item int) ([]uint8, error) {
	return data.Pixels(item, ItemGeometry(data.Options.Decode))
}

// ItemGeometry is how ItemPixels brings images to a grid's cell, decoded as for the model, so that both come out of one decoding.
func ItemGeometry(decode imageio.Decoding) imagefolder.Geometry {
	return imagefolder.Geometry{Size: ThumbSide, Method: imagefolder.Bilinear, Decode: decode}
}

// ThumbJPEG encodes [ThumbSide, ThumbSide, 3] for the notebook extension.
func ThumbJPEG(pixels []uint8) []byte {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, figure.RGB(pixels, ThumbSide, ThumbSide), &jpeg.Options{Quality: 80}); err != nil {
		return nil // a buffer takes everything
	}
	return out.Bytes()
}

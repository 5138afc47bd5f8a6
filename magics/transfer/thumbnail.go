package transfer

import (
	"bytes"
	"image"
	"image/jpeg"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// thumbSide is the side of a grid's images in pixels: sharp at 96 CSS pixels, small enough for a notebook file.
const thumbSide = 112

// thumb is the image at the size of a grid's cell: the whole image, or with the method of a model the part that it sees. It is
// nil where the image cannot be read, which the prediction has already said.
func thumb(i lab.Image, method imagefolder.Method) image.Image {
	rgb, err := i.Decode()
	if err != nil {
		return nil
	}
	pixels := make([]uint8, thumbSide*thumbSide*3)
	rgb.Resize(pixels, imageio.Geometry{Size: thumbSide, Method: method})
	return figure.RGB(pixels, thumbSide, thumbSide)
}

// itemPixels are an item of a dataset at the size of a grid's cell: [thumbSide, thumbSide, 3].
func itemPixels(data *imagefolder.Dataset, item int) ([]uint8, error) {
	return data.Pixels(item, imagefolder.Geometry{Size: thumbSide, Method: imagefolder.Bilinear})
}

// thumbJPEG encodes [thumbSide, thumbSide, 3] for the notebook extension.
func thumbJPEG(pixels []uint8) []byte {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, figure.RGB(pixels, thumbSide, thumbSide), &jpeg.Options{Quality: 80}); err != nil {
		return nil // a buffer takes everything
	}
	return out.Bytes()
}

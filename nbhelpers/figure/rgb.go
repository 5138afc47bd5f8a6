package figure

import "image"

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

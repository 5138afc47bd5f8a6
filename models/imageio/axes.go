package imageio

import (
	"math"

	"github.com/headstart-nb/headstart/models/imageio/resample"
)

// axes returns the two axes that bring an image to a geometry.
func (g Geometry) axes(across, down resample.Span) (x, y resample.Axis) {
	switch g.Method {
	case Nearest:
		return resample.Nearest(across, g.Size), resample.Nearest(down, g.Size)
	case Crop:
		w, h := g.whole(across.Length, down.Length)
		left := int(math.RoundToEven(float64(w-g.Size) / 2))
		top := int(math.RoundToEven(float64(h-g.Size) / 2))
		return resample.TriangleWindow(across, w, left, g.Size), resample.TriangleWindow(down, h, top, g.Size)
	}
	return resample.Triangle(across, g.Size), resample.Triangle(down, g.Size)
}

// whole is the size to which the whole of an image is brought.
func (g Geometry) whole(width, height float64) (w, h int) {
	if g.Method == Crop {
		// torchvision's Resize(size*256/224) keeps the proportions and cuts the longer side to a whole number; CenterCrop
		// rounds its offset half to even.
		short := (g.Size*256 + 112) / 224
		if width > height {
			return int(float64(short) * width / height), short
		}
		return short, int(float64(short) * height / width)
	}
	return g.Size, g.Size
}

// reduction is how many times smaller than its full size a JPEG may be decoded: 1, 2, 4 or 8. What is left is at least twice what it
// becomes, so that the resize has the last word on every pixel.
func (g Geometry) reduction(width, height int) int {
	if g.Decode != Scaled || g.Method == Nearest {
		return 1
	}
	w, h := g.whole(float64(width), float64(height))
	for _, reduction := range [3]int{8, 4, 2} {
		if width >= 2*reduction*w && height >= 2*reduction*h {
			return reduction
		}
	}
	return 1
}

package imagefolder

import "github.com/headstart-nb/headstart/models/imageio"

// Pixels keeps resized images between the check of a dataset and what is made of it. It is used from several goroutines.
type Pixels interface {
	// Get fills dst, [size, size, 3], with the image of a file's SHA-256 at a geometry, and tells whether it was there, whole.
	Get(sha256 string, g Geometry, dst []uint8) bool
	// Put keeps it, if there is room.
	Put(sha256 string, g Geometry, pixels []uint8)
}

// keptFrom is the number of pixels from which on an image is kept: decoding a smaller one takes a few milliseconds, and many small
// ones would take more room resized than as files.
const keptFrom = 1 << 20

// keep hands on what a model and a gallery will want of an image that was decoded for its check.
func (o Options) keep(sha256 string, decoded *imageio.Decoded) {
	width, height := decoded.Header.Upright()
	if o.Pixels == nil || int64(width)*int64(height) < keptFrom {
		return
	}
	for _, g := range o.Keep {
		if g.Validate() != nil || !decoded.Serves(g) {
			continue
		}
		pixels := make([]uint8, g.Bytes())
		decoded.Resize(pixels, g)
		o.Pixels.Put(sha256, g, pixels)
	}
}

// kept tells whether an item is large enough to be kept.
func (d *Dataset) kept(item int) bool {
	i := d.Items[item]
	return d.Options.Pixels != nil && int64(i.Width)*int64(i.Height) >= keptFrom
}

package imagefolder

import (
	"slices"

	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/models/imagefolder/neardup"
	"github.com/headstart-nb/headstart/models/imageio"
)

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

// plan is what is made of an image when it is checked: its fingerprint, and what a model and a gallery will want of it.
func (o Options) plan(header imageio.Header) imageio.Plan {
	plan := imageio.Plan{For: seen(o), Sides: neardup.Sides()}
	if o.Pixels == nil || int64(header.Width)*int64(header.Height) < keptFrom {
		return plan
	}
	for _, g := range o.Keep {
		if g.Validate() == nil && !slices.Contains(plan.Also, g) {
			plan.Also = append(plan.Also, g)
		}
	}
	return plan
}

// keep hands on what a plan has made of an image.
func (o Options) keep(sum digest.Sum, decoded *imageio.Decoded) {
	for _, g := range o.Keep {
		if pixels, ok := decoded.At(g); ok {
			o.Pixels.Put(sum.String(), g, pixels)
		}
	}
}

// kept tells whether an item is large enough to be kept.
func (d *Dataset) kept(item int) bool {
	i := &d.Items[item]
	return d.Options.Pixels != nil && int64(i.Width)*int64(i.Height) >= keptFrom
}

// anyKept tells whether an item is.
func (d *Dataset) anyKept() bool {
	for i := range d.Items {
		if d.kept(i) {
			return true
		}
	}
	return false
}

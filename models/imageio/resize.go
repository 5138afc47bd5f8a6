package imageio

import "github.com/headstart-nb/headstart/models/imageio/resample"

// reduced is the span of a side of a JPEG that is decoded at a fraction of its size.
func reduced(side, reduction int) resample.Span {
	return resample.Span{Pixels: (side + reduction - 1) / reduction, Length: float64(side) / float64(reduction)}
}

// Resize brings the image to a geometry; dst is [size, size, 3]. The numbers are Pillow's, to the last bit.
func (p RGB) Resize(dst []uint8, g Geometry) {
	v := views{newView(dst, g, 1, resample.Whole(p.Width), resample.Whole(p.Height))}
	p.feed(v.feeder(p.Width, p.Height))
	v.finish()
}

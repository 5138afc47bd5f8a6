package imageio

import "image"

// planesToRGB converts luma and chroma planes to RGB: chroma is interpolated with the weights 3/4 and 1/4, as libjpeg ("fancy
// upsampling", jdsample.c) and libwebp do, and convert makes colors of a row.
func planesToRGB(source *image.YCbCr, out RGB, convert func(dst, luma, cb, cr []uint8)) {
	width, height := out.Width, out.Height
	cb := make([]uint8, width+1) // one more: a pair of samples is written at once
	cr := make([]uint8, width+1)
	up := newUpsampler(source.SubsampleRatio, source.CStride, height, width, height)
	bounds := source.Bounds()
	for y := range height {
		up.row(cb, source.Cb, y)
		up.row(cr, source.Cr, y)
		luma := source.Y[source.YOffset(bounds.Min.X, bounds.Min.Y+y):][:width]
		convert(out.Pix[3*width*y:][:3*width], luma, cb, cr)
	}
}

// An upsampler widens one chroma plane to the size of the luma plane, row by row.
type upsampler struct {
	stride        int
	held          int      // rows of the plane that are in memory: row y is in place y % held
	width, height int      // of the luma plane
	h, v          int      // luma samples for each chroma sample
	cw, ch        int      // of the chroma plane, without padding
	sums          []uint16 // at most 4 * 255
}

func newUpsampler(ratio image.YCbCrSubsampleRatio, stride, held, width, height int) *upsampler {
	h, v := 1, 1
	switch ratio {
	case image.YCbCrSubsampleRatio422:
		h = 2
	case image.YCbCrSubsampleRatio420:
		h, v = 2, 2
	case image.YCbCrSubsampleRatio440:
		v = 2
	case image.YCbCrSubsampleRatio411:
		h = 4
	case image.YCbCrSubsampleRatio410:
		h, v = 4, 2
	}
	u := &upsampler{stride: stride, held: held, width: width, height: height, h: h, v: v,
		cw: (width + h - 1) / h, ch: (height + v - 1) / v}
	u.sums = make([]uint16, u.cw)
	return u
}

// fancy says whether libjpeg interpolates here: it repeats samples where the ratio is above 2 or the plane very narrow.
func (u *upsampler) fancy() bool {
	return u.h <= 2 && u.v <= 2 && (u.h == 1 || u.cw > 2)
}

// line is a row of the plane as it is stored.
func (u *upsampler) line(plane []uint8, y int) []uint8 { return plane[y%u.held*u.stride:][:u.cw] }

// of returns the chroma of luma row y: where it is stored, or in buffer.
func (u *upsampler) of(buffer, plane []uint8, y int) []uint8 {
	if u.h == 1 && u.v == 1 {
		return u.line(plane, y)
	}
	u.row(buffer, plane, y)
	return buffer
}

// row fills dst with the chroma of luma row y.
func (u *upsampler) row(dst, plane []uint8, y int) {
	near := u.line(plane, y/u.v)
	switch {
	case u.h == 1 && u.v == 1:
		copy(dst, near)
	case !u.fancy():
		for x := range u.width {
			dst[x] = near[x/u.h]
		}
	case u.v == 1:
		sumRows(u.sums, near, near)
		widenSums(dst, u.sums, 4, 8) // (3a + b + 1) / 4 and (3a + b + 2) / 4
	default:
		far := u.line(plane, u.neighbor(y))
		if u.h == 1 {
			bias := int32(1 + y%2)
			for x, a := range near {
				dst[x] = uint8((3*int32(a) + int32(far[x]) + bias) >> 2)
			}
			return
		}
		sumRows(u.sums, near, far)
		widenSums(dst, u.sums, 8, 7)
	}
}

// neighbor is the chroma row that is second nearest to luma row y, with the edge rows repeated.
func (u *upsampler) neighbor(y int) int {
	if y%2 == 0 {
		return max(y/2-1, 0)
	}
	return min(y/2+1, u.ch-1)
}

// sumRows adds two rows with weights 3 and 1.
func sumRows(sums []uint16, near, far []uint8) {
	near, far = near[:len(sums)], far[:len(sums)]
	x := 0
	if whole := len(sums) &^ 15; laned() && whole > 0 {
		sumLanes(&sums[0], &near[0], &far[0], whole)
		x = whole
	}
	for ; x < len(sums); x++ {
		sums[x] = 3*uint16(near[x]) + uint16(far[x])
	}
}

// widenSums doubles a row whose samples are sums of two rows with weights 3 and 1. What is added before the shift differs between pixels of
// even and of odd places.
func widenSums(dst []uint8, sums []uint16, even, odd uint16) {
	last := len(sums) - 1
	one := func(x int) {
		v, left, right := 3*sums[x], sums[max(x-1, 0)], sums[min(x+1, last)]
		dst[2*x] = uint8((v + left + even) >> 4)
		if 2*x+1 < len(dst) {
			dst[2*x+1] = uint8((v + right + odd) >> 4)
		}
	}
	one(0)
	x := 1
	if whole := (last - 1) &^ 15; laned() && whole > 0 {
		const twice = 1<<16 + 1
		widenLanes(&dst[2:][:2*whole][0], &sums[1], whole, twice*uint32(even), twice*uint32(odd))
		x += whole
	}
	for ; x <= last; x++ {
		one(x)
	}
}

// jpegRow converts full-range BT.601, as JFIF says and jdcolor.c does: the constants are 1.402, 0.344136, 0.714136 and 1.772
// times 65536.
func jpegRow(dst, luma, cb, cr []uint8) {
	cb, cr = cb[:len(luma)], cr[:len(luma)]
	dst = dst[:3*len(luma)]
	for x := jpegRowWide(dst, luma, cb, cr); x < len(luma); x++ {
		dst[3*x], dst[3*x+1], dst[3*x+2] = jpegColor(luma[x], cb[x], cr[x])
	}
}

// jpegColor converts one pixel.
func jpegColor(luma, cb, cr uint8) (red, green, blue uint8) {
	const half = 1 << 15
	base, b, r := int32(luma), int32(cb)-128, int32(cr)-128
	return clamp(base + (91881*r+half)>>16), clamp(base + (-22554*b-46802*r+half)>>16), clamp(base + (116130*b+half)>>16)
}

// webpRow converts BT.601 of the studio range (luma 16 to 235) in the fixed point of libwebp's yuv.h.
func webpRow(dst, luma, u, v []uint8) {
	u, v = u[:len(luma)], v[:len(luma)]
	dst = dst[:3*len(luma)]
	times := func(sample uint8, factor int32) int32 { return int32(sample) * factor >> 8 }
	for x := range luma {
		base := times(luma[x], 19077)
		dst[3*x] = clamp((base + times(v[x], 26149) - 14234) >> 6)
		dst[3*x+1] = clamp((base - times(u[x], 6419) - times(v[x], 13320) + 8708) >> 6)
		dst[3*x+2] = clamp((base + times(u[x], 33050) - 17685) >> 6)
	}
}

func clamp(v int32) uint8 {
	if uint32(v) <= 255 {
		return uint8(v)
	}
	return uint8(^(v >> 31)) // 0 below, 255 above
}

package imageio

import "image"

// planesToRGB converts luma and chroma planes to RGB: chroma is interpolated with the weights 3/4 and 1/4, as libjpeg ("fancy
// upsampling", jdsample.c) and libwebp do, and convert makes colors of a row.
func planesToRGB(source *image.YCbCr, out RGB, convert func(dst, luma, cb, cr []uint8)) {
	width, height := out.Width, out.Height
	cb := make([]uint8, width+1) // one more: a pair of samples is written at once
	cr := make([]uint8, width+1)
	up := newUpsampler(source, width, height)
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
	width, height int      // of the luma plane
	h, v          int      // luma samples for each chroma sample
	cw, ch        int      // of the chroma plane, without padding
	sums          []uint16 // at most 4 * 255
}

func newUpsampler(source *image.YCbCr, width, height int) *upsampler {
	h, v := 1, 1
	switch source.SubsampleRatio {
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
	u := &upsampler{stride: source.CStride, width: width, height: height, h: h, v: v,
		cw: (width + h - 1) / h, ch: (height + v - 1) / v}
	u.sums = make([]uint16, u.cw)
	return u
}

// fancy says whether libjpeg interpolates here: it repeats samples where the ratio is above 2 or the plane very narrow.
func (u *upsampler) fancy() bool {
	return u.h <= 2 && u.v <= 2 && (u.h == 1 || u.cw > 2)
}

// row fills dst with the chroma of luma row y.
func (u *upsampler) row(dst, plane []uint8, y int) {
	near := plane[y/u.v*u.stride:][:u.cw]
	switch {
	case u.h == 1 && u.v == 1:
		copy(dst, near)
	case !u.fancy():
		for x := range u.width {
			dst[x] = near[x/u.h]
		}
	case u.v == 1:
		widen(dst, near)
	default:
		far := plane[u.neighbor(y)*u.stride:][:u.cw]
		if u.h == 1 {
			bias := int32(1 + y%2)
			for x, a := range near {
				dst[x] = uint8((3*int32(a) + int32(far[x]) + bias) >> 2)
			}
			return
		}
		sumRows(u.sums, near, far)
		widenSums(dst, u.sums)
	}
}

// neighbor is the chroma row that is second nearest to luma row y, with the edge rows repeated.
func (u *upsampler) neighbor(y int) int {
	if y%2 == 0 {
		return max(y/2-1, 0)
	}
	return min(y/2+1, u.ch-1)
}

// widen doubles a row: 4:2:2.
func widen(dst, row []uint8) {
	last := len(row) - 1
	for x, v := range row {
		left, right := int32(row[max(x-1, 0)]), int32(row[min(x+1, last)])
		dst[2*x] = uint8((3*int32(v) + left + 1) >> 2)
		if 2*x+1 < len(dst) {
			dst[2*x+1] = uint8((3*int32(v) + right + 2) >> 2)
		}
	}
}

// sumRows adds two rows with weights 3 and 1.
func sumRows(sums []uint16, near, far []uint8) {
	for x := sumRowsWide(sums, near, far); x < len(sums); x++ {
		sums[x] = 3*uint16(near[x]) + uint16(far[x])
	}
}

// widenSums doubles a row whose samples are sums of two rows with weights 3 and 1: 4:2:0.
func widenSums(dst []uint8, sums []uint16) {
	last := len(sums) - 1
	one := func(x int) {
		v, left, right := 3*sums[x], sums[max(x-1, 0)], sums[min(x+1, last)]
		dst[2*x] = uint8((v + left + 8) >> 4)
		if 2*x+1 < len(dst) {
			dst[2*x+1] = uint8((v + right + 7) >> 4)
		}
	}
	one(0)
	for x := 1 + widenSumsWide(dst, sums); x <= last; x++ {
		one(x)
	}
}

// jpegRow converts full-range BT.601, as JFIF says and jdcolor.c does: the constants are 1.402, 0.344136, 0.714136 and 1.772
// times 65536.
func jpegRow(dst, luma, cb, cr []uint8) {
	cb, cr = cb[:len(luma)], cr[:len(luma)]
	dst = dst[:3*len(luma)]
	const half = 1 << 15
	for x := jpegRowWide(dst, luma, cb, cr); x < len(luma); x++ {
		b, r := int32(cb[x])-128, int32(cr[x])-128
		base := int32(luma[x])
		dst[3*x] = clamp(base + (91881*r+half)>>16)
		dst[3*x+1] = clamp(base + (-22554*b-46802*r+half)>>16)
		dst[3*x+2] = clamp(base + (116130*b+half)>>16)
	}
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

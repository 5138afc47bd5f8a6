package picture

import (
	"encoding/binary"
	"image"
	"math"
	"slices"
)

// The short way from a JPEG to a small square: resizing and converting colours are both linear, so that the planes are
// resized first, where they are smaller, and colours are made for the pixels of the result only. The upsampling of chroma
// becomes part of the weights. Eight samples are weighed at once in a 64-bit word, with weights of 8 bits. The result differs
// from the long way's by rounding, and where colours are so strong that they were cut off before they were averaged
// (TestFastIsNearExact).

// maxShortTaps is how many source pixels a result pixel may be made of: beyond it, weights of 8 bits become too coarse.
const maxShortTaps = 40

// resizePlanes fills dst, [size, size, 3], from a JPEG's planes; false means that the long way is needed.
func resizePlanes(dst []uint8, source *image.YCbCr, header Header, g Geometry) bool {
	if header.Width < 16 || header.Height < 16 || source.YStride%8 != 0 || source.CStride%8 != 0 || source.Rect.Min != (image.Point{}) {
		return false
	}
	factorX, factorY := 1, 1
	switch source.SubsampleRatio {
	case image.YCbCrSubsampleRatio444:
	case image.YCbCrSubsampleRatio422:
		factorX = 2
	case image.YCbCrSubsampleRatio440:
		factorY = 2
	case image.YCbCrSubsampleRatio420:
		factorX, factorY = 2, 2
	default:
		return false
	}
	x, y := g.axes(header.Upright())
	if header.Orientation >= 5 {
		x, y = y, x
	}
	// The square is made as the file lies, and turned at the end: mirrored weights make that the same.
	if slices.Contains([]int{2, 3, 7, 8}, header.Orientation) {
		x = x.mirror(header.Width)
	}
	if slices.Contains([]int{3, 4, 6, 7}, header.Orientation) {
		y = y.mirror(header.Height)
	}
	chromaX, chromaY := x, y
	if factorX == 2 {
		chromaX = x.overUpsampling(header.Width)
	}
	if factorY == 2 {
		chromaY = y.overUpsampling(header.Height)
	}
	if max(x.taps, y.taps) > maxShortTaps {
		return false
	}
	luma := squeeze(source.Y, source.YStride, header.Width, x, y)
	cb := squeeze(source.Cb, source.CStride, (header.Width+factorX-1)/factorX, chromaX, chromaY)
	cr := squeeze(source.Cr, source.CStride, (header.Width+factorX-1)/factorX, chromaX, chromaY)
	small := RGB{Width: g.Size, Height: g.Size, Pix: dst}
	for row := range g.Size {
		at := row * g.Size
		jpegRow(dst[3*at:][:3*g.Size], luma[at:][:g.Size], cb[at:][:g.Size], cr[at:][:g.Size])
	}
	if header.Orientation > 1 {
		copy(dst, upright(small, header.Orientation).Pix)
	}
	return true
}

// mirror is the axis of the same picture read from its other end, with its result in the other order.
func (a axis) mirror(source int) axis {
	m := newAxis(len(a.first), a.taps)
	for i := range a.first {
		weights := a.weights(i)[:used(a.weights(i))]
		j := len(a.first) - 1 - i
		m.first[j] = int32(source) - a.first[i] - int32(len(weights))
		for k, w := range weights {
			m.weights(j)[len(weights)-1-k] = w
		}
	}
	return m
}

// overUpsampling is the axis that does on a plane of half the samples what a does after libjpeg's upsampling: sample 2c is 3/4
// c and 1/4 of the one before, sample 2c+1 is 3/4 c and 1/4 of the one after.
func (a axis) overUpsampling(source int) axis {
	half := (source + 1) / 2
	c := newAxis(len(a.first), a.taps/2+3)
	for i := range a.first {
		first := max(int(a.first[i])/2-1, 0)
		c.first[i] = int32(first)
		weights := c.weights(i)
		for k, w := range a.weights(i) {
			if w == 0 {
				continue
			}
			at := int(a.first[i]) + k
			near, far := at/2, max(at/2-1, 0)
			if at%2 == 1 {
				far = min(at/2+1, half-1)
			}
			weights[near-first] += w * 0.75
			weights[far-first] += w * 0.25
		}
	}
	return c
}

// bytesOf rounds each pixel's weights to 256ths that sum to 256: the largest remainders are rounded up.
func (a axis) bytesOf(i int, to []uint64) (first int, weights []uint64) {
	exact := a.weights(i)[:used(a.weights(i))]
	from := 0
	for from < len(exact)-1 && exact[from] == 0 {
		from++
	}
	exact = exact[from:]
	weights = to[:len(exact)]
	left := 256
	for k, w := range exact {
		weights[k] = uint64(math.Floor(w * 256))
		left -= int(weights[k])
	}
	for ; left > 0; left-- {
		best := 0
		for k, w := range exact {
			if w*256-float64(weights[k]) > exact[best]*256-float64(weights[best]) {
				best = k
			}
		}
		weights[best]++
	}
	return int(a.first[i]) + from, weights
}

// squeeze brings a plane to [len(y.first), len(x.first)].
func squeeze(plane []uint8, stride, width int, x, y axis) []uint8 {
	wide := roundUp(width)
	rows := make([]uint8, roundUp(len(y.first))*wide)
	weigh(rows, wide, plane, stride, y)
	turned := transpose(rows, len(y.first), width, wide)
	tall := roundUp(len(y.first))
	columns := make([]uint8, roundUp(len(x.first))*tall)
	weigh(columns, tall, turned, tall, x)
	return transposeTight(columns, len(x.first), len(y.first), tall)
}

func roundUp(n int) int { return (n + 7) &^ 7 }

// weigh makes each row of the result, width bytes (a multiple of 8), out of the axis's rows of the source.
func weigh(to []uint8, width int, source []uint8, stride int, a axis) {
	const even, half = 0x00ff00ff00ff00ff, 0x0080008000800080
	buffer := make([]uint64, a.taps)
	for i := range a.first {
		first, weights := a.bytesOf(i, buffer)
		row := to[i*width:][:width]
		top := source[first*stride:]
		for x := 0; x+8 <= len(row); x += 8 {
			low, high := uint64(half), uint64(half)
			at := x
			for _, w := range weights {
				v := binary.LittleEndian.Uint64(top[at:])
				low += v & even * w
				high += v >> 8 & even * w
				at += stride
			}
			binary.LittleEndian.PutUint64(row[x:], low>>8&even|high&^even)
		}
	}
}

// transpose turns [rows, width] (in rows of stride bytes) into [width, rows], in rows of a multiple of 8 bytes.
func transpose(source []uint8, rows, width, stride int) []uint8 {
	tall := roundUp(rows)
	to := make([]uint8, width*tall)
	for y0 := 0; y0 < rows; y0 += 8 { // blocks stay in the cache
		for x := range width {
			out := to[x*tall+y0:][:8]
			in := source[y0*stride+x:]
			for k := range min(8, rows-y0) {
				out[k] = in[k*stride]
			}
		}
	}
	return to
}

// transposeTight is transpose into rows without padding.
func transposeTight(source []uint8, rows, width, stride int) []uint8 {
	to := make([]uint8, width*rows)
	for y := range rows {
		for x, v := range source[y*stride:][:width] {
			to[x*rows+y] = v
		}
	}
	return to
}

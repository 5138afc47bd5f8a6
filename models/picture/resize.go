package picture

import (
	"image"
	"math"
)

// At decodes a picture into dst, [size, size, 3], at a geometry.
func At(dst, data []byte, g Geometry, limits Limits) (err error) {
	defer recoverTo(&err)
	if err := g.Validate(); err != nil {
		return err
	}
	header, decoded, err := decode(data, limits)
	if err != nil {
		return err
	}
	planes, ok := decoded.(*image.YCbCr)
	if ok && header.Format == "jpeg" && g.Fast && resizePlanes(dst[:g.Bytes()], planes, header, g) {
		return nil
	}
	upright(toRGB(decoded, header), header.Orientation).Resize(dst, g)
	return nil
}

// Resize brings the picture to a geometry; dst is [size, size, 3]. The numbers are Pillow's, to the last bit.
func (p RGB) Resize(dst []uint8, g Geometry) {
	x, y := g.axes(p.Width, p.Height)
	if g.Method == Nearest {
		p.pick(dst, x, y)
		return
	}
	from := int(y.first[0])
	to := 0 // one past the last source row that counts
	for i, first := range y.first {
		to = max(to, min(int(first)+used(y.weights(i)), p.Height))
	}
	// As in Resample.c: rows first, rounded to bytes, then columns; 22 bits behind the point.
	narrow := make([]uint8, 3*len(x.first)*(to-from))
	fixed := fixedPoint(x)
	counts := make([]int, len(x.first))
	for i := range counts {
		counts[i] = used(x.weights(i))
	}
	for row := range to - from {
		shrinkRow(narrow[3*len(x.first)*row:][:3*len(x.first)], p.Pix[3*p.Width*(from+row):][:3*p.Width], x, fixed, counts)
	}
	shrinkColumns(dst[:g.Bytes()], narrow, from, y, fixedPoint(y))
}

// used is the number of weights up to the last that is not zero.
func used(weights []float64) int {
	n := len(weights)
	for n > 0 && weights[n-1] == 0 {
		n--
	}
	return n
}

func (p RGB) pick(dst []uint8, x, y axis) {
	to := 0
	for _, sy := range y.first {
		row := p.Pix[3*p.Width*int(sy):][:3*p.Width]
		for _, sx := range x.first {
			copy(dst[to:to+3], row[3*sx:3*sx+3])
			to += 3
		}
	}
}

const fixedBits = 22 // Resample.c: PRECISION_BITS

// fixedPoint rounds the weights of an axis as Pillow does.
func fixedPoint(a axis) []int32 {
	fixed := make([]int32, len(a.weight))
	for i, w := range a.weight {
		fixed[i] = int32(math.Floor(0.5 + w*(1<<fixedBits)))
	}
	return fixed
}

// shrinkRow filters along a row; counts are the numbers of weights that are not padding.
func shrinkRow(dst, row []uint8, a axis, fixed []int32, counts []int) {
	for i, first := range a.first {
		const half = 1 << (fixedBits - 1)
		r, g, b := int32(half), int32(half), int32(half)
		weights := fixed[i*a.taps:][:counts[i]]
		source := row[3*first:][:3*len(weights)]
		for _, w := range weights {
			r += w * int32(source[0])
			g += w * int32(source[1])
			b += w * int32(source[2])
			source = source[3:]
		}
		dst[3*i] = clamp(r >> fixedBits)
		dst[3*i+1] = clamp(g >> fixedBits)
		dst[3*i+2] = clamp(b >> fixedBits)
	}
}

// shrinkColumns filters along the columns of narrow, whose first row is the source's row offset.
func shrinkColumns(dst, narrow []uint8, offset int, a axis, fixed []int32) {
	width := len(dst) / len(a.first)
	sums := make([]int32, width)
	for i, first := range a.first {
		for x := range sums {
			sums[x] = 1 << (fixedBits - 1)
		}
		for k, w := range fixed[i*a.taps:][:a.taps] {
			if w == 0 {
				continue
			}
			row := narrow[(int(first)+k-offset)*width:][:width]
			for x, v := range row {
				sums[x] += w * int32(v)
			}
		}
		out := dst[i*width:][:width]
		for x, v := range sums {
			out[x] = clamp(v >> fixedBits)
		}
	}
}

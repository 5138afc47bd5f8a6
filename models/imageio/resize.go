package imageio

import (
	"math"

	"github.com/headstart-nb/headstart/models/imageio/baseline"
)

// At decodes an image into dst, [size, size, 3], at a geometry.
func At(dst, data []byte, g Geometry, limits Limits) error {
	d, err := DecodeFor(data, g, limits)
	if err != nil {
		return err
	}
	d.Resize(dst, g)
	return nil
}

// A Decoded is an image that was decoded for a geometry, and can be brought to others without decoding it again.
type Decoded struct {
	Header      Header
	Transparent bool // every pixel of the file is

	pixels       RGB
	across, down span
	asked, got   int // reductions
}

// DecodeFor decodes an image as a geometry allows.
func DecodeFor(data []byte, g Geometry, limits Limits) (result *Decoded, err error) {
	defer recoverTo(&err)
	if err := g.Validate(); err != nil {
		return nil, err
	}
	header, err := ReadHeader(data, limits)
	if err != nil {
		return nil, err
	}
	result = &Decoded{Header: header, asked: g.reduction(header.Upright()), got: 1}
	stored, err := decode(data, limits, result.asked)
	if err != nil {
		return nil, err
	}
	if stored.header.Width != header.Width || stored.header.Height != header.Height {
		result.got = result.asked
	}
	result.pixels = stored.upright()
	result.Transparent = result.pixels.Transparent
	result.across, result.down = stored.spans()
	return result, nil
}

// Held is about how many pixels are held in memory while an image is decoded for a geometry.
func Held(data []byte, header Header, g Geometry) int64 {
	pixels := int64(header.Width) * int64(header.Height)
	reduction := int64(g.reduction(header.Upright()))
	if reduction == 1 || header.Format != "jpeg" {
		return pixels
	}
	switch inPasses, err := baseline.Reducible(data); {
	case err != nil:
		return pixels
	case inPasses:
		return pixels/2 + pixels/(reduction*reduction) // all coefficients, in 3 bytes a pixel, where pixels take 6
	}
	return pixels / (reduction * reduction)
}

// Serves tells whether Resize makes the same pixels for a geometry as At does of the file.
func (d *Decoded) Serves(g Geometry) bool {
	wanted := g.reduction(d.Header.Upright())
	cannot := d.Header.Format != "jpeg" || d.asked > 1 && d.got == 1 // a kind that is always decoded whole
	return wanted == d.got || cannot
}

// Resize brings the image to a geometry; dst is [size, size, 3].
func (d *Decoded) Resize(dst []uint8, g Geometry) { d.pixels.resize(dst, g, d.across, d.down) }

// A span is the part of a row or column of decoded pixels that the image takes. In a reduced image the last pixel may be cut: 9 pixels
// at half the size are 5, of which the image takes 4.5.
type span struct {
	pixels       int
	from, length float64
}

func whole(pixels int) span { return span{pixels: pixels, length: float64(pixels)} }

func (s span) mirrored() span {
	s.from = float64(s.pixels) - s.from - s.length
	return s
}

// Resize brings the image to a geometry; dst is [size, size, 3]. The numbers are Pillow's, to the last bit.
func (p RGB) Resize(dst []uint8, g Geometry) { p.resize(dst, g, whole(p.Width), whole(p.Height)) }

// resize is Resize of the part of the pixels that is the image.
func (p RGB) resize(dst []uint8, g Geometry, across, down span) {
	x, y := g.axes(across, down)
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
	for row := 0; row < to-from; row += 2 {
		next := min(row+1, to-from-1)
		into := func(row int) []uint8 { return narrow[3*len(x.first)*row:][:3*len(x.first)] }
		source := func(row int) []uint8 { return p.Pix[3*p.Width*(from+row):] }
		done := shrinkRowsWide(into(row), into(next), source(row), source(next), x, fixed)
		shrinkRow(into(row), source(row), x, fixed, done)
		shrinkRow(into(next), source(next), x, fixed, done)
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

// fixedWeights are the weights of an axis, rounded as Pillow does.
type fixedWeights struct {
	all    []int32 // [len(first), taps]
	counts []int   // how many of each pixel's are not padding
	// Two weights each, and as many for every pixel, as four words of 16 bits: their lower lowBits, then the bits above those.
	pairs []uint64
}

const lowBits = 11

func fixedPoint(a axis) fixedWeights {
	f := fixedWeights{all: make([]int32, len(a.weight)), counts: make([]int, len(a.first))}
	most := 0
	for i := range a.first {
		f.counts[i] = used(a.weights(i))
		most = max(most, f.counts[i])
	}
	each := (most + 1) / 2
	f.pairs = make([]uint64, len(a.first)*each)
	for i := range a.first {
		for k, w := range a.weights(i)[:f.counts[i]] {
			fixed := int32(math.Floor(0.5 + w*(1<<fixedBits)))
			f.all[i*a.taps+k] = fixed
			words := uint64(fixed&(1<<lowBits-1)) | uint64(fixed>>lowBits)<<32
			f.pairs[i*each+k/2] |= words << (16 * (k % 2))
		}
	}
	return f
}

func (f fixedWeights) of(a axis, i int) []int32 { return f.all[i*a.taps:][:f.counts[i]] }

// shrinkRow filters along the row that source begins with, from a pixel of the result on.
func shrinkRow(dst, source []uint8, a axis, fixed fixedWeights, from int) {
	for i := from; i < len(a.first); i++ {
		const half = 1 << (fixedBits - 1)
		r, g, b := int32(half), int32(half), int32(half)
		weights := fixed.of(a, i)
		pixels := source[3*a.first[i]:][:3*len(weights)]
		for _, w := range weights {
			r += w * int32(pixels[0])
			g += w * int32(pixels[1])
			b += w * int32(pixels[2])
			pixels = pixels[3:]
		}
		dst[3*i] = clamp(r >> fixedBits)
		dst[3*i+1] = clamp(g >> fixedBits)
		dst[3*i+2] = clamp(b >> fixedBits)
	}
}

// shrinkColumns filters along the columns of narrow, whose first row is the source's row offset.
func shrinkColumns(dst, narrow []uint8, offset int, a axis, fixed fixedWeights) {
	width := len(dst) / len(a.first)
	sums := make([]int32, width)
	for i, first := range a.first {
		shrinkColumn(dst[i*width:][:width], narrow[(int(first)-offset)*width:], fixed.of(a, i), sums)
	}
}

// shrinkColumn makes one row out of as many rows as there are weights; sums is room for a row.
func shrinkColumn(out, rows []uint8, weights, sums []int32) {
	from := shrinkColumnWide(out, rows, weights)
	out, sums = out[from:], sums[from:]
	for x := range sums {
		sums[x] = 1 << (fixedBits - 1)
	}
	for k, w := range weights {
		for x, v := range rows[k*(from+len(out))+from:][:len(out)] {
			sums[x] += w * int32(v)
		}
	}
	for x, v := range sums {
		out[x] = clamp(v >> fixedBits)
	}
}

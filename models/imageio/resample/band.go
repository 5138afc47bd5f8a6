package resample

import "math"

// bandRows is how many rows of an image are resized together: as many as samples fit in a register, and few enough for the second cache,
// with 200 KB of a photo of 12 megapixels.
const bandRows = 16

// A band is some neighboring rows with their colors apart: red, then green, then blue.
type band struct {
	from, rows int     // the first row's place in the image, a multiple of bandRows, and how many there are
	color      int     // samples from one color to the next: the width, padded to a multiple of 32
	pix        []uint8 // [bandRows, 3*color]; nil where only down is filled
	down       []uint8 // [bandRows/2, 3*color, 2]: samples of two rows side by side
	across     []uint8 // [3*color/2, bandRows, 2]: samples of two columns side by side
	paired     bool    // down is of these rows
	turned     bool    // across is
}

func newBand(width int) *band {
	color := (width + 31) &^ 31
	return &band{color: color, pix: make([]uint8, bandRows*3*color)}
}

// width is the number of samples in a row.
func (b *band) width() int { return 3 * b.color }

func (b *band) row(y int) []uint8 { return b.pix[y*b.width():][:b.width()] }

// at is a sample after along.
func (b *band) at(row, x int) uint8 {
	if b.paired {
		return b.down[2*b.width()*(row/2)+2*x+row%2]
	}
	return b.pix[b.width()*row+x]
}

// pairDown fills down, once for all who need it.
func (b *band) pairDown() {
	if b.paired {
		return
	}
	if b.down == nil {
		b.down = make([]uint8, len(b.pix))
	}
	for y := 0; y < b.rows; y += 2 { // of an odd number of rows, the last one's neighbor is old: its weight is 0
		pairRows(&b.down[y*b.width()], &b.row(y)[0], &b.row(y + 1)[0], b.width())
	}
	b.paired = true
}

// pairAcross fills across.
func (b *band) pairAcross() {
	if b.turned {
		return
	}
	if b.across == nil {
		b.across = make([]uint8, len(b.pix))
	}
	pairColumns(&b.across[0], &b.pix[0], 2*bandRows, bandRows*bandRows, b.width(), bandRows, b.width()/bandRows)
	b.turned = true
}

// begin takes other rows.
func (b *band) begin(from int) { b.from, b.rows, b.paired, b.turned = from, 0, false, false }

// taps are an axis in Pillow's fixed point: for every result, from which sample on how many are added up with which weights.
type taps struct {
	first, count []int32
	most         int     // of count
	all          []int32 // [len(first), most]
	// The weights for samples that are paired, an even one with the odd one after it: two each, as four words of 16 bits: their lower
	// lowBits, then the bits above those.
	spans []pairSpan
	each  int      // pairs of a result, with those that it does not use
	pairs []uint64 // [len(first), each]
}

// A pairSpan says which pairs a result is made of; sumAlong reads it.
type pairSpan struct{ first, count int32 }

// fixedPoint rounds the weights of an axis as Pillow does. Results and samples come in the order of a file that has length of them,
// backwards where the image is mirrored.
func fixedPoint(a Axis, length int, backwards bool) taps {
	n := len(a.first)
	t := taps{first: make([]int32, n), count: make([]int32, n), spans: make([]pairSpan, n)}
	for i := range n {
		t.most = max(t.most, used(a.weights(i)))
	}
	t.each = t.most/2 + 1
	t.all, t.pairs = make([]int32, n*t.most), make([]uint64, n*t.each)
	for i := range n {
		to, first := i, int(a.first[i])
		count := max(min(used(a.weights(i)), length-first), 1)
		if backwards {
			to, first = n-1-i, length-first-count
		}
		t.first[to], t.count[to] = int32(first), int32(count)
		t.spans[to] = pairSpan{int32(first / 2), int32((first+count-1)/2 - first/2 + 1)}
		for k, w := range a.weights(i)[:count] {
			if backwards {
				k = count - 1 - k
			}
			fixed := int32(math.Floor(0.5 + w*(1<<fixedBits)))
			t.all[to*t.most+k] = fixed
			words := uint64(fixed&(1<<lowBits-1)) | uint64(uint16(fixed>>lowBits))<<32
			at := first%2 + k
			t.pairs[to*t.each+at/2] |= words << (16 * (at % 2))
		}
	}
	return t
}

// end is one past the last sample of a result.
func (t *taps) end(i int) int { return int(t.first[i] + t.count[i]) }

// weights are those of the samples from one on.
func (t *taps) weights(i, from int) []int32 {
	return t.all[i*t.most:][from-int(t.first[i]) : t.count[i]]
}

// along resizes the rows of a band, which becomes that of narrow.
func along(narrow *band, t *taps, b *band) {
	narrow.begin(b.from)
	narrow.rows = b.rows
	if !laned() {
		alongPlain(narrow, t, b)
		return
	}
	b.pairAcross()
	if narrow.across == nil {
		narrow.across, narrow.down = make([]uint8, len(narrow.pix)), make([]uint8, len(narrow.pix))
	}
	// [3*color, bandRows]: a column after another.
	columns := narrow.across
	sumAlong(&columns[0], &b.across[0], bandRows*b.color, bandRows*narrow.color, &t.spans[0], t.each, &t.pairs[0], len(t.spans))
	pairColumns(&narrow.down[0], &columns[0], 2*narrow.width(), 2*bandRows, bandRows, bandRows*bandRows, narrow.width()/bandRows)
	narrow.paired = true
}

// alongPlain is along a sample at a time.
func alongPlain(narrow *band, t *taps, b *band) {
	for y := range b.rows {
		for color := range 3 {
			from, to := b.row(y)[color*b.color:][:b.color], narrow.row(y)[color*narrow.color:]
			for i, first := range t.first {
				weights := t.weights(i, int(first))
				sum := int32(1 << (fixedBits - 1))
				for k, v := range from[first:][:len(weights)] {
					sum += weights[k] * int32(v)
				}
				to[i] = clamp(sum >> fixedBits)
			}
		}
	}
}

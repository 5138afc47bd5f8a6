// Package resample brings images to small sizes with Pillow's arithmetic, to the last bit, while they come row by row.
//
// A Feeder gathers rows into bands of sixteen, which all its targets see; an image is nowhere in memory as a whole. On amd64 with AVX2 the
// loops have 16 or more samples in each register.
package resample

// The fixed point of weights.
const (
	fixedBits = 22 // Resample.c: PRECISION_BITS
	lowBits   = 11 // the lower half of a weight, which is multiplied by itself
)

// A Target is one size of an image. Pillow resizes rows, rounded to bytes, before columns. Of an image that will be turned by 90 degrees
// afterwards these are the columns and the rows as they are stored.
type Target struct {
	across taps     // along the rows as they are stored
	down   *columns // along the columns
	narrow *band    // resized rows
	lines  *band    // resized columns, where they come first
	line   []uint8  // otherwise a row of the result
	pix    []uint8
}

// An Order is how an image is stored that is shown upright.
type Order struct {
	Turned        bool // its rows are what becomes columns
	Across, Down  bool // what becomes rows, and what becomes columns, runs backwards
	Width, Height int  // in pixels, as stored
}

// NewTarget prepares for an image; x and y say how it is resized upright.
func NewTarget(x, y Axis, o Order) *Target {
	t := &Target{}
	if o.Turned {
		t.across, t.down = fixedPoint(y, o.Width, o.Down), newColumns(fixedPoint(x, o.Height, o.Across))
		t.lines = newBand(o.Width)
	} else {
		t.across, t.down = fixedPoint(x, o.Width, o.Across), newColumns(fixedPoint(y, o.Height, o.Down))
	}
	t.narrow = newBand(len(t.across.first))
	t.line = make([]uint8, t.narrow.width())
	t.pix = make([]uint8, 3*len(t.across.first)*len(t.down.first))
	return t
}

// Pixels is the result after the last row, in the order of the file, [rows, columns, 3].
func (t *Target) Pixels() []uint8 { return t.pix }

// mark notes which rows count.
func (t *Target) mark(wanted []bool) {
	for i, first := range t.down.first {
		for y := int(first); y < t.down.end(i); y++ {
			wanted[y] = true
		}
	}
}

// take adds a band of the image. Rows that do not count may be anything.
func (t *Target) take(b *band) {
	if !t.down.wants(b) {
		return
	}
	if t.lines == nil {
		along(t.narrow, &t.across, b)
		t.down.take(t.narrow, func(int) []uint8 { return t.line }, func(i int) {
			t.put(i, func(x int) uint8 { return t.line[x] })
		})
		return
	}
	t.down.take(b, func(i int) []uint8 { return t.lines.row(i % bandRows) }, func(i int) {
		t.lines.rows = i%bandRows + 1
		if t.lines.rows < bandRows && i+1 < len(t.down.first) {
			return
		}
		along(t.narrow, &t.across, t.lines)
		for row := range t.lines.rows {
			t.put(t.lines.from+row, func(x int) uint8 { return t.narrow.at(row, x) })
		}
		t.lines.begin(i + 1)
	})
}

// put writes a row of the result, with its colors side by side.
func (t *Target) put(row int, sample func(x int) uint8) {
	size := len(t.across.first)
	to := t.pix[3*size*row:][:3*size]
	for x := range size {
		for color := range 3 {
			to[3*x+color] = sample(color*t.narrow.color + x)
		}
	}
}

// A Feeder gathers the rows of an image.
type Feeder struct {
	band    *band
	targets []*Target
	wanted  []bool // of the rows: those that a target is made of
}

// NewFeeder prepares for the rows of an image.
func NewFeeder(width, height int, targets []*Target) *Feeder {
	f := &Feeder{band: newBand(width), targets: targets, wanted: make([]bool, height)}
	for _, t := range targets {
		t.mark(f.wanted)
	}
	return f
}

// Row takes row y, which fill writes if it counts: red, green and blue, each with color samples, of which the last are beyond the width and
// may be anything. Rows come from top to bottom.
func (f *Feeder) Row(y int, fill func(to []uint8, color int)) {
	b := f.band
	if f.wanted[y] {
		fill(b.row(y%bandRows), b.color)
	}
	b.rows = y%bandRows + 1
	if b.rows < bandRows && y+1 < len(f.wanted) {
		return
	}
	for _, t := range f.targets {
		t.take(b)
	}
	b.begin(y + 1)
}

// clamp keeps a sample within a byte.
func clamp(v int32) uint8 {
	if uint32(v) <= 255 {
		return uint8(v)
	}
	return uint8(^(v >> 31)) // 0 below, 255 above
}

package resample

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/internal/need"
)

// A raster is pixels as they are stored, [height, width, 3].
type raster struct {
	width, height int
	pix           []uint8
}

func noisy(random *rand.Rand, width, height int) raster {
	p := raster{width, height, make([]uint8, 3*width*height)}
	for i := range p.pix {
		p.pix[i] = uint8(random.Uint32())
		if random.IntN(4) == 0 { // the ends of the range are where sums are cut off
			p.pix[i] = uint8(random.IntN(2) * 255)
		}
	}
	return p
}

// upright moves each pixel to where an order shows it.
func (p raster) upright(o Order) raster {
	out := raster{p.width, p.height, make([]uint8, len(p.pix))}
	if o.Turned {
		out.width, out.height = p.height, p.width
	}
	for y := range out.height {
		for x := range out.width {
			fromX, fromY := x, y
			if o.Across {
				fromX = out.width - 1 - x
			}
			if o.Down {
				fromY = out.height - 1 - y
			}
			if o.Turned {
				fromX, fromY = fromY, fromX
			}
			copy(out.pix[3*(y*out.width+x):][:3], p.pix[3*(fromY*p.width+fromX):])
		}
	}
	return out
}

// resized is what Resample.c makes of an upright image, a sample at a time.
func (p raster) resized(x, y Axis) []uint8 {
	one := func(a Axis, i int, sample func(at int) uint8) uint8 {
		sum := int32(1 << (fixedBits - 1))
		weights := a.weights(i)
		for k, w := range weights[:used(weights)] {
			sum += int32(math.Floor(0.5+w*(1<<fixedBits))) * int32(sample(int(a.first[i])+k))
		}
		return clamp(sum >> fixedBits)
	}
	width, height := len(x.first), len(y.first)
	narrow, out := make([]uint8, 3*width*p.height), make([]uint8, 3*width*height)
	for i := range narrow {
		row, column, color := i/(3*width), i/3%width, i%3
		narrow[i] = one(x, column, func(at int) uint8 { return p.pix[3*(row*p.width+at)+color] })
	}
	for i := range out {
		row, rest := i/(3*width), i%(3*width)
		out[i] = one(y, row, func(at int) uint8 { return narrow[3*width*at+rest] })
	}
	return out
}

// feed shows a raster to targets. What does not count is noise.
func (p raster) feed(targets ...*Target) {
	f := NewFeeder(p.width, p.height, targets)
	for y := range p.height {
		f.Row(y, func(to []uint8, color int) {
			for i := range 3 * color {
				to[i] = uint8(173 * i)
			}
			for x := range p.width {
				for c := range 3 {
					to[c*color+x] = p.pix[3*(y*p.width+x)+c]
				}
			}
		})
	}
}

// orders are all ways in which an image may be stored.
func orders(width, height int) (list []Order) {
	for i := range 8 {
		list = append(list, Order{Turned: i&1 > 0, Across: i&2 > 0, Down: i&4 > 0, Width: width, Height: height})
	}
	return list
}

// TestTurnedOrNotIsWhatPillowMakes: whatever the order in a file, the result is that of the upright image, turned.
func TestTurnedOrNotIsWhatPillowMakes(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, size := range [][3]int{{1, 1, 1}, {3, 2, 7}, {17, 40, 8}, {100, 61, 33}, {61, 100, 224}, {640, 23, 16}, {5, 900, 3}, {129, 128, 40}} {
		for _, o := range orders(size[0], size[1]) {
			t.Run(fmt.Sprint(size, o), func(t *testing.T) {
				stored := noisy(random, size[0], size[1])
				shown := stored.upright(o)
				for name, axes := range map[string][2]Axis{
					"whole":   {Triangle(Whole(shown.width), size[2]), Triangle(Whole(shown.height), size[2])},
					"nearest": {Nearest(Whole(shown.width), size[2]), Nearest(Whole(shown.height), size[2])},
					"window":  {TriangleWindow(Whole(shown.width), size[2]+9, 4, size[2]), TriangleWindow(Whole(shown.height), size[2]+5, 2, size[2])},
					"oblong":  {Triangle(Whole(shown.width), size[2]), Triangle(Whole(shown.height), size[2]+3)},
				} {
					target, other := NewTarget(axes[0], axes[1], o), NewTarget(Triangle(Whole(shown.width), 5), Triangle(Whole(shown.height), 5), o)
					stored.feed(target, other)
					got := raster{len(target.across.first), len(target.down.first), target.Pixels()}.upright(o)
					if want := shown.resized(axes[0], axes[1]); !bytes.Equal(want, got.pix) {
						t.Fatalf("%s: %s", name, cmp.Diff(want, got.pix))
					}
				}
			})
		}
	}
}

// TestAWindowIsCutOutOfTheWhole: with the same numbers, and without the memory of the whole.
func TestAWindowIsCutOutOfTheWhole(t *testing.T) {
	for _, source := range []Span{Whole(1), Whole(7), Whole(500), {Pixels: 5, From: 0.5, Length: 4.5}} {
		for _, c := range [][3]int{{9, 0, 9}, {9, 8, 1}, {100, 37, 20}, {255, 16, 224}} {
			whole, size := Triangle(source, c[0]), c[2]
			got := TriangleWindow(source, c[0], c[1], size)
			if !slices.Equal(got.first, whole.first[c[1]:][:size]) || !slices.Equal(got.weight, whole.weight[c[1]*whole.taps:][:size*whole.taps]) {
				t.Errorf("%d pixels from %d on of %d, out of %+v, are others", size, c[1], c[0], source)
			}
		}
	}
	if a := TriangleWindow(Whole(1), 1<<40, 1<<39, 4); cap(a.first) > 8 || cap(a.weight) > 8*a.taps {
		t.Errorf("a window of 4 pixels takes %d", cap(a.first))
	}
}

// TestPlainLoopsMakeTheSame holds the loops of other processors to those of this one.
func TestPlainLoopsMakeTheSame(t *testing.T) {
	if !laned() {
		need.Lack(t, need.System, "an amd64 processor with AVX2")
	}
	random := rand.New(rand.NewPCG(7, 8))
	for range 200 {
		width, rows, size := 1+random.IntN(200), 1+random.IntN(bandRows), 1+random.IntN(60)
		b := newBand(width)
		b.rows = rows
		copy(b.pix, noisy(random, b.width(), bandRows).pix)
		backwards := random.IntN(2) > 0
		across := fixedPoint(Triangle(Whole(width), size), width, backwards)
		wide, plain := newBand(size), newBand(size)
		along(wide, &across, b)
		plain.rows = rows
		alongPlain(plain, &across, b)
		for y := range rows {
			for i := range 3 * size {
				at := i/size*wide.color + i%size
				if wide.at(y, at) != plain.at(y, at) {
					t.Fatalf("%d of %d pixels: row %d, sample %d: %d, want %d", size, width, y, at, wide.at(y, at), plain.at(y, at))
				}
			}
		}
		down := newColumns(fixedPoint(Triangle(Whole(rows), size), rows, backwards))
		got, want := make([]uint8, b.width()), make([]uint8, b.width())
		b.pairDown()
		for i := range size {
			down.sums[i] = make([]int32, b.width())
			from, to := int(down.first[i]), down.end(i)
			down.add(i, b, from, to, got)
			down.addPlain(i, b, from, to, want)
			if !bytes.Equal(want, got) {
				t.Fatalf("row %d of %d out of %d: %s", i, size, rows, cmp.Diff(want, got))
			}
		}
	}
}

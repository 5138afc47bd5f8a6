package imageio

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/cpu"

	"github.com/headstart-nb/headstart/internal/need"
)

// TestFastLoopsAreBuilt fails where every test is required, the processor has AVX2, and the loops that use it are not in the
// build: they depend on an experiment of one Go release, and nothing else would notice their loss but a clock.
func TestFastLoopsAreBuilt(t *testing.T) {
	if Vectorized() {
		return
	}
	if runtime.GOARCH != "amd64" || !cpu.X86.HasAVX2 {
		need.Lack(t, need.System, "an amd64 processor with AVX2")
	}
	need.Lack(t, need.Simd, "build with GOEXPERIMENT=simd and Go 1.26, as make test does")
}

func noise(random *rand.Rand, n int) []uint8 {
	pix := make([]uint8, n)
	for i := range pix {
		pix[i] = uint8(random.Uint32())
		if random.IntN(4) == 0 { // the ends of the range are where sums are cut off
			pix[i] = uint8(random.IntN(2) * 255)
		}
	}
	return pix
}

// The loops with many samples at once have to agree with the plain ones, which a row too short for them takes.

func TestColoursOfLongRows(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for width := range 100 {
		luma, cb, cr := noise(random, width), noise(random, width), noise(random, width)
		got, want := make([]uint8, 3*width), make([]uint8, 3*width)
		jpegRow(got, luma, cb, cr)
		for x := range width {
			jpegRow(want[3*x:3*x+3], luma[x:x+1], cb[x:x+1], cr[x:x+1])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("width %d: %s", width, diff)
		}
	}
}

func TestChromaOfLongRows(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for width := 1; width < 100; width++ {
		near, far := noise(random, width), noise(random, width)
		sums := make([]uint16, width)
		sumRows(sums, near, far)
		for _, even := range []int{0, 1} { // the last sample of a row of odd width has no second pixel
			got := make([]uint8, 2*width-even)
			widenSums(got, sums)
			for x := range got {
				v, other, rounding := x/2, max(x/2-1, 0), 8
				if x%2 == 1 {
					other, rounding = min(x/2+1, width-1), 7
				}
				sum := func(i int) int { return 3*int(near[i]) + int(far[i]) }
				if want := uint8((3*sum(v) + sum(other) + rounding) >> 4); got[x] != want {
					t.Fatalf("width %d, pixel %d: %d, want %d", len(got), x, got[x], want)
				}
			}
		}
	}
}

func TestResizeOfLongRows(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, size := range [][3]int{{1, 1, 1}, {3, 2, 7}, {17, 40, 8}, {100, 61, 33}, {61, 100, 224}, {640, 23, 16}, {5, 900, 3}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			p := RGB{Width: size[0], Height: size[1], Pix: noise(random, 3*size[0]*size[1])}
			g := Geometry{Size: size[2]}
			got := make([]uint8, g.Bytes())
			p.Resize(got, g)
			if diff := cmp.Diff(resizePlainly(p, g), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// resizePlainly is Resize as Resample.c has it, a sample at a time.
func resizePlainly(p RGB, g Geometry) []uint8 {
	x, y := g.axes(whole(p.Width), whole(p.Height))
	narrow := make([]uint8, 3*g.Size*p.Height)
	along := fixedPoint(x)
	for row := range p.Height {
		for i := range 3 * g.Size {
			sum := int32(1 << (fixedBits - 1))
			for k, w := range along.of(x, i/3) {
				sum += w * int32(p.Pix[3*(row*p.Width+int(x.first[i/3])+k)+i%3])
			}
			narrow[3*g.Size*row+i] = clamp(sum >> fixedBits)
		}
	}
	dst := make([]uint8, g.Bytes())
	across := fixedPoint(y)
	for i := range dst {
		row, column := i/(3*g.Size), i%(3*g.Size)
		sum := int32(1 << (fixedBits - 1))
		for k, w := range across.of(y, row) {
			sum += w * int32(narrow[3*g.Size*(int(y.first[row])+k)+column])
		}
		dst[i] = clamp(sum >> fixedBits)
	}
	return dst
}

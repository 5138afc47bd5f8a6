package imageio

import (
	"image"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/cpu"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/models/imageio/baseline"
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
		for _, even := range []int{0, 1} { // the last sample of a row of odd width has no second pixel
			got := make([]uint8, 2*width-even)
			sums := make([]uint16, width)
			sumRows(sums, near, far)
			widenSums(got, sums, 8, 7) // 4:2:0
			compareChroma(t, got, func(i int) int { return 3*int(near[i]) + int(far[i]) }, 4, 8, 7)
			up := newUpsampler(image.YCbCrSubsampleRatio422, width, 1, len(got), 1)
			if up.fancy() {
				up.row(got, near, 0)
				compareChroma(t, got, func(i int) int { return int(near[i]) }, 2, 1, 2)
			}
		}
	}
}

// compareChroma holds pixels to three parts of a sample and one of the next, shifted by bits.
func compareChroma(t *testing.T, got []uint8, sample func(i int) int, bits, even, odd int) {
	t.Helper()
	last := (len(got)+1)/2 - 1
	for x := range got {
		v, other, rounding := x/2, max(x/2-1, 0), even
		if x%2 == 1 {
			other, rounding = min(x/2+1, last), odd
		}
		if want := uint8((3*sample(v) + sample(other) + rounding) >> bits); got[x] != want {
			t.Fatalf("width %d, pixel %d: %d, want %d", len(got), x, got[x], want)
		}
	}
}

// TestColorsApart holds the loop with 32 pixels at once to the plain one, for all values of chroma and both ends of a row.
func TestColorsApart(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for width := 1; width < 200; width++ {
		luma, cb, cr := noise(random, width), noise(random, width), noise(random, width)
		compareColors(t, luma, cb, cr)
	}
	luma, cb, cr := make([]uint8, 1<<16), make([]uint8, 1<<16), make([]uint8, 1<<16)
	for i := range luma {
		luma[i], cb[i], cr[i] = uint8(random.Uint32()), uint8(i), uint8(i>>8)
	}
	compareColors(t, luma, cb, cr)
}

func compareColors(t *testing.T, luma, cb, cr []uint8) {
	t.Helper()
	width := len(luma)
	p := &planeRows{Planes: &baseline.Planes{Width: width, Height: 1, Y: luma, Cb: cb, Cr: cr, YStride: width, CStride: width, YHeld: 1, CHeld: 1},
		up: newUpsampler(image.YCbCrSubsampleRatio444, width, 1, width, 1)}
	color := (width + 31) &^ 31
	got := make([]uint8, 3*color)
	p.fill(got, color, 0)
	for x := range width {
		red, green, blue := jpegColor(luma[x], cb[x], cr[x])
		if want := [3]uint8{red, green, blue}; want != [3]uint8{got[x], got[color+x], got[2*color+x]} {
			t.Fatalf("width %d: (%d, %d, %d) is (%d, %d, %d), want %v", width, luma[x], cb[x], cr[x], got[x], got[color+x], got[2*color+x], want)
		}
	}
}

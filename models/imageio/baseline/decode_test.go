package baseline

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// goldens are the files that Pillow wrote for the tests of package image.
func goldens(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "testdata", "golden", "*.jpg"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no images: %v", err)
	}
	all := map[string][]byte{}
	for _, file := range files {
		if all[filepath.Base(file)], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// near compares planes inside of the bounds: image/jpeg rounds its transform in its own way.
func near(t *testing.T, got, want *image.YCbCr) {
	t.Helper()
	if got.Rect != want.Rect || got.SubsampleRatio != want.SubsampleRatio {
		t.Fatalf("%v %v, want %v %v", got.Rect, got.SubsampleRatio, want.Rect, want.SubsampleRatio)
	}
	for y := range got.Rect.Dy() {
		for x := range got.Rect.Dx() {
			g, w := got.YCbCrAt(x, y), want.YCbCrAt(x, y)
			for _, d := range []int{int(g.Y) - int(w.Y), int(g.Cb) - int(w.Cb), int(g.Cr) - int(w.Cr)} {
				if d < -1 || d > 1 {
					t.Fatalf("at (%d, %d): %v, want %v", x, y, g, w)
				}
			}
		}
	}
}

func TestDecodesAsTheStandardLibrary(t *testing.T) {
	taken := 0
	for name, data := range goldens(t) {
		got, err := Decode(data)
		if other := name == "progressive.jpg" || strings.HasPrefix(name, "cmyk"); other != (err != nil) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		taken++
		if strings.HasPrefix(name, "sampling-") {
			continue // image/jpeg refuses some of them
		}
		want, err := jpeg.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		near(t, got, want.(*image.YCbCr))
	}
	if taken < 10 {
		t.Errorf("%d images were decoded", taken)
	}
}

func TestDamagedFilesAreLeftToTheStandardLibrary(t *testing.T) {
	for _, name := range []string{"420.jpg", "progressive.jpg"} {
		data := goldens(t)[name]
		for cut := range len(data) {
			for _, reduction := range []int{1, 2, 4, 8} {
				if _, err := DecodeReduced(data[:cut], reduction); err == nil {
					t.Errorf("cut off after %d of %d bytes, it decodes", cut, len(data))
				}
			}
		}
	}
}

func TestReductionsThatAreNot(t *testing.T) {
	for _, reduction := range []int{-1, 0, 3, 16} {
		if _, err := DecodeReduced(goldens(t)["420.jpg"], reduction); err == nil {
			t.Errorf("reduced %d times, it decodes", reduction)
		}
	}
}

// TestReducedIsTheMean holds that a reduced image shows what the whole one does: flat blocks are the same, others near their mean.
func TestReducedIsTheMean(t *testing.T) {
	data := goldens(t)["444.jpg"]
	all, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, reduction := range []int{2, 4, 8} {
		got, err := DecodeReduced(data, reduction)
		if err != nil {
			t.Fatal(err)
		}
		off, n := 0, 0
		for y := range all.Rect.Dy() / reduction {
			for x := range all.Rect.Dx() / reduction {
				sum := reduction * reduction / 2
				for i := range reduction * reduction {
					sum += int(all.Y[(y*reduction+i/reduction)*all.YStride+x*reduction+i%reduction])
				}
				d := sum/(reduction*reduction) - int(got.Y[y*got.YStride+x])
				off, n = off+max(d, -d), n+1
			}
		}
		if mean := float64(off) / float64(n); mean > 4 {
			t.Errorf("reduced %d times: off from the mean by %.1f gray levels", reduction, mean)
		}
	}
}

// What damaged files bring is beyond the range that the transform was made for: it has to wrap around in the same way.
func TestInverseTakesEveryBlock(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for range 2000 {
		var block [64]int32
		size := int32(1) << random.IntN(31)
		for i := range random.IntN(64) + 1 {
			block[natural[i]] = random.Int32N(size)*2 - size
		}
		const stride = 11
		var got, want [8 * stride]uint8
		other := block
		inverse(&block, 63, got[:], stride)
		inversePlain(&other, want[:], stride)
		if got != want {
			t.Fatalf("%v, want %v", got, want)
		}
	}
}

// TestReducedInverseTakesEveryBlock holds the wide loops to the plain ones, which shorten the way of zeros, and those to the whole.
func TestReducedInverseTakesEveryBlock(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	for range 4000 {
		var block [64]int32
		size := int32(1) << random.IntN(29)
		last := random.IntN(64)
		for i := range last + 1 {
			if random.IntN(3) > 0 {
				block[natural[i]] = random.Int32N(size)*2 - size
			}
		}
		const stride = 11
		for _, side := range []int{4, 2} {
			var got, want [8 * stride]uint8
			one, other := block, block
			inverseReduced(&one, max(last, 1), side, got[:], stride)
			if side == 4 {
				inverse4(&other, want[:], stride)
			} else {
				inverse2(&other, want[:], stride)
			}
			if got != want {
				t.Fatalf("%d pixels of %v: %v, want %v", side, block, got, want)
			}
		}
	}
}

// FuzzDecode holds that nothing is decoded that image/jpeg refuses, and that what both decode is the same. A file is reduced if it
// can be decoded whole, by either of both.
func FuzzDecode(f *testing.F) {
	for _, data := range goldens(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		config, err := jpeg.DecodeConfig(bytes.NewReader(data))
		if err != nil || config.Width*config.Height > 1<<20 {
			return
		}
		got, err := Decode(data)
		want, wantErr := jpeg.Decode(bytes.NewReader(data))
		for _, reduction := range []int{2, 4, 8} {
			reduced, reducedErr := DecodeReduced(data, reduction)
			if err == nil && reducedErr != nil || reducedErr == nil && wantErr != nil {
				t.Fatalf("reduced: %v; whole: %v, by image/jpeg: %v", reducedErr, err, wantErr)
			}
			if size := image.Pt(ceil(config.Width, reduction), ceil(config.Height, reduction)); reducedErr == nil && reduced.Rect.Size() != size {
				t.Fatalf("reduced to %v, want %v", reduced.Rect, size)
			}
		}
		if err != nil {
			return
		}
		if wantErr != nil {
			t.Fatalf("image/jpeg refuses it: %v", wantErr)
		}
		if y, ok := want.(*image.YCbCr); !ok || y.Rect != got.Rect || y.SubsampleRatio != got.SubsampleRatio {
			t.Fatalf("%v, want %T of %v", got.Rect, want, want.Bounds())
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	file := os.Getenv("HEADSTART_JPEG")
	if file == "" {
		file = filepath.Join("..", "testdata", "golden", "420.jpg")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("baseline", func(b *testing.B) {
		for b.Loop() {
			if _, err := Decode(data); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, reduction := range []int{2, 4, 8} {
		b.Run(fmt.Sprintf("reduced %d times", reduction), func(b *testing.B) {
			for b.Loop() {
				if _, err := DecodeReduced(data, reduction); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("image/jpeg", func(b *testing.B) {
		for b.Loop() {
			if _, err := jpeg.Decode(bytes.NewReader(data)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

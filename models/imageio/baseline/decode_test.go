package baseline

import (
	"bytes"
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
		if other := name == "progressive.jpg" || name == "cmyk.jpg"; other != (err != nil) {
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
	data := goldens(t)["420.jpg"]
	for cut := range len(data) {
		if _, err := Decode(data[:cut]); err == nil {
			t.Errorf("cut off after %d of %d bytes, it decodes", cut, len(data))
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

// FuzzDecode holds that nothing is decoded that image/jpeg refuses, and that what both decode is the same.
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
		if err != nil {
			return
		}
		want, err := jpeg.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("image/jpeg refuses it: %v", err)
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
	b.Run("image/jpeg", func(b *testing.B) {
		for b.Loop() {
			if _, err := jpeg.Decode(bytes.NewReader(data)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

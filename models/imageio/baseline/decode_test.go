package baseline

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// goldens are the files that Pillow wrote for the tests of package image.
func goldens(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "testdata", "golden", "*.[jJ][pP]*[gG]"))
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

// planes are those of an image, of gray with chroma that has no color, of CMYK the first three as they are stored;
// those of nil are empty.
func planes(t testing.TB, img image.Image) *image.YCbCr {
	t.Helper()
	switch img := img.(type) {
	case nil:
		return &image.YCbCr{}
	case *image.YCbCr:
		return img
	case *image.Gray:
		chroma := bytes.Repeat([]byte{128}, len(img.Pix))
		return &image.YCbCr{Y: img.Pix, Cb: chroma, Cr: chroma, YStride: img.Stride, CStride: img.Stride,
			SubsampleRatio: image.YCbCrSubsampleRatio444, Rect: img.Rect}
	}
	inks, ok := img.(*image.CMYK)
	if !ok {
		t.Fatalf("it decodes to %T", img)
	}
	all := image.NewYCbCr(inks.Rect, image.YCbCrSubsampleRatio444)
	for i := range all.Y {
		all.Y[i], all.Cb[i], all.Cr[i] = 255-inks.Pix[4*i], 255-inks.Pix[4*i+1], 255-inks.Pix[4*i+2]
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

// sameKind compares all but the pixels, which damage takes beyond the range of the transforms.
func sameKind(t *testing.T, got, want image.Image) {
	t.Helper()
	g, w := planes(t, got), planes(t, want)
	if g.Rect != w.Rect || g.SubsampleRatio != w.SubsampleRatio || fmt.Sprintf("%T", got) != fmt.Sprintf("%T", want) {
		t.Fatalf("%T %v %v, want %T %v %v", got, g.SubsampleRatio, g.Rect, want, w.SubsampleRatio, w.Rect)
	}
}

func TestDecodesAsTheStandardLibrary(t *testing.T) {
	taken := 0
	for name, data := range goldens(t) {
		got, err := Decode(data)
		if other := name == "cmyk-unmarked.jpg"; other != (err != nil) {
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
		near(t, planes(t, got), planes(t, want))
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

// TestGrayHasNoUnits: of a single plane every block is a unit, whatever sampling the file states.
func TestGrayHasNoUnits(t *testing.T) {
	data := bytes.Clone(goldens(t)["grey.JPEG"])
	want, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	frame := bytes.Index(data, []byte{0xff, markerSOF0})
	data[frame+11] = 0x22
	got, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	other, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	near(t, planes(t, got), planes(t, want))
	near(t, planes(t, got), planes(t, other))
}

// TestDamagedPasses holds that of a progressive file that is damaged anywhere nothing is decoded that image/jpeg refuses; the others
// that of other kinds.
func TestDamagedPasses(t *testing.T) { testDamaged(t, "progressive.jpg", 2000) }

func TestDamagedGray(t *testing.T) { testDamaged(t, "grey.JPEG", 2000) }

func TestDamagedInks(t *testing.T) { testDamaged(t, "cmyk.jpg", 2000) }

func testDamaged(t *testing.T, name string, times int) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	whole, decoded := goldens(t)[name], 0
	for range times {
		data := bytes.Clone(whole)
		for range 1 + random.IntN(3) {
			data[2+random.IntN(len(data)-2)] ^= 1 << random.IntN(8)
		}
		config, err := jpeg.DecodeConfig(bytes.NewReader(data))
		if err != nil || config.Width*config.Height > 1<<16 {
			continue
		}
		got, err := Decode(data)
		if err != nil {
			continue
		}
		decoded++
		want, err := jpeg.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("image/jpeg refuses it: %v", err)
		}
		sameKind(t, got, want)
	}
	if decoded < 100 {
		t.Errorf("%d damaged files were decoded", decoded)
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
	decoded, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	all := planes(t, decoded)
	for _, reduction := range []int{2, 4, 8} {
		reduced, err := DecodeReduced(data, reduction)
		if err != nil {
			t.Fatal(err)
		}
		got := planes(t, reduced)
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

// TestInverseTakesTheGreatest: of coefficients at the ends of 32 bits, whose sums wrap around, any part of a column.
func TestInverseTakesTheGreatest(t *testing.T) {
	ends := []int32{4095, 4096, -4096, 1 << 16, 1 << 28, 1 << 29, 1 << 30, 3 << 29, math.MaxInt32, -math.MaxInt32, math.MinInt32}
	for _, end := range ends {
		for _, other := range append(ends, 0, 1, end) {
			for rows := range 256 {
				var block [64]int32
				for y := range 8 {
					value := other
					if rows>>y&1 > 0 {
						value = end
					}
					block[8*y+rows%8] = value
				}
				for _, size := range []int{8, 4, 2} {
					var got, want [64]uint8
					one, plain := block, block
					inverseReduced(&one, 63, size, got[:], 8)
					switch size {
					case 8:
						inversePlain(&plain, want[:], 8)
					case 4:
						inverse4(&plain, want[:], 8)
					case 2:
						inverse2(&plain, want[:], 8)
					}
					if got != want {
						t.Fatalf("%d pixels of %v: %v, want %v", size, block, got, want)
					}
				}
			}
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
			if streamErr := Stream(data, reduction, func(*Planes, int, int) {}); streamErr == nil && reducedErr != nil {
				t.Fatalf("reduced %d times it is streamed, and not decoded: %v", reduction, reducedErr)
			}
			if size := image.Pt(ceil(config.Width, reduction), ceil(config.Height, reduction)); reducedErr == nil && reduced.Bounds().Size() != size {
				t.Fatalf("reduced to %v, want %v", reduced.Bounds(), size)
			}
		}
		if err != nil {
			return
		}
		if wantErr != nil {
			t.Fatalf("image/jpeg refuses it: %v", wantErr)
		}
		sameKind(t, got, want)
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

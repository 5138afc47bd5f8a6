package imageio

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// photo is a JPEG of shapes with 4:2:0, whose EXIF says an orientation.
func photo(t testing.TB, width, height, orientation int) []byte {
	t.Helper()
	pixels := image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio420)
	for y := range height {
		for x := range width {
			pixels.Y[pixels.YOffset(x, y)] = uint8(x*y/977 + 40*(x/90%3) + x*13%7)
			pixels.Cb[pixels.COffset(x, y)], pixels.Cr[pixels.COffset(x, y)] = uint8(x/7), uint8(y/5)
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, pixels, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	exif := fmt.Appendf(nil, "\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00%c\x00\x00\x00\x00\x00\x00", orientation)
	return slices.Concat(out.Bytes()[:2], exif, out.Bytes()[2:])
}

// TestWhatIsResizedInRowsIsTheImageResized: in each orientation, at several sizes at once, the pixels are those of the upright image.
func TestWhatIsResizedInRowsIsTheImageResized(t *testing.T) {
	plan := Plan{For: Geometry{Size: 224}, Sides: []int{17, 4},
		Also: []Geometry{{Size: 224}, {Size: 112, Method: Crop}, {Size: 64, Method: Nearest}, {Size: 32, Decode: Scaled}}}
	for orientation := 1; orientation <= 8; orientation++ {
		data := photo(t, 437, 333, orientation)
		whole, err := Decode(data, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		d, err := DecodeFor(data, plan, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for i, g := range plan.Also {
			got, ok := d.At(g)
			if other := i == 3; ok == other {
				t.Fatalf("orientation %d, %+v: made is %t", orientation, g, ok)
			}
			compareResized(t, whole, g, got)
		}
		for _, side := range plan.Sides {
			compareResized(t, whole, Geometry{Size: side}, d.Side(side))
		}
		if _, ok := d.At(Geometry{Size: 17}); ok || d.Side(5) != nil {
			t.Error("what was not planned is there")
		}
	}
}

func compareResized(t *testing.T, whole RGB, g Geometry, got []uint8) {
	t.Helper()
	if got == nil {
		return
	}
	want := make([]uint8, g.Bytes())
	whole.Resize(want, g)
	if !bytes.Equal(want, got) {
		t.Fatalf("%+v: %s", g, cmp.Diff(want, got))
	}
}

// TestAFailedDecodingLeavesTheTarget: rows that were resized before the damage are not there.
func TestAFailedDecodingLeavesTheTarget(t *testing.T) {
	data := photo(t, 437, 333, 6)
	g := Geometry{Size: 20}
	dst := bytes.Repeat([]byte{7}, g.Bytes())
	if err := At(dst, data[:len(data)*2/3], g, Limits{}); err == nil {
		t.Fatal("a file that ends in the middle is decoded")
	}
	if !bytes.Equal(dst, bytes.Repeat([]byte{7}, g.Bytes())) {
		t.Error("the target has changed")
	}
}

// A ledger notes what a decoder asks for.
type ledger struct {
	asked []int64
	taken int
}

func (l *ledger) Enter(bytes int64) (func(), error) {
	l.asked = append(l.asked, bytes)
	l.taken++
	return func() { l.taken-- }, nil
}

// TestRoomIsAskedFor: the decoder asks for what it takes, which for a photo is a fraction of its pixels, and for one that has to be decoded as
// a whole asks again.
func TestRoomIsAskedFor(t *testing.T) {
	const width, height = 2000, 1500
	data := photo(t, width, height, 6)
	plan := Plan{For: Geometry{Size: 224}, Also: []Geometry{{Size: 224}}, Sides: []int{17, 4}}
	for name, c := range map[string]struct {
		data  []byte
		asked int
	}{"whole": {data, 1}, "without its end marker": {data[:len(data)-2], 2}} {
		var l ledger
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := DecodeFor(c.data, plan, Limits{Room: &l}); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if len(l.asked) != c.asked || l.taken != 0 {
			t.Errorf("%s: it asked for %v, and kept %d", name, l.asked, l.taken)
		}
		took := int64(after.TotalAlloc - before.TotalAlloc)
		if c.asked == 1 && (took > l.asked[0] || l.asked[0] > width*height) {
			t.Errorf("%s: it took %d bytes, and asked for %v, for %d pixels", name, took, l.asked, width*height)
		}
	}
}

// line is a PNG without content, whose EXIF says an orientation.
func line(t testing.TB, width, height, orientation int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{color.Black, color.White})); err != nil {
		t.Fatal(err)
	}
	chunk := fmt.Appendf(nil, "eXIfMM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00%c\x00\x00\x00\x00\x00\x00", orientation)
	exif := slices.Concat(binary.BigEndian.AppendUint32(nil, uint32(len(chunk)-4)), chunk,
		binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(chunk)))
	const header = 33 // the signature, and IHDR
	return slices.Concat(out.Bytes()[:header], exif, out.Bytes()[header:])
}

// TestRoomIsAskedForDeepPixels: for what a decoder has in memory at once, by the file's kind.
func TestRoomIsAskedForDeepPixels(t *testing.T) {
	progressive := goldenFile(t, "progressive.jpg")
	var deep bytes.Buffer
	if err := png.Encode(&deep, image.NewNRGBA64(image.Rect(0, 0, 90, 60))); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data  []byte
		least int64 // bytes of each pixel
	}{
		"a PNG of 16 bits":                             {deep.Bytes(), 8 + 3},
		"a TIFF of 16 bits":                            {goldenFile(t, "deep.tiff"), 8 + 8},
		"a progressive JPEG that lacks its end marker": {progressive[:len(progressive)-2], 3*4 + 3},
	} {
		var l ledger
		plan := Plan{For: Geometry{Size: 9}}
		d, err := DecodeFor(c.data, plan, Limits{Room: &l})
		if err != nil {
			t.Fatal(err)
		}
		if asked := l.asked[len(l.asked)-1] - plan.viewBytes(d.Header); asked < c.least*int64(d.Header.Width*d.Header.Height) {
			t.Errorf("%s of %d x %d pixels: %v are asked for, want %d for each pixel", name, d.Header.Width, d.Header.Height, l.asked, c.least)
		}
	}
}

// TestRoomIsAskedForLongImages: what an image takes for each pixel of a row, which is many times a pixel's own bytes, is asked for. No
// method makes the whole of an image that it cuts a window of, which may be hundreds of times as long.
func TestRoomIsAskedForLongImages(t *testing.T) {
	for _, size := range [][2]int{{10_000, 1}, {1, 10_000}, {10_000, 17}, {17, 10_000}} {
		for _, orientation := range []int{1, 6} {
			data := line(t, size[0], size[1], orientation)
			for _, g := range []Geometry{{Size: 64}, {Size: 64, Method: Nearest}, {Size: 64, Method: Crop}, {Size: 400}} {
				for _, sides := range [][]int{nil, {17, 4}} {
					var l ledger
					var before, after runtime.MemStats
					runtime.ReadMemStats(&before)
					if _, err := DecodeFor(data, Plan{For: g, Also: []Geometry{g}, Sides: sides}, Limits{Room: &l}); err != nil {
						t.Fatal(err)
					}
					runtime.ReadMemStats(&after)
					if took := int64(after.TotalAlloc - before.TotalAlloc); len(l.asked) != 1 || l.taken != 0 || took > l.asked[0] {
						t.Errorf("%d x %d pixels, orientation %d, %+v and %v: it took %d bytes, and asked for %v", size[0], size[1], orientation, g, sides,
							took, l.asked)
					}
				}
			}
		}
	}
}

// BenchmarkPhoto decodes a photo of 12 megapixels, or the file that HEADSTART_JPEG names, for a model and for a check.
func BenchmarkPhoto(b *testing.B) {
	var data []byte
	if file := os.Getenv("HEADSTART_JPEG"); file == "" {
		data = photo(b, 4032, 3024, 6)
	} else if read, err := os.ReadFile(file); err != nil {
		b.Fatal(err)
	} else {
		data = read
	}
	plans := map[string]Plan{"a model": {Also: []Geometry{{Size: 224}}}, "a check": {Also: []Geometry{{Size: 224}, {Size: 112}}, Sides: []int{17, 4}}}
	for _, name := range []string{"a model", "a check"} {
		for _, decode := range []Decoding{Exact, Scaled} {
			b.Run(fmt.Sprintf("%s/%s", name, decode), func(b *testing.B) {
				plan := plans[name]
				plan.For = Geometry{Size: 224, Decode: decode}
				b.ReportAllocs()
				for b.Loop() {
					if _, err := DecodeFor(data, plan, Limits{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

package imageio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/tiff"
)

func goldenFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "golden", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestJPEGThatLacksItsEndMarkerIsWhole(t *testing.T) {
	for _, name := range []string{"420.jpg", "progressive.jpg", "grey.JPEG", "cmyk.jpg"} {
		data := goldenFile(t, name)
		want, err := Decode(data, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for cut := 1; cut <= 2; cut++ {
			got, err := Decode(data[:len(data)-cut], Limits{})
			if err != nil || !bytes.Equal(got.Pix, want.Pix) {
				t.Errorf("%s without its last %d bytes: %v", name, cut, err)
			}
		}
		if _, err := Decode(data[:len(data)-40], Limits{}); err == nil {
			t.Errorf("%s that ends in the middle was taken", name)
		}
	}
}

// TestPassesOfOtherImagesDoNotCount: of a thumbnail within a segment, and of a video behind the end of the image, as phones write it.
func TestPassesOfOtherImagesDoNotCount(t *testing.T) {
	for _, name := range []string{"420.jpg", "progressive.jpg"} {
		data := goldenFile(t, name)
		want, err := Decode(data, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		passes := bytes.Repeat([]byte("\xff\xda\x00\x08"), 200)
		segment := slices.Concat([]byte{0xff, 0xe2, byte((len(passes) + 2) >> 8), byte(len(passes) + 2)}, passes)
		for where, file := range map[string][]byte{
			"within a segment": slices.Concat(data[:2], segment, data[2:]),
			"behind its end":   slices.Concat(data, passes),
		} {
			got, err := Decode(file, Limits{})
			if err != nil || !bytes.Equal(got.Pix, want.Pix) {
				t.Errorf("%s with other passes %s: %v", name, where, err)
			}
			g := Geometry{Size: 16}
			resized := make([]uint8, g.Bytes())
			if err := At(resized, file, g, Limits{}); err != nil {
				t.Errorf("%s with other passes %s, resized: %v", name, where, err)
				continue
			}
			compareResized(t, want, g, resized)
		}
	}
}

// TestPassesAreCounted: those of the image, wherever a decoder would find them in a file that is damaged.
func TestPassesAreCounted(t *testing.T) {
	const pass = "\xff\xda\x00\x04\x00\x00"
	for data, want := range map[string]int{
		"":                    0,
		"\xff":                0,
		"\xff\xd8\xff":        0,
		"\xff\xd8\xff\xda":    0,
		"\xff\xd8" + pass:     1,
		"\xff\xd8\xff" + pass: 1, // behind a fill byte
		"\xff\xd8\x01\x02\xff\x00" + pass + "\x03\xff\xd0" + pass:                          2, // behind data and a restart
		"\xff\xd8\xff\xfe\x00\x00" + pass:                                                  1, // behind a length that cannot be
		"\xff\xd8\xff\xe0\x00\x08" + pass + pass + "\xff\xd9" + pass:                       1, // in a segment, and behind the end
		"\xff\xd8" + pass + "\xff\xe0\xff\xff" + pass:                                      1, // in a segment that is longer than the file
		"\xff\xd8" + strings.Repeat("\xff", 50) + strings.Repeat(pass, 3) + "\x00\xff\xff": 3,
	} {
		if got := countScans([]byte(data)); got != want {
			t.Errorf("%q: %d passes, want %d", data, got, want)
		}
	}
	data, before := goldenFile(t, "progressive.jpg"), 0
	for cut := range data {
		if n := countScans(data[:cut]); n < before || n > before+1 {
			t.Fatalf("cut off after %d bytes: %d passes, and %d after one less", cut, n, before)
		} else {
			before = n
		}
	}
	if before != 10 {
		t.Errorf("%d passes", before)
	}
}

func TestKindsThatAreNotDecodedAreNotDamaged(t *testing.T) {
	marker := func(of byte) []byte { // the frame's marker replaced
		data := bytes.Clone(goldenFile(t, "420.jpg"))
		data[bytes.Index(data, []byte{0xff, 0xc0})+1] = of
		return data
	}
	twelve := bytes.Clone(goldenFile(t, "420.jpg"))
	twelve[bytes.Index(twelve, []byte{0xff, 0xc0})+4] = 12
	tag := func(name string, tag, value byte) []byte { // a short of a TIFF replaced
		data := bytes.Clone(goldenFile(t, name))
		data[bytes.Index(data, []byte{tag, 1, 3, 0, 1, 0, 0, 0})+8] = value
		return data
	}
	retag := func(name string, tag uint16, value byte) []byte { // the planar configuration, which is 1 anyway, becomes another tag
		data := bytes.Clone(goldenFile(t, name))
		entry := data[bytes.Index(data, []byte{284 - 256, 1, 3, 0, 1, 0, 0, 0}):]
		binary.LittleEndian.PutUint16(entry, tag)
		entry[8] = value
		return data
	}
	for want, data := range map[string][]byte{
		"a TIFF with an option of Group": retag("group3-0.tiff", tagT4Options, 1),
		"a TIFF with the bits of its":    retag("grey.tiff", tagFillOrder, 2),
		"a TIFF with samples beside":     tag("jpeg.tiff", 277-256, 4),
		"a JPEG with arithmetic coding":  marker(0xc9),
		"a JPEG with lossless coding":    marker(0xc3),
		"a JPEG with 12 bits":            twelve,
		"a TIFF in Lab colors":           tag("cmyk.tiff", 262-256, 8),
		"a TIFF in YCbCr colors without": tag("planar.tiff", 262-256, 6),
	} {
		_, err := Decode(data, Limits{})
		kind, ok := errors.AsType[*UnsupportedError](err)
		if !ok || !strings.Contains(kind.Error(), "not supported: "+want) || !strings.Contains(kind.Error(), "convert it") {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// x/image/tiff takes no notice of what 0 means in a fax, so that decodeTIFF inverts one kind. That they are read as Pillow reads them is
// in golden.json; this fails as soon as x/image/tiff is repaired, when invertedFax has to go.
func TestFaxesAreInvertedByTheLibrary(t *testing.T) {
	for _, group := range []string{"group3", "group4"} {
		var theirs, ours [2][]byte
		for photometric := range 2 {
			data := goldenFile(t, fmt.Sprintf("%s-%d.tiff", group, photometric))
			decoded, err := tiff.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			theirs[photometric] = decoded.(*image.Gray).Pix
			mine, err := Decode(data, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			ours[photometric] = mine.Pix
		}
		if !bytes.Equal(theirs[0], theirs[1]) {
			t.Errorf("%s: x/image/tiff tells the two kinds apart: drop invertedFax", group)
		}
		invert(ours[1])
		if !bytes.Equal(ours[0], ours[1]) {
			t.Errorf("%s: one kind is not the negative of the other", group)
		}
	}
}

func TestAFrameIsPutInItsPlace(t *testing.T) {
	inner := image.NewNRGBA(image.Rect(0, 0, 4, 3))
	draw.Draw(inner, inner.Bounds(), image.NewUniform(color.NRGBA{200, 100, 50, 255}), image.Point{}, draw.Src)
	for _, at := range []image.Point{{2, 4}, {8, 8}, {100, 0}} { // inside, partly, and not at all on the canvas
		out := toRGB(framed{inner, at}, Header{Format: "webp", Width: 10, Height: 10})
		for y := range 10 {
			for x := range 10 {
				want := []uint8{Background, Background, Background}
				if (image.Point{x, y}).In(inner.Bounds().Add(at)) {
					want = []uint8{200, 100, 50}
				}
				if got := out.Pix[3*(10*y+x):][:3]; !slices.Equal(got, want) {
					t.Fatalf("frame at %v: the pixel at %d, %d is %v", at, x, y, got)
				}
			}
		}
	}
}

// TestAFrameFitsOnItsCanvas: the limits were held to the canvas, before anything was decoded.
func TestAFrameFitsOnItsCanvas(t *testing.T) {
	for _, name := range []string{"animated.webp", "animated-alpha.webp"} {
		data := bytes.Clone(goldenFile(t, name))
		const width, height = 24, 27 // of the canvas in VP8X, less one
		for _, at := range []int{width, height} {
			small := bytes.Clone(data)
			copy(small[at:], []byte{3, 0, 0})
			if _, err := Decode(small, Limits{}); !errors.Is(err, errLargeFrame) {
				t.Errorf("%s on a canvas that is smaller than its frame: %v", name, err)
			}
		}
	}
}

func TestTransparentImagesAreTold(t *testing.T) {
	palette := color.Palette{color.NRGBA{}, color.NRGBA{1, 2, 3, 255}}
	for name, img := range map[string]interface {
		draw.Image
		SubImage(image.Rectangle) image.Image
	}{
		"NRGBA": image.NewNRGBA(image.Rect(0, 0, 5, 5)), "NRGBA64": image.NewNRGBA64(image.Rect(0, 0, 5, 5)),
		"paletted": image.NewPaletted(image.Rect(0, 0, 5, 5), palette),
	} {
		for _, want := range []bool{true, false} {
			if !want {
				img.Set(2, 3, palette[1])
			}
			var data bytes.Buffer
			if err := png.Encode(&data, img); err != nil {
				t.Fatal(err)
			}
			got, err := Decode(data.Bytes(), Limits{})
			if err != nil || got.Transparent != want {
				t.Errorf("%s: transparent %t, %v; want %t", name, got.Transparent, err, want)
			}
		}
	}
}

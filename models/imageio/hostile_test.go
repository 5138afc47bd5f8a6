package imageio

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// readHere are files that other decoders refuse, and that are whole: a TIFF in CMYK with a predictor, and a JPEG without its end
// marker.
var readHere = map[string]bool{"image-rs/bad/tiff/TODO hpredict_cmyk.tiff": true, "pillow/truncated_jpeg.jpg": true}

// TestHostileFiles walks the corpus: every file decodes to the size that its manifest says or is refused in words, quickly and
// within memory.
func TestHostileFiles(t *testing.T) {
	corpus := sharedData(t, "hostile-images")
	manifest, err := os.ReadFile(filepath.Join(corpus, "MANIFEST.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSpace(string(manifest)), "\n")[1:]
	if len(rows) != 628 {
		t.Errorf("the manifest has %d files, want 628", len(rows))
	}
	for _, row := range rows {
		columns := strings.Split(row, "\t")
		name, expected := columns[0], columns[3]
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(corpus, name))
			if err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			p, err := Decode(data, Limits{})
			if d := time.Since(start); d > 2*time.Second {
				t.Errorf("it took %v", d)
			}
			runtime.ReadMemStats(&after)
			if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 300 {
				t.Errorf("it allocated %d MiB", mb)
			}
			switch {
			case err != nil && strings.HasPrefix(expected, "decode"):
				t.Errorf("refused (%v), want %s", err, expected)
			case err == nil && strings.HasPrefix(expected, "reject") && !readHere[name]:
				t.Errorf("decoded to %d x %d, want it refused", p.Width, p.Height)
			case err == nil && strings.HasPrefix(expected, "decode"):
				header, err := ReadHeader(data, Limits{})
				// For two animations the manifest has Go's size of the frame and Pillow's of the canvas.
				if size := fmt.Sprintf("%dx%d", header.Width, header.Height); err != nil || !strings.Contains(expected, size) {
					t.Errorf("%s (%v), want %s", size, err, expected)
				}
			}
			if err == nil && len(p.Pix) != 3*p.Width*p.Height {
				t.Errorf("%d bytes for %d x %d pixels", len(p.Pix), p.Width, p.Height)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	long := func(width, height uint32) string { // a BMP without pixels
		return "BM\x36\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00" +
			string(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, width), height)) +
			"\x01\x00\x18\x00" + strings.Repeat("\x00", 24)
	}
	large := []byte(long(8000, 8000))
	scans := append([]byte("\xff\xd8\xff\xe0\x00\x02\xff\xc2\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00"),
		strings.Repeat("\xff\xda\x00\x08\x01\x01\x00\x00\x00\x00\x00", 200)...)
	for _, c := range []struct{ name, data, want string }{
		{"nothing", "", "the file is empty"},
		{"text", "hello", "not an image: JPEG, PNG"},
		{"HEIC", "\x00\x00\x00\x18ftypheic\x00\x00", "HEIC"},
		{"HEIC of a burst", "\x00\x00\x00\x18ftyphevc\x00\x00", "HEIC photo: export it as JPEG"},
		{"HEIF of a burst", "\x00\x00\x00\x18ftypmsf1\x00\x00", "HEIF photo: export it as JPEG"},
		{"AVIF", "\x00\x00\x00\x1cftypavif\x00\x00", "AVIF image: export it as JPEG or PNG"},
		{"AVIF that moves", "\x00\x00\x00\x1cftypavis\x00\x00", "AVIF image: export it as JPEG or PNG"},
		{"BigTIFF", "II+\x00\x08\x00\x00\x00", "BigTIFF: export it"},
		{"BigTIFF, big endian", "MM\x00+\x00\x08\x00\x00", "BigTIFF: export it"},
		{"icon", "\x00\x00\x01\x00\x01\x00", "icon: export it"},
		{"PPM", "P6\n2 2\n255\n", "PPM image: export it"},
		{"web page", "<!DOCTYPE html>", "the download probably failed"},
		{"cut off", "\xff\xd8\xff\xe0", "ends in the middle"},
		{"too large", string(large), "8000 x 8000 pixels, and the limit is 50 million pixels"},
		{"too many scans", string(scans), "200 passes"},
		{"too many scans between other bytes", strings.ReplaceAll(string(scans), "\xff\xda", "\x00\xff\x00\xff\xd3\xff\xff\xda"), "200 passes"},
		{"a long BMP", long(1, 65_536), "1 x 65536 pixels, and the limit of a side is 65535 pixels"},
		{"a long PNG", string(line(t, 65_536, 1, 1)), "65536 x 1 pixels, and the limit of a side is 65535 pixels"},
		{"a long TIFF", "II*\x00\x08\x00\x00\x00\x04\x00" +
			"\x00\x01\x04\x00\x01\x00\x00\x00\x00\x00\x01\x00" + // 65,536 wide
			"\x01\x01\x03\x00\x01\x00\x00\x00\x01\x00\x00\x00" + // 1 high
			"\x06\x01\x03\x00\x01\x00\x00\x00\x05\x00\x00\x00" + // CMYK
			"\x15\x01\x03\x00\x01\x00\x00\x00\x04\x00\x00\x00", "65536 x 1 pixels, and the limit of a side is 65535 pixels"},
		{"a long WebP", "RIFF\x16\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00",
			"65537 x 1 pixels, and the limit of a side is 65535 pixels"},
	} {
		if _, err := Decode([]byte(c.data), Limits{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", c.name, err, c.want)
		}
	}
	if _, err := Decode(large, Limits{MaxPixels: 100_000_000}); err == nil || strings.Contains(err.Error(), "too large") {
		t.Errorf("with a raised limit: %v, want to get past the header", err)
	}
	if header, err := ReadHeader(line(t, 65_535, 1, 1), Limits{}); err != nil {
		t.Errorf("an image that is as long as one can be: %+v, %v", header, err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, pattern := range []string{"orientation6.*", "clear.*", "tiny.jpg", "line.jpg", "cmyk.jpg", "alpha.webp", "animated.webp", "*.bmp", "jpeg*.tiff",
		"cmyk*.tiff", "planar*.tiff", "extra.tiff", "cmyk-unmarked.jpg", "group*.tiff", "sampling*.jpg"} {
		files, err := filepath.Glob(filepath.Join("testdata", "golden", pattern))
		if err != nil || len(files) == 0 {
			f.Fatalf("no seeds %s: %v", pattern, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		limits := Limits{MaxPixels: 1 << 20}
		header, err := ReadHeader(data, limits)
		if err != nil {
			return
		}
		if header.Orientation < 1 || header.Orientation > 8 {
			t.Errorf("orientation %d", header.Orientation)
		}
		p, err := Decode(data, limits)
		if err != nil {
			return
		}
		if w, h := header.Upright(); p.Width != w || p.Height != h || len(p.Pix) != 3*w*h {
			t.Errorf("%d x %d in %d bytes, and the header says %d x %d", p.Width, p.Height, len(p.Pix), w, h)
		}
		for _, method := range []Method{Bilinear, Nearest, Crop} {
			g := Geometry{Size: 9, Method: method}
			if err := At(make([]uint8, g.Bytes()), data, g, limits); err != nil {
				t.Errorf("%s fails where Decode does not: %v", method, err)
			}
		}
	})
}

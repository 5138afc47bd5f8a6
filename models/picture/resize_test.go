package picture

import (
	"image"
	"os"
	"path/filepath"
	"testing"
)

// TestFastIsNearExact compares the two ways from a JPEG to a square, on photos, under every orientation.
func TestFastIsNearExact(t *testing.T) {
	var files []string
	for _, pattern := range []string{"exif-orientation/*_[1568].jpg", "pillow/hopper*.jpg", "go-stdlib/image/*.jpeg", "jpeg-decoder/reftest/*.jpg"} {
		found, err := filepath.Glob(filepath.Join(sharedData(t, "hostile-images"), pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	short := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		header, decoded, err := decode(data, Limits{})
		planes, ok := decoded.(*image.YCbCr)
		if err != nil || !ok {
			continue
		}
		long := upright(toRGB(decoded, header), header.Orientation)
		for _, g := range []Geometry{{Size: 224}, {Size: 224, Method: Crop}, {Size: 224, Method: Nearest}, {Size: 37}} {
			got, want := make([]uint8, g.Bytes()), make([]uint8, g.Bytes())
			if !resizePlanes(got, planes, header, g) {
				continue
			}
			short++
			long.Resize(want, g)
			far, sum := 0, 0
			for i := range got {
				d := int(got[i]) - int(want[i])
				d = max(d, -d)
				sum += d
				if d > 4 {
					far++
				}
			}
			mean, share := float64(sum)/float64(len(got)), float64(far)/float64(len(got))
			if mean > 0.8 || share > 0.03 {
				t.Errorf("%s at %v: off by %.3f on average, and by more than 4 in %.2f %%", filepath.Base(file), g, mean, 100*share)
			}
		}
	}
	if short < 60 {
		t.Errorf("%d times the short way was taken", short)
	}
}

func BenchmarkAt(b *testing.B) {
	files, err := filepath.Glob(filepath.Join(sharedData(b, "trashnet-6c"), "data", "*", "*3.jpg"))
	if err != nil {
		b.Fatal(err)
	}
	var pictures [][]byte
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		pictures = append(pictures, data)
	}
	for _, method := range []Method{Bilinear, Nearest, Crop} {
		b.Run(string(method), func(b *testing.B) {
			g := Geometry{Size: 224, Method: method}
			dst := make([]uint8, g.Bytes())
			n := 0
			for b.Loop() {
				if err := At(dst, pictures[n%len(pictures)], g, Limits{}); err != nil {
					b.Fatal(err)
				}
				n++
			}
		})
	}
}

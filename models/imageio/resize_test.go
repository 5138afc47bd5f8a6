package imageio

import (
	"os"
	"path/filepath"
	"testing"
)

func BenchmarkAt(b *testing.B) {
	files, err := filepath.Glob(filepath.Join(sharedData(b, "trashnet-6c"), "data", "*", "*3.jpg"))
	if err != nil {
		b.Fatal(err)
	}
	var images [][]byte
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		images = append(images, data)
	}
	for _, method := range []Method{Bilinear, Nearest, Crop} {
		b.Run(string(method), func(b *testing.B) {
			g := Geometry{Size: 224, Method: method}
			dst := make([]uint8, g.Bytes())
			n := 0
			for b.Loop() {
				if err := At(dst, images[n%len(images)], g, Limits{}); err != nil {
					b.Fatal(err)
				}
				n++
			}
		})
	}
}

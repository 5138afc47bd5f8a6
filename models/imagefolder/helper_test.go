package imagefolder

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/diagnosis"
)

// drawing is an image of random coarse blocks, unlike every other number's.
func drawing(number int) image.Image {
	random := rand.New(rand.NewPCG(uint64(number), 7))
	img := image.NewRGBA(image.Rect(0, 0, 48, 40))
	var blocks [8][8]color.RGBA
	for y := range blocks {
		for x := range blocks[y] {
			blocks[y][x] = color.RGBA{uint8(random.IntN(256)), uint8(random.IntN(256)), uint8(random.IntN(256)), 255}
		}
	}
	for y := range 40 {
		for x := range 48 {
			img.Set(x, y, blocks[y/5][x/6])
		}
	}
	return img
}

func pngOf(t testing.TB, img image.Image) string {
	t.Helper()
	var data bytes.Buffer
	if err := png.Encode(&data, img); err != nil {
		t.Fatal(err)
	}
	return data.String()
}

func jpegOf(t testing.TB, img image.Image, quality int) string {
	t.Helper()
	var data bytes.Buffer
	if err := jpeg.Encode(&data, img, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return data.String()
}

// someFiles are n different images for each class.
func someFiles(t testing.TB, n int, classes ...string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for c, class := range classes {
		for i := range n {
			files[class+"/"+string(rune('a'+i/26))+string(rune('a'+i%26))+".png"] = pngOf(t, drawing(1000*c+i))
		}
	}
	return files
}

func mustLoad(t testing.TB, dir string, o Options) *Dataset {
	t.Helper()
	d, err := Load(context.Background(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func wantError(t testing.TB, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("error %v, want one with %q", err, text)
	}
}

func paths(d *Dataset) []string {
	var list []string
	for _, item := range d.Items {
		list = append(list, item.Path)
	}
	return list
}

// reasonFor is why a file was skipped; empty if it was not.
func reasonFor(d *Dataset, path string) string {
	i := slices.IndexFunc(d.Skipped, func(s Skipped) bool { return s.Path == path })
	if i < 0 {
		return ""
	}
	return d.Skipped[i].Reason
}

func noteOf(d *Dataset, code string) (diagnosis.Diagnosis, bool) {
	i := slices.IndexFunc(d.Diagnoses, func(n diagnosis.Diagnosis) bool { return n.Code == code })
	if i < 0 {
		return diagnosis.Diagnosis{}, false
	}
	return d.Diagnoses[i], true
}

func item(t testing.TB, d *Dataset, path string) int {
	t.Helper()
	i := slices.Index(paths(d), path)
	if i < 0 {
		t.Fatalf("there is no item %s in %v", path, paths(d))
	}
	return i
}

// options are the defaults with changes.
func options(change func(*Options)) Options {
	o := DefaultOptions()
	change(&o)
	return o
}

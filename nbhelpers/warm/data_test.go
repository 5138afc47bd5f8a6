package warm

import (
	"bufio"
	"errors"
	"image"
	"image/color"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestTensor(t *testing.T) {
	values := []float32{0, -1.5, math.MaxFloat32, float32(math.Inf(1))}
	tensor, err := NewTensor(values, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := tensor.Floats(); err != nil || !slices.Equal(got, values) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range []Tensor{
		{Shape: []int{3}, Data: make([]byte, 8)}, {Shape: []int{-1}}, {Shape: []int{math.MaxInt, math.MaxInt}}, {Data: []byte{1}},
		{Shape: []int{0, math.MaxInt}, Data: []byte{1}},
	} {
		if got, err := bad.Floats(); err == nil {
			t.Errorf("%v unpacked to %v", bad, got)
		}
	}
	if rows, err := (Tensor{Shape: []int{0, 4}}).Rows(); err != nil || len(rows) != 0 {
		t.Errorf("no rows: %v, %v", rows, err)
	}
}

func TestImages(t *testing.T) {
	img := image.NewNRGBA(image.Rect(-1, -1, 1, 0)) // 2 x 1 pixels
	img.SetNRGBA(-1, -1, color.NRGBA{R: 10, G: 20, B: 30, A: 255})
	p, err := FromImage("a", img)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.RGB, []byte{10, 20, 30, 255, 255, 255}) { // what is transparent is white
		t.Errorf("the pixels are %v", p.RGB)
	}
	back, err := p.Image()
	if err != nil || back.Bounds() != image.Rect(0, 0, 2, 1) || back.At(0, 0) != (color.NRGBA{R: 10, G: 20, B: 30, A: 255}) {
		t.Errorf("came back as %v, %v", back, err)
	}
	for name, bad := range map[string]Image{
		"nothing": {}, "both": {File: "a", RGB: []byte{}}, "short": {RGB: []byte{1}, Width: 2, Height: 2}, "long": {RGB: make([]byte, 6), Width: 1, Height: 1},
		"negative": {RGB: make([]byte, 3), Width: -1, Height: -1}, "overflow": {RGB: make([]byte, 12), Width: math.MaxInt, Height: 4},
	} {
		if err := bad.Check(); err == nil {
			t.Errorf("%s passed", name)
		}
		if img, err := bad.Image(); err == nil {
			t.Errorf("%s became %v", name, img.Bounds())
		}
	}
	if err := (Image{File: "/a"}).Check(); err != nil {
		t.Error(err)
	}
	for name, bad := range map[string]image.Image{"nil": nil, "empty": image.NewRGBA(image.Rectangle{}), "endless": image.NewUniform(color.White)} {
		if _, err := FromImage(name, bad); err == nil {
			t.Errorf("%s gave no error", name)
		}
	}
}

func TestLines(t *testing.T) {
	for given, want := range map[string]string{"a\nb": "a\n", "\n": "\n", strings.Repeat("x", 10000) + "\n": strings.Repeat("x", 10000) + "\n"} {
		if got, err := ReadLine(bufio.NewReaderSize(strings.NewReader(given), 16)); err != nil || string(got) != want {
			t.Errorf("%.20q: %.20q, %v", given, got, err)
		}
	}
	for _, unfinished := range []string{"", "a"} {
		if got, err := ReadLine(bufio.NewReader(strings.NewReader(unfinished))); err != io.EOF {
			t.Errorf("%q: %q, %v; want io.EOF", unfinished, got, err)
		}
	}
	if _, err := ReadLine(bufio.NewReaderSize(endless{}, 1<<20)); !errors.Is(err, ErrLineTooLong) {
		t.Errorf("an endless line: %v", err)
	}
}

// endless is a line that does not end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

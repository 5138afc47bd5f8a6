// Writer is the program of one cell, for TestPrograms.
package main

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"os"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/nbhelpers/keep"
)

type photo struct {
	path string
	img  image.Image
	next *photo
}

type box[T any] struct{ value T }

func (b box[T]) area() string { return fmt.Sprint(b.value) }

type shape interface{ area() string }

func triple(x int) int { return 3 * x }

var (
	photos  []*photo
	first   *photo
	apply   = triple
	upper   = strings.ToUpper
	shapes  = []shape{box[int]{4}, &box[string]{"x"}}
	failure = fmt.Errorf("read: %w", io.EOF)
	when    = time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("HERE", 3600))
	total   = 1
	bad     = func() int { return total }
	local   any
)

func main() {
	img := image.NewRGBA(image.Rect(0, 0, 200, 200))
	img.Set(5, 6, color.RGBA{1, 2, 3, 255})
	photos = []*photo{{"a.jpg", img, nil}, {"b.jpg", img.SubImage(image.Rect(5, 6, 7, 8)), nil}}
	photos[0].next, photos[1].next = photos[1], photos[0]
	first = photos[0]
	type inside struct{ a int }
	local = inside{1}
	if !errors.Is(failure, io.EOF) {
		panic("it is not")
	}
	store := keep.Open(os.Args[1], keep.Options{Quota: keep.DefaultQuota})
	for _, l := range store.Save(
		keep.Variable{Name: "photos", Type: "[]*photo", Pointer: &photos}, keep.Variable{Name: "first", Type: "*photo", Pointer: &first},
		keep.Variable{Name: "apply", Type: "func(int) int", Pointer: &apply}, keep.Variable{Name: "upper", Type: "func(string) string", Pointer: &upper},
		keep.Variable{Name: "shapes", Type: "[]shape", Pointer: &shapes}, keep.Variable{Name: "failure", Type: "error", Pointer: &failure},
		keep.Variable{Name: "when", Type: "time.Time", Pointer: &when}, keep.Variable{Name: "bad", Type: "func() int", Pointer: &bad},
		keep.Variable{Name: "local", Type: "any", Pointer: &local},
	) {
		fmt.Println(l)
	}
}

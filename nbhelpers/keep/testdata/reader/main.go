// Reader is the program of a later cell, for TestPrograms: the same declarations in another program.
package main

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/nbhelpers/keep"
)

type shape interface{ area() string }

type box[T any] struct{ value T }

func (b box[T]) area() string { return fmt.Sprint(b.value) }

type photo struct {
	path string
	img  image.Image
	next *photo
}

func unrelated(x string) string { return x }

func triple(x int) int { return 3 * x }

var (
	when    time.Time
	failure error
	first   *photo
	shapes  []shape
	upper   = unrelated
	apply   func(int) int
	local   any
	photos  []*photo
)

func main() {
	store := keep.Open(os.Args[1], keep.Options{
		Quota: keep.DefaultQuota,
		Types: []reflect.Type{reflect.TypeFor[image.RGBA](), reflect.TypeFor[box[int]](), reflect.TypeFor[box[string]]()},
		Funcs: map[string]any{"main.triple": triple, "strings.ToUpper": strings.ToUpper},
	})
	for _, l := range store.Load(
		keep.Variable{Name: "when", Type: "time.Time", Pointer: &when}, keep.Variable{Name: "failure", Type: "error", Pointer: &failure},
		keep.Variable{Name: "first", Type: "*photo", Pointer: &first}, keep.Variable{Name: "shapes", Type: "[]shape", Pointer: &shapes},
		keep.Variable{Name: "upper", Type: "func(string) string", Pointer: &upper}, keep.Variable{Name: "apply", Type: "func(int) int", Pointer: &apply},
		keep.Variable{Name: "local", Type: "any", Pointer: &local}, keep.Variable{Name: "photos", Type: "[]*photo", Pointer: &photos},
	) {
		fmt.Println(l)
	}
	fmt.Println(when, failure, errors.Is(failure, io.EOF))
	fmt.Println(len(photos), first == photos[0], first.next.next == first, photos[1].path, upper("up"), apply(2))
	photos[0].img.(*image.RGBA).Set(5, 6, color.RGBA{9, 9, 9, 255})
	fmt.Println(photos[1].img.Bounds(), photos[1].img.At(5, 6))
	fmt.Println(shapes[0].area(), shapes[1].area())
}

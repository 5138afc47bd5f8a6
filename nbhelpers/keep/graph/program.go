// Package graph encodes values with all that they refer to, so that another program can decode them.
package graph

import (
	"errors"
	"image/color"
	"io"
	"io/fs"
	"os"
	"reflect"
	"strconv"
	"time"

	"github.com/headstart-nb/headstart/nbhelpers/keep/layout"
	"github.com/headstart-nb/headstart/nbhelpers/keep/mapped"
	"github.com/headstart-nb/headstart/nbhelpers/keep/typetable"
)

// A Program is what a program knows: the types, functions and pointers that its values may have.
type Program struct {
	layouts *layout.Cache
	types   *typetable.Registry
	funcs   map[string]any
	extra   map[string]any     // pointers that are kept by name, besides those of every program
	named   map[uintptr]string // all of them, by address
	files   *mapped.Files

	pointerList map[string]any
}

// New returns a program with types, functions and pointers that it knows besides those that its variables mention. Its
// values are kept in a folder, with large ones in files.
func New(dir string, types []reflect.Type, funcs, pointers map[string]any, files *mapped.Files) *Program {
	g := &Program{layouts: layout.New(), funcs: funcs, extra: pointers, files: files, named: map[uintptr]string{}}
	g.types = typetable.NewRegistry(dir, types)
	for _, f := range funcs {
		g.types.Add(reflect.TypeOf(f))
	}
	for name, pointer := range g.pointers() {
		g.named[reflect.ValueOf(pointer).Pointer()] = name
		g.types.Add(reflect.TypeOf(pointer))
	}
	return g
}

// Know makes types known, and those that they mention.
func (g *Program) Know(types ...reflect.Type) { g.types.Add(types...) }

// Alone encodes one variable. It returns nil if that cannot be kept.
func (g *Program) Alone(v Variable, limit int64) []byte {
	sc := g.Scan([]Variable{v})
	if len(sc.obstacles) > 0 {
		return nil
	}
	e, err := sc.Encode([]int{0}, limit)
	if err != nil {
		return nil
	}
	return e.Graph
}

// pointers are those that every program has under a name.
func (g *Program) pointers() map[string]any {
	if g.pointerList == nil {
		g.pointerList = map[string]any{
			"os.Stdin": os.Stdin, "os.Stdout": os.Stdout, "os.Stderr": os.Stderr, "time.Local": time.Local, "time.UTC": time.UTC,
			"io.EOF": io.EOF, "io.ErrUnexpectedEOF": io.ErrUnexpectedEOF, "io.ErrShortWrite": io.ErrShortWrite,
			"io.ErrShortBuffer": io.ErrShortBuffer, "io.ErrNoProgress": io.ErrNoProgress, "io.ErrClosedPipe": io.ErrClosedPipe,
			"io/fs.ErrNotExist": fs.ErrNotExist, "io/fs.ErrExist": fs.ErrExist, "io/fs.ErrPermission": fs.ErrPermission,
			"io/fs.ErrInvalid": fs.ErrInvalid, "io/fs.ErrClosed": fs.ErrClosed, "strconv.ErrRange": strconv.ErrRange,
			"strconv.ErrSyntax": strconv.ErrSyntax, "errors.ErrUnsupported": errors.ErrUnsupported,
			// image.Config has one of these. Their type is unexported and has a function.
			"image/color.RGBAModel": color.RGBAModel, "image/color.RGBA64Model": color.RGBA64Model,
			"image/color.NRGBAModel": color.NRGBAModel, "image/color.NRGBA64Model": color.NRGBA64Model,
			"image/color.AlphaModel": color.AlphaModel, "image/color.Alpha16Model": color.Alpha16Model,
			"image/color.GrayModel": color.GrayModel, "image/color.Gray16Model": color.Gray16Model,
			"image/color.CMYKModel": color.CMYKModel, "image/color.YCbCrModel": color.YCbCrModel,
			"image/color.NYCbCrAModel": color.NYCbCrAModel,
		}
		for name, pointer := range g.extra {
			if v := reflect.ValueOf(pointer); v.Kind() == reflect.Pointer && !v.IsNil() {
				g.pointerList[name] = pointer
			}
		}
	}
	return g.pointerList
}

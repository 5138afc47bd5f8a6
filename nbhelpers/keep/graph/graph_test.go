package graph

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/headstart-nb/headstart/nbhelpers/keep/mapped"
	"github.com/headstart-nb/headstart/nbhelpers/keep/pack"
)

type inner struct {
	a int8
	b [3]int32
	c string
}

type shape interface{ Area() float64 }

type Square struct{ side float64 }

func (s Square) Area() float64 { return s.side * s.side }

type Circle struct {
	radius float64
	name   *string
}

func (c *Circle) Area() float64 { return math.Pi * c.radius * c.radius }

type Pair struct{ A, B any }

// Double is a function at the top level.
func Double(x int) int { return 2 * x }

// limit is what a test may encode, in bytes.
const limit = 1 << 30

// program knows what the values of the tests have, and the types of variables. Its files are in a folder.
func program(dir string, variables ...Variable) *Program {
	files := &mapped.Files{Open: func(name string) (*os.File, int64, error) {
		file, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			return nil, 0, err
		}
		info, err := file.Stat()
		return file, info.Size(), err
	}}
	types := []reflect.Type{reflect.TypeFor[Square](), reflect.TypeFor[Pair](), reflect.TypeFor[Circle]()}
	g := New(dir, types, map[string]any{reflect.TypeFor[Pair]().PkgPath() + ".Double": Double}, nil, files)
	for _, v := range variables {
		g.Know(reflect.TypeOf(v.Pointer).Elem())
	}
	return g
}

func variable(name string, pointer any) Variable { return Variable{Name: name, Pointer: pointer} }

// encode encodes a group, and writes its large data.
func encode(t testing.TB, sc *Scan, dir string, group []int) *Encoded {
	t.Helper()
	e, err := sc.Encode(group, limit)
	if err != nil {
		t.Fatal(err)
	}
	if e.Pending == nil {
		return e
	}
	file, err := os.Create(filepath.Join(dir, e.Pending.Name+mapped.FlatEnding))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := e.Pending.Write(file, func() {}); err != nil {
		t.Fatal(err)
	}
	return e
}

func unmap(t testing.TB, g *Program) {
	t.Helper()
	if err := g.files.Unmap(); err != nil {
		t.Fatal(err)
	}
}

func TestTimeHasThisLayout(t *testing.T) {
	typ := reflect.TypeFor[time.Time]()
	if unsafe.Sizeof(time3{}) != typ.Size() || typ.NumField() != 3 || typ.Field(2).Offset != unsafe.Offsetof(time3{}.loc) {
		t.Fatal("time.Time has another layout")
	}
}

// A change that does not lie in its unit is not applied.
func TestHostileChanges(t *testing.T) {
	dir := t.TempDir()
	numbers := make([]byte, 2*mapped.LargeBytes)
	v := variable("numbers", &numbers)
	graph := encode(t, program(dir, v).Scan([]Variable{v}), dir, []int{0}).Graph
	for _, c := range []struct{ at, n int }{{2*mapped.LargeBytes - 1, 2}, {2 * mapped.LargeBytes, 1}, {pack.MaxSize, 1}, {1, 3}} {
		g := program(dir, v)
		file, err := g.Parse(graph)
		if err != nil {
			t.Fatal(err)
		}
		var change pack.Buffer
		change.Count(c.at)
		change.Count(c.n)
		change.Bytes([]byte{1, 2}[:min(c.n, 2)])
		for i := range file.units {
			if file.units[i].kind == unitFile {
				file.units[i].content = change.Data
			}
		}
		if _, err := g.Decode(file, []Variable{v}); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%d bytes at %d: %v", c.n, c.at, err)
		}
		unmap(t, g)
	}
}

package keep

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"io/fs"
	"math"
	"math/big"
	"math/rand"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"gonum.org/v1/gonum/mat"

	"github.com/headstart-nb/headstart/nbhelpers/keep/keeptest"
)

// folder is a store's folder as the kernel makes it.
func folder(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "kept")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// options give each group a file, which is where most can go wrong. TestSmallGroups and the tests of programs are about the
// usual ones.
func options() Options { return Options{Quota: DefaultQuota, allFiles: true} }

func variable(name string, pointer any) Variable {
	return Variable{Name: name, Type: reflect.TypeOf(pointer).Elem().String(), Pointer: pointer}
}

func save(t testing.TB, dir string, o Options, variables ...Variable) {
	t.Helper()
	if losses := Open(dir, o).Save(variables...); len(losses) > 0 {
		t.Fatalf("Save lost %q", losses)
	}
}

func load(t testing.TB, dir string, o Options, variables ...Variable) {
	t.Helper()
	if losses := Open(dir, o).Load(variables...); len(losses) > 0 {
		t.Fatalf("Load lost %q", losses)
	}
}

// roundTrip keeps a value and returns what another program gets.
func roundTrip[T any](t testing.TB, value T, o Options) T {
	t.Helper()
	dir := folder(t)
	save(t, dir, o, variable("x", &value))
	var got T
	load(t, dir, o, variable("x", &got))
	return got
}

type link struct {
	value int
	next  *link
}

type tree struct {
	name        string
	left, right *tree
	up          *tree
}

type wrapper struct{ inner inner }

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

type aliasing struct {
	all, part, tail []int
	element         *int
	array           *[4]int
	overlapping     []int
}

type interiors struct {
	rows  []wrapper
	field *int32
	array []int32
	whole *wrapper
	same  *inner
}

func TestRoundTrip(t *testing.T) {
	name := "circle"
	ring := &link{value: 1}
	ring.next = &link{2, &link{3, ring}}
	root := &tree{name: "root"}
	root.left = &tree{name: "left", up: root}
	root.right = root.left
	numbers := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	rows := []wrapper{{inner{1, [3]int32{1, 2, 3}, "a"}}, {inner{2, [3]int32{4, 5, 6}, "b"}}}
	self := []any{1, nil}
	self[1] = self
	shared := map[string]*link{"a": ring}
	var chained any
	for i := range 100 {
		chained = Pair{i, chained}
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		berlin = time.FixedZone("CET", 3600)
	}
	values := map[string]any{
		"bool": true, "ints": []any{int8(-1), int16(2), int32(3), int64(4), uint8(5), uint16(6), uint32(7), uint64(1 << 63), uintptr(9)},
		"floats": []float64{0, math.Copysign(0, -1), math.Inf(1), 1.5}, "complex": []complex128{1 + 2i}, "string": "häh",
		"nil slice": []int(nil), "empty slice": []int{}, "nil map": map[string]int(nil), "empty map": map[int]int{},
		"nil in interface": (*link)(nil), "array": [3][2]string{{"a"}, {"b", "c"}}, "bools": []bool{true, false, true},
		"struct": wrapper{inner{-1, [3]int32{1, 2, 3}, "x"}}, "map": map[string][]int{"a": {1}, "b": nil, "c": {}},
		"struct key": map[inner]int{{1, [3]int32{}, "k"}: 2}, "interface key": map[any]any{1: "a", "b": 2, 1.5: nil, [2]int{}: []int{1}},
		"ring": ring, "tree": root, "sharing map": []map[string]*link{shared, shared}, "self": self, "chain": chained,
		"aliasing": aliasing{
			numbers[:3], numbers[1:2], numbers[8:], &numbers[5], (*[4]int)(numbers[4:]), numbers[3:6:8],
		},
		"interior":   interiors{rows, &rows[1].inner.b[2], rows[0].inner.b[1:], &rows[1], &rows[0].inner},
		"shapes":     []shape{Square{2}, &Circle{1, &name}, nil},
		"zero sizes": []struct{}{{}, {}}, "pointer to nothing": &struct{}{}, "slice of nothing": [][0]int{{}, {}},
		"big":  []any{big.NewInt(1 << 40), new(big.Int).Exp(big.NewInt(3), big.NewInt(500), nil), big.NewRat(1, 3), big.NewFloat(0.1)},
		"rgba": image.NewRGBA(image.Rect(1, 2, 30, 40)), "paletted": image.NewPaletted(image.Rect(0, 0, 3, 3), color.Palette{color.Black, color.RGBA{1, 2, 3, 4}}),
		"ycbcr":  image.NewYCbCr(image.Rect(0, 0, 16, 16), image.YCbCrSubsampleRatio420),
		"gonum":  []any{mat.NewDense(2, 3, []float64{1, 2, 3, 4, 5, 6}), mat.NewVecDense(2, nil), mat.NewSymDense(1, nil)},
		"time":   []time.Time{time.Unix(1, 2).UTC(), time.Unix(3, 4).In(berlin), {}, time.Unix(5, 6)},
		"error":  []error{errors.New("a"), fmt.Errorf("b: %w", io.EOF), &fs.PathError{Op: "open", Path: "p", Err: fs.ErrNotExist}, errors.Join(io.EOF, nil)},
		"json":   map[string]any{"a": []any{1.0, "x", nil, true, map[string]any{"b": []any{}}}},
		"regexp": regexp.MustCompile(`(a|b)+c`), "pointers": []**int{nil, new(*int)},
		"mutex": &struct {
			sync.Mutex
			n  atomic.Int64
			rw sync.RWMutex
			o  sync.Once
		}{},
	}
	o := options()
	for _, v := range values {
		o.Types = append(o.Types, reflect.TypeOf(v))
	}
	o.Types = append(o.Types, reflect.TypeFor[color.RGBA](), reflect.TypeFor[color.Gray16](), reflect.TypeFor[mat.Dense](),
		reflect.TypeFor[mat.VecDense](), reflect.TypeFor[mat.SymDense](), reflect.TypeFor[big.Int](), reflect.TypeFor[big.Rat](),
		reflect.TypeFor[big.Float](), reflect.TypeFor[Pair](), reflect.TypeFor[Square](), reflect.TypeFor[Circle]())
	for name, v := range values {
		t.Run(name, func(t *testing.T) {
			got := roundTrip(t, v, o)
			keeptest.Same(t, v, got)
			if name != "self" && !reflect.DeepEqual(v, got) {
				t.Errorf("got %#v, want %#v", got, v)
			}
		})
	}
	t.Run("together", func(t *testing.T) {
		keeptest.Same(t, values, roundTrip(t, values, o))
	})
}

func TestNaNKeys(t *testing.T) {
	nan := math.NaN()
	got := roundTrip(t, map[float64]string{nan: "a", math.Float64frombits(math.Float64bits(nan) | 5): "b", 1: "c"}, options())
	var all []string
	for _, v := range got {
		all = append(all, v)
	}
	slices.Sort(all)
	if !slices.Equal(all, []string{"a", "b", "c"}) {
		t.Errorf("got %v", got)
	}
}

func TestSentinelsKeepTheirIdentity(t *testing.T) {
	got := roundTrip(t, []any{io.EOF, os.Stdout, &fs.PathError{Err: fs.ErrNotExist}, time.Local}, options())
	if got[0] != any(io.EOF) || got[1] != any(os.Stdout) || !errors.Is(got[2].(error), fs.ErrNotExist) || got[3] != any(time.Local) {
		t.Errorf("got %#v", got)
	}
}

// What people look at first in a folder of images.
func TestFilesAndConfigs(t *testing.T) {
	type seen struct {
		info    fs.FileInfo
		entries []fs.DirEntry
		config  image.Config
	}
	info, err := os.Stat(".")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	want := seen{info, entries, image.Config{ColorModel: color.YCbCrModel, Width: 2, Height: 3}}
	got := roundTrip(t, want, options())
	if got.info.ModTime() != info.ModTime() || len(got.entries) != len(entries) || got.entries[0].Name() != entries[0].Name() || got.config != want.config {
		t.Errorf("got %v", got)
	}
}

func TestFunctions(t *testing.T) {
	type functions struct {
		upper func(string) string
		own   any
	}
	value := functions{strings.ToUpper, Double}
	o := options()
	o.Funcs = map[string]any{"strings.ToUpper": strings.ToUpper, "github.com/headstart-nb/headstart/nbhelpers/keep.Double": Double}
	dir := folder(t)
	save(t, dir, options(), variable("f", &value))
	list, err := Open(dir, options()).List()
	if want := []string{"github.com/headstart-nb/headstart/nbhelpers/keep.Double", "strings.ToUpper"}; err != nil || !slices.Equal(list[0].Funcs, want) {
		t.Errorf("List: %v %v", list, err)
	}
	var got functions
	load(t, dir, o, variable("f", &got))
	if got.upper("a") != "A" || got.own.(func(int) int)(2) != 4 {
		t.Error("the functions are others")
	}
}

// Double is a function at the top level.
func Double(x int) int { return 2 * x }

func TestTime(t *testing.T) {
	now := time.Now()
	got := roundTrip(t, now, options())
	if !got.Equal(now) || got.String() != now.Round(0).String() || got.Location() != time.Local {
		t.Errorf("got %v, want %v", got, now)
	}
}

func TestAtomicPointer(t *testing.T) {
	type holder struct{ p, nothing atomic.Pointer[link] }
	var value holder
	value.p.Store(&link{value: 7})
	dir := folder(t)
	save(t, dir, options(), variable("h", &value))
	var got holder
	load(t, dir, options(), variable("h", &got))
	if got.p.Load().value != 7 || got.nothing.Load() != nil {
		t.Errorf("got %v", got.p.Load())
	}
}

type client struct {
	conn net.Conn
	wait chan int
	call func()
}

func TestLosses(t *testing.T) {
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var locked sync.Mutex
	locked.Lock()
	cancelled, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 1
	for name, c := range map[string]struct {
		value any
		want  string
	}{
		"conn":      {&client{conn: conn}, "x.conn: *net.TCPConn cannot be kept"},
		"channel":   {&client{wait: make(chan int)}, "x.wait: chan int cannot be kept"},
		"in a map":  {&map[string][]*client{"a": nil, "b": {nil, {wait: make(chan int)}}}, `x["b"][1].wait: chan int cannot be kept`},
		"closure":   {&client{call: func() { n++ }}, "x.call: func() cannot be kept: it is a closure or method value"},
		"method":    {&[]any{1, new(strings.Builder).Len}, "x[1]: func() int cannot be kept: it is a closure or method value"},
		"file":      {&file, "x: *os.File cannot be kept"},
		"locked":    {&[]*sync.Mutex{{}, &locked}, "x[1]: a locked sync.Mutex cannot be kept"},
		"embedded":  {&[]struct{ mu *sync.Mutex }{{&locked}}, "x[0].mu: a locked sync.Mutex cannot be kept"},
		"unsafe":    {&[2]unsafe.Pointer{1: unsafe.Pointer(&n)}, "x[1]: unsafe.Pointer cannot be kept"},
		"reflect":   {&[]any{reflect.TypeFor[int]()}, "x[0]: *reflect.rtype cannot be kept: it is unexported in its package"},
		"value":     {&[]reflect.Value{reflect.ValueOf(1)}, "x[0]: reflect.Value cannot be kept"},
		"context":   {&[]context.Context{cancelled}, "x[0]: *context.cancelCtx cannot be kept: it is unexported in its package"},
		"sync.Map":  {&struct{ m *sync.Map }{usedMap()}, "x.m: *sync.Map cannot be kept"},
		"two types": {&[]any{&n, (*[2]int16)(unsafe.Pointer(&n))}, "x[1]: int16 cannot be kept: it is memory of two types"},
		"spare":     {sparePart(), "x[1].wait: chan int cannot be kept"},
		"timer":     {&[]*time.Timer{time.NewTimer(time.Hour)}, "x[0]: *time.Timer cannot be kept"},
		"random":    {&[]*rand.Rand{rand.New(rand.NewSource(1))}, "x[0]: *rand.Rand cannot be kept"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t)
			kept := 5
			losses := Open(dir, options()).Save(variable("x", c.value), variable("y", &kept))
			if len(losses) != 1 || losses[0].String() != c.want || losses[0].Name != "x" {
				t.Errorf("lost %q, want %q", losses, c.want)
			}
			list, err := Open(dir, options()).List()
			if err != nil || len(list) != 1 || list[0].Name != "y" {
				t.Errorf("kept %v, %v", list, err)
			}
		})
	}
}

func usedMap() *sync.Map {
	m := new(sync.Map)
	m.Store(1, 2)
	return m
}

func sparePart() *[]client {
	s := []client{{}, {wait: make(chan int)}}[:1]
	return &s
}

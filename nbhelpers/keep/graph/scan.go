package graph

import (
	"reflect"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"github.com/headstart-nb/headstart/nbhelpers/keep/layout"
	"github.com/headstart-nb/headstart/nbhelpers/keep/mapped"
)

type nodeKind uint8

const (
	nodeMemory nodeKind = iota // n elements of l at ptr, as one reference sees them
	nodeMap
	nodeBox // a value in an interface that has interfaces itself
)

// node is something that references lead to.
type node struct {
	kind nodeKind
	ptr  unsafe.Pointer
	l    *layout.Layout
	n    int
	list bool           // of a slice
	typ  reflect.Type   // of a map or a box
	keys unsafe.Pointer // of a map: copies of its n keys, sorted, and of its elements
	vals unsafe.Pointer
	from int32   // the node with the first reference, -1 for a variable
	at   uintptr // where in it
	root int32   // the variable, or -1
	set  int32   // union-find: nodes in one set are kept together
	unit int32
}

type memoryKey struct {
	ptr uintptr
	l   *layout.Layout
	n   int
}

type endKey struct {
	end uintptr
	l   *layout.Layout
}

type boxKey struct {
	ptr unsafe.Pointer
	typ reflect.Type
}

// scanned is up to where, from the end of some memory down, elements were scanned.
type scanned struct {
	low  uintptr
	node int32
}

// obstacle is a part that cannot be kept.
type obstacle struct {
	node int32
	at   uintptr
	what string // "a channel"
	typ  reflect.Type
}

// A Scan finds what can be reached from variables.
type Scan struct {
	program   *Program
	Variables []Variable
	nodes     []node
	memory    map[memoryKey]int32
	ends      map[endKey]scanned
	maps      map[unsafe.Pointer]int32
	boxes     map[boxKey]int32
	roots     []int32 // node of each variable, -1 for one without size
	obstacles []obstacle
	units     []unit
	reading   int32   // the node whose references are being followed
	readingAt uintptr // where in it the reference is
}

func (g *Program) Scan(variables []Variable) *Scan {
	sc := &Scan{
		program: g, Variables: variables, memory: map[memoryKey]int32{}, ends: map[endKey]scanned{},
		maps: map[unsafe.Pointer]int32{}, boxes: map[boxKey]int32{}, reading: -1,
	}
	for i, v := range variables {
		value := reflect.ValueOf(v.Pointer)
		l, n := g.layouts.Run(value.Type().Elem())
		root := int32(-1)
		if l.Size > 0 && n > 0 {
			root = sc.addMemory(value.UnsafePointer(), l, n)
			sc.nodes[root].root = int32(i)
		}
		sc.roots = append(sc.roots, root)
	}
	for i := 0; i < len(sc.nodes); i++ {
		sc.follow(int32(i))
	}
	sc.merge()
	return sc
}

func (sc *Scan) add(n node) int32 {
	i := int32(len(sc.nodes))
	n.from, n.at, n.root, n.set = sc.reading, sc.readingAt, -1, i
	sc.nodes = append(sc.nodes, n)
	return i
}

func (sc *Scan) addMemory(p unsafe.Pointer, l *layout.Layout, n int) int32 {
	key := memoryKey{uintptr(p), l, n}
	i, ok := sc.memory[key]
	if !ok {
		i = sc.add(node{kind: nodeMemory, ptr: p, l: l, n: n})
		sc.memory[key] = i
	}
	sc.join(sc.reading, i)
	return i
}

// set finds the representative of a node's set.
func (sc *Scan) setOf(i int32) int32 {
	for sc.nodes[i].set != i {
		sc.nodes[i].set = sc.nodes[sc.nodes[i].set].set
		i = sc.nodes[i].set
	}
	return i
}

func (sc *Scan) join(a, b int32) {
	if a < 0 || b < 0 {
		return
	}
	a, b = sc.setOf(a), sc.setOf(b)
	if a != b {
		sc.nodes[max(a, b)].set = min(a, b)
	}
}

// follow visits the references of a node.
func (sc *Scan) follow(i int32) {
	sc.reading = i
	n := sc.nodes[i]
	switch n.kind {
	case nodeMap:
		k, v := sc.program.layouts.Of(n.typ.Key()), sc.program.layouts.Of(n.typ.Elem())
		for e := range n.n {
			sc.readingAt = uintptr(2 * e)
			k.Each(unsafe.Add(n.keys, uintptr(e)*k.Size), sc.reference)
			sc.readingAt++
			v.Each(unsafe.Add(n.vals, uintptr(e)*v.Size), sc.reference)
		}
	case nodeBox:
		sc.readingAt = 0
		n.l.Each(n.ptr, sc.reference)
	case nodeMemory:
		sc.followMemory(i, n)
	}
}

// followMemory visits each element once, however many slices of one array there are.
func (sc *Scan) followMemory(i int32, n node) {
	if len(n.l.Refs) == 0 {
		return
	}
	low := uintptr(n.ptr)
	high := low + uintptr(n.n)*n.l.Size
	if n.n > 1 {
		key := endKey{high, n.l}
		if done, ok := sc.ends[key]; ok {
			sc.join(i, done.node)
			high = done.low
		}
		if low >= high {
			return
		}
		sc.ends[key] = scanned{low, i}
	}
	size := n.l.Size
	for at := uintptr(0); at < high-low; at += size {
		element := unsafe.Add(n.ptr, at)
		n.l.Each(element, func(r *layout.Ref, p unsafe.Pointer) {
			sc.readingAt = uintptr(p) - low
			sc.reference(r, p)
		})
	}
}

type sliceHeader struct {
	ptr      unsafe.Pointer
	len, cap int
}

// reference follows one reference.
func (sc *Scan) reference(r *layout.Ref, p unsafe.Pointer) {
	switch r.Kind {
	case layout.Pointer:
		sc.pointer(r, *(*unsafe.Pointer)(p))
	case layout.Time:
		if loc := (*(*time3)(p)).loc; loc != nil {
			sc.pointer(r, loc)
		}
	case layout.Slice:
		h := (*sliceHeader)(p)
		l, n := sc.program.layouts.Target(r)
		if h.ptr != nil && h.cap > 0 && n > 0 && l.Size > 0 {
			sc.nodes[sc.addMemory(h.ptr, l, h.cap*n)].list = true
		}
	case layout.String:
		if s := *(*string)(p); len(s) >= mapped.LargeBytes {
			sc.addMemory(unsafe.Pointer(unsafe.StringData(s)), sc.program.layouts.Byte, len(s))
		}
	case layout.Map:
		sc.mapping(r.Type, p)
	case layout.Interface:
		sc.boxed(r, p)
	case layout.Func:
		if code := reflect.NewAt(r.Type, p).Elem().Pointer(); code != 0 {
			if _, ok := funcName(code); !ok {
				sc.obstacle(r.Type, "a closure or method value")
			}
		}
	case layout.Nil:
		if *(*unsafe.Pointer)(p) != nil {
			sc.obstacle(r.Type, "")
		}
	case layout.Idle:
		if !isZero(p, r.Size) {
			what := ""
			if r.Type.PkgPath() == "sync" && (r.Type.Name() == "Mutex" || r.Type.Name() == "RWMutex") {
				what = "locked"
			}
			sc.obstacle(r.Type, what)
		}
	}
}

func (sc *Scan) pointer(r *layout.Ref, p unsafe.Pointer) {
	if p == nil || sc.program.named[uintptr(p)] != "" {
		return
	}
	if strings.HasPrefix(r.Elem.Name(), "_Ctype_") {
		sc.obstacle(r.Type, "memory of C")
		return
	}
	if l, n := sc.program.layouts.Target(r); n > 0 && l.Size > 0 {
		sc.addMemory(p, l, n)
	}
}

// boxed follows the value in an interface.
func (sc *Scan) boxed(r *layout.Ref, p unsafe.Pointer) {
	value := dynamic(r.Type, p)
	if !value.IsValid() {
		return
	}
	t := value.Type()
	if !sc.program.types.Nameable(t) {
		sc.obstacle(t, "unexported in its package")
		return
	}
	l := sc.program.layouts.Of(t)
	switch {
	case len(l.Refs) == 0:
	case l.Nests:
		key := boxKey{dataWord(p), t}
		i, ok := sc.boxes[key]
		if !ok {
			i = sc.add(node{kind: nodeBox, ptr: key.ptr, l: l, n: 1, typ: t})
			sc.boxes[key] = i
		}
		sc.join(sc.reading, i)
	default:
		l.Each(unboxed(value), sc.reference)
	}
}

func (sc *Scan) obstacle(t reflect.Type, what string) {
	sc.obstacles = append(sc.obstacles, obstacle{sc.reading, sc.readingAt, what, t})
}

// dynamic returns the value in an interface variable; it is invalid for a nil interface.
func dynamic(t reflect.Type, p unsafe.Pointer) reflect.Value {
	if t.NumMethod() == 0 {
		return reflect.ValueOf(*(*any)(p))
	}
	return reflect.NewAt(t, p).Elem().Elem()
}

// dataWord is the second word of an interface: the address of its value, if that is not a single pointer. Package reflect
// rests on the same.
func dataWord(p unsafe.Pointer) unsafe.Pointer { return (*[2]unsafe.Pointer)(p)[1] }

// unboxed copies a value to memory that can be read by its layout.
func unboxed(v reflect.Value) unsafe.Pointer {
	copied := reflect.New(v.Type())
	copied.Elem().Set(v)
	return copied.UnsafePointer()
}

func isZero(p unsafe.Pointer, size uintptr) bool {
	for _, b := range unsafe.Slice((*byte)(p), size) {
		if b != 0 {
			return false
		}
	}
	return true
}

// time3 is the layout of time.Time, which TestTime checks.
type time3 struct {
	wall uint64
	ext  int64
	loc  unsafe.Pointer
}

// funcName returns the name of a function that is declared at the top level of a package, and whether it is one that other
// programs can name. Closures have names such as main.f.func1, method values main.T.m-fm.
func funcName(code uintptr) (string, bool) {
	f := runtime.FuncForPC(code)
	if f == nil || f.Entry() != code {
		return "", false
	}
	full := f.Name()
	pkg, name, ok := strings.Cut(full[strings.LastIndexByte(full, '/')+1:], ".")
	if !ok || name == "init" {
		return full, false
	}
	for i, c := range name {
		if c != '_' && !unicode.IsLetter(c) && (i == 0 || !unicode.IsDigit(c)) {
			return full, false
		}
	}
	first, _ := utf8.DecodeRuneInString(name)
	return full, pkg == "main" || unicode.IsUpper(first)
}

package keep

import (
	"reflect"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"
	"unsafe"
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
	l    *layout
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
	l   *layout
	n   int
}

type endKey struct {
	end uintptr
	l   *layout
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

// scan finds what can be reached from variables.
type scan struct {
	store     *Store
	variables []Variable
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

func (s *Store) scan(variables []Variable) *scan {
	sc := &scan{
		store: s, variables: variables, memory: map[memoryKey]int32{}, ends: map[endKey]scanned{},
		maps: map[unsafe.Pointer]int32{}, boxes: map[boxKey]int32{}, reading: -1,
	}
	for i, v := range variables {
		value := reflect.ValueOf(v.Pointer)
		l, n := s.layouts.run(value.Type().Elem())
		root := int32(-1)
		if l.size > 0 && n > 0 {
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

func (sc *scan) add(n node) int32 {
	i := int32(len(sc.nodes))
	n.from, n.at, n.root, n.set = sc.reading, sc.readingAt, -1, i
	sc.nodes = append(sc.nodes, n)
	return i
}

func (sc *scan) addMemory(p unsafe.Pointer, l *layout, n int) int32 {
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
func (sc *scan) setOf(i int32) int32 {
	for sc.nodes[i].set != i {
		sc.nodes[i].set = sc.nodes[sc.nodes[i].set].set
		i = sc.nodes[i].set
	}
	return i
}

func (sc *scan) join(a, b int32) {
	if a < 0 || b < 0 {
		return
	}
	a, b = sc.setOf(a), sc.setOf(b)
	if a != b {
		sc.nodes[max(a, b)].set = min(a, b)
	}
}

// follow visits the references of a node.
func (sc *scan) follow(i int32) {
	sc.reading = i
	n := sc.nodes[i]
	switch n.kind {
	case nodeMap:
		k, v := sc.store.layouts.of(n.typ.Key()), sc.store.layouts.of(n.typ.Elem())
		for e := range n.n {
			sc.readingAt = uintptr(2 * e)
			k.each(unsafe.Add(n.keys, uintptr(e)*k.size), sc.reference)
			sc.readingAt++
			v.each(unsafe.Add(n.vals, uintptr(e)*v.size), sc.reference)
		}
	case nodeBox:
		sc.readingAt = 0
		n.l.each(n.ptr, sc.reference)
	case nodeMemory:
		sc.followMemory(i, n)
	}
}

// followMemory visits each element once, however many slices of one array there are.
func (sc *scan) followMemory(i int32, n node) {
	if len(n.l.refs) == 0 {
		return
	}
	low := uintptr(n.ptr)
	high := low + uintptr(n.n)*n.l.size
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
	size := n.l.size
	for at := uintptr(0); at < high-low; at += size {
		element := unsafe.Add(n.ptr, at)
		n.l.each(element, func(r *ref, p unsafe.Pointer) {
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
func (sc *scan) reference(r *ref, p unsafe.Pointer) {
	switch r.kind {
	case refPointer:
		sc.pointer(r, *(*unsafe.Pointer)(p))
	case refTime:
		if loc := (*(*time3)(p)).loc; loc != nil {
			sc.pointer(r, loc)
		}
	case refSlice:
		h := (*sliceHeader)(p)
		l, n := sc.store.layouts.target(r)
		if h.ptr != nil && h.cap > 0 && n > 0 && l.size > 0 {
			sc.nodes[sc.addMemory(h.ptr, l, h.cap*n)].list = true
		}
	case refString:
		if s := *(*string)(p); len(s) >= LargeBytes {
			sc.addMemory(unsafe.Pointer(unsafe.StringData(s)), sc.store.layouts.byte, len(s))
		}
	case refMap:
		sc.mapping(r.typ, p)
	case refInterface:
		sc.boxed(r, p)
	case refFunc:
		if code := reflect.NewAt(r.typ, p).Elem().Pointer(); code != 0 {
			if _, ok := funcName(code); !ok {
				sc.obstacle(r.typ, "a closure or method value")
			}
		}
	case refNil:
		if *(*unsafe.Pointer)(p) != nil {
			sc.obstacle(r.typ, "")
		}
	case refIdle:
		if !isZero(p, r.size) {
			what := ""
			if r.typ.PkgPath() == "sync" && (r.typ.Name() == "Mutex" || r.typ.Name() == "RWMutex") {
				what = "locked"
			}
			sc.obstacle(r.typ, what)
		}
	}
}

func (sc *scan) pointer(r *ref, p unsafe.Pointer) {
	if p == nil || sc.store.named[uintptr(p)] != "" {
		return
	}
	if strings.HasPrefix(r.elem.Name(), "_Ctype_") {
		sc.obstacle(r.typ, "memory of C")
		return
	}
	if l, n := sc.store.layouts.target(r); n > 0 && l.size > 0 {
		sc.addMemory(p, l, n)
	}
}

// boxed follows the value in an interface.
func (sc *scan) boxed(r *ref, p unsafe.Pointer) {
	value := dynamic(r.typ, p)
	if !value.IsValid() {
		return
	}
	t := value.Type()
	if !sc.store.types.nameable(t) {
		sc.obstacle(t, "unexported in its package")
		return
	}
	l := sc.store.layouts.of(t)
	switch {
	case len(l.refs) == 0:
	case l.nests:
		key := boxKey{dataWord(p), t}
		i, ok := sc.boxes[key]
		if !ok {
			i = sc.add(node{kind: nodeBox, ptr: key.ptr, l: l, n: 1, typ: t})
			sc.boxes[key] = i
		}
		sc.join(sc.reading, i)
	default:
		l.each(unboxed(value), sc.reference)
	}
}

func (sc *scan) obstacle(t reflect.Type, what string) {
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

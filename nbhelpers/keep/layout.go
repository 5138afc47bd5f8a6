package keep

import (
	"reflect"
	"strings"
	"unsafe"
)

// layout is how the values of a type lie in memory: plain bytes, and references between them.
type layout struct {
	typ    reflect.Type
	size   uintptr
	spans  []span    // plain bytes, without padding
	bools  []uintptr // which of them are booleans, where a byte must be 0 or 1
	refs   []ref     // the rest
	plain  bool      // it is one span
	flat   bool      // it can be mapped: any bytes are a value
	nests  bool      // it has an interface, which may hold a value that has an interface
	least  int       // the fewest bytes that an element takes encoded
	fields []field   // of a struct, once it was asked for
}

type span struct{ at, size uintptr }

type field struct {
	at, size uintptr
	typ      reflect.Type
}

type refKind uint8

const (
	refPointer refKind = iota
	refSlice
	refString
	refMap
	refInterface
	refFunc
	refNil   // must be nil
	refIdle  // must be zero
	refTime  // time.Time
	refArray // elements that are no plain bytes
)

// ref is a reference inside a value.
type ref struct {
	kind refKind
	at   uintptr
	size uintptr
	typ  reflect.Type // of the reference itself
	elem reflect.Type // of what a pointer or slice refers to
	to   *layout      // the same without arrays, once it was asked for; of refArray, the elements
	n    int          // how many of to an elem has
}

// layouts computes each layout once.
type layouts struct {
	all  map[reflect.Type]*layout
	same map[[2]*layout]bool
	byte *layout
}

func newLayouts() *layouts {
	c := &layouts{all: map[reflect.Type]*layout{}, same: map[[2]*layout]bool{}}
	c.byte = c.of(reflect.TypeFor[byte]())
	return c
}

func (c *layouts) of(t reflect.Type) *layout {
	if l := c.all[t]; l != nil {
		return l
	}
	l := &layout{typ: t, size: t.Size()}
	c.all[t] = l
	c.add(l, t, 0)
	l.plain = len(l.refs) == 0 && len(l.bools) == 0 && len(l.spans) == 1 && l.spans[0].size == l.size
	l.flat = len(l.refs) == 0 && len(l.bools) == 0 && l.size > 0
	for _, s := range l.spans {
		l.least += int(s.size)
	}
	for i := range l.refs {
		r := &l.refs[i]
		switch r.kind {
		case refArray:
			l.least += r.n * r.to.least
			l.nests = l.nests || r.to.nests
		case refInterface:
			l.nests = true
			l.least++
		case refTime:
			l.least += 3
		default:
			l.least++
		}
	}
	return l
}

// run takes arrays apart: n elements of a type that is no array.
func (c *layouts) run(t reflect.Type) (*layout, int) {
	n := 1
	for t.Kind() == reflect.Array {
		n *= t.Len()
		t = t.Elem()
	}
	return c.of(t), n
}

// target returns what a pointer or an element of a slice is.
func (c *layouts) target(r *ref) (*layout, int) {
	if r.to == nil {
		r.to, r.n = c.run(r.elem)
	}
	return r.to, r.n
}

func (c *layouts) add(l *layout, t reflect.Type, at uintptr) {
	if t.Size() == 0 {
		return
	}
	r := ref{at: at, size: t.Size(), typ: t}
	switch t.Kind() {
	case reflect.Bool:
		l.bools = append(l.bools, at)
		l.span(at, t.Size())
		return
	case reflect.Pointer:
		r.kind, r.elem = refPointer, t.Elem()
	case reflect.Slice:
		r.kind, r.elem = refSlice, t.Elem()
	case reflect.String:
		r.kind = refString
	case reflect.Map:
		r.kind = refMap
	case reflect.Interface:
		r.kind = refInterface
	case reflect.Func:
		r.kind = refFunc
	case reflect.Chan, reflect.UnsafePointer:
		r.kind = refNil
	case reflect.Struct:
		c.addStruct(l, t, at)
		return
	case reflect.Array:
		c.addArray(l, t, at)
		return
	default:
		l.span(at, t.Size())
		return
	}
	l.refs = append(l.refs, r)
}

func (c *layouts) addStruct(l *layout, t reflect.Type, at uintptr) {
	r := ref{at: at, size: t.Size(), typ: t}
	switch {
	case isBound(t):
		r.kind = refIdle
		l.refs = append(l.refs, r)
	case t == timeType:
		r.kind, r.elem = refTime, t.Field(2).Type.Elem()
		l.refs = append(l.refs, r)
	case isAtomicPointer(t):
		r.kind, r.typ, r.elem = refPointer, t.Field(0).Type.Elem(), t.Field(0).Type.Elem().Elem()
		l.refs = append(l.refs, r)
	default:
		for i := range t.NumField() {
			f := t.Field(i)
			c.add(l, f.Type, at+f.Offset)
		}
	}
}

func (c *layouts) addArray(l *layout, t reflect.Type, at uintptr) {
	base, n := c.run(t)
	switch {
	case base.plain:
		l.span(at, t.Size())
	case n == 1:
		c.add(l, base.typ, at)
	default:
		l.refs = append(l.refs, ref{kind: refArray, at: at, size: t.Size(), typ: t, to: base, n: n})
	}
}

func (l *layout) span(at, size uintptr) {
	if n := len(l.spans); n > 0 && l.spans[n-1].at+l.spans[n-1].size == at {
		l.spans[n-1].size += size
		return
	}
	l.spans = append(l.spans, span{at, size})
}

// each visits the references of a value, those in arrays included.
func (l *layout) each(p unsafe.Pointer, visit func(r *ref, at unsafe.Pointer)) {
	for i := range l.refs {
		r := &l.refs[i]
		at := unsafe.Add(p, r.at)
		if r.kind != refArray {
			visit(r, at)
			continue
		}
		for j := range r.n {
			r.to.each(unsafe.Add(at, uintptr(j)*r.to.size), visit)
		}
	}
}

// holds says whether k elements of want lie at an offset in n elements of l, by the rules of Go: as elements, or as a field
// or an array in one element.
func (c *layouts) holds(l *layout, n int, at uintptr, want *layout, k int) bool {
	if l.size == 0 || n <= 0 || k <= 0 || at >= uintptr(n)*l.size {
		return false
	}
	if c.alike(l, want) {
		return at%l.size == 0 && uintptr(k) <= uintptr(n)-at/l.size
	}
	at %= l.size
	if uintptr(k) > l.size { // want.size is at least 1
		return false
	}
	for _, f := range l.structFields() {
		if f.at <= at && at < f.at+f.size {
			inner, m := c.run(f.typ)
			return c.holds(inner, m, at-f.at, want, k)
		}
	}
	return false
}

// alike says whether a pointer to the one may be converted to a pointer to the other.
func (c *layouts) alike(a, b *layout) bool {
	if a == b {
		return true
	}
	if a.size != b.size || a.typ.Kind() != b.typ.Kind() {
		return false
	}
	key := [2]*layout{a, b}
	same, known := c.same[key]
	if !known {
		same = reflect.PointerTo(a.typ).ConvertibleTo(reflect.PointerTo(b.typ))
		c.same[key] = same
	}
	return same
}

func (l *layout) structFields() []field {
	if l.fields == nil && l.typ.Kind() == reflect.Struct {
		l.fields = []field{}
		for i := range l.typ.NumField() {
			if f := l.typ.Field(i); f.Type.Size() > 0 {
				l.fields = append(l.fields, field{f.Offset, f.Type.Size(), f.Type})
			}
		}
	}
	return l.fields
}

// isBound names the types whose values mean something in their process alone, unless they are zero.
func isBound(t reflect.Type) bool {
	name, _, _ := strings.Cut(t.Name(), "[")
	switch t.PkgPath() {
	case "sync":
		return name == "Mutex" || name == "RWMutex" || name == "WaitGroup" || name == "Cond" || name == "Pool" || name == "Map"
	case "internal/sync":
		return name == "Mutex" || name == "HashTrieMap"
	case "os":
		return name == "file" || name == "Process" || name == "Root" || name == "root"
	case "internal/poll":
		return name == "FD"
	case "net":
		return name == "netFD"
	case "reflect":
		return name == "rtype" || name == "Value"
	case "internal/abi", "runtime", "internal/runtime/maps", "plugin":
		return true
	case "unique":
		return name == "Handle"
	case "hash/maphash":
		return name == "Seed" || name == "Hash"
	case "time":
		return name == "Timer" || name == "Ticker"
	}
	return false
}

func isAtomicPointer(t reflect.Type) bool {
	return t.PkgPath() == "sync/atomic" && strings.HasPrefix(t.Name(), "Pointer[") && t.NumField() == 3 &&
		t.Field(0).Type.Kind() == reflect.Array && t.Field(2).Type.Kind() == reflect.UnsafePointer && t.Field(2).Offset == 0
}

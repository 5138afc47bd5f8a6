// Package layout knows how the values of a type lie in memory.
package layout

import (
	"reflect"
	"strings"
	"time"
	"unsafe"
)

var timeType = reflect.TypeFor[time.Time]()

// A Layout is how the values of a type lie in memory: plain bytes, and references between them.
type Layout struct {
	Type   reflect.Type
	Size   uintptr
	Spans  []Span    // plain bytes, without padding
	Bools  []uintptr // which of them are booleans, where a byte must be 0 or 1
	Refs   []Ref     // the rest
	Plain  bool      // it is one span
	Flat   bool      // it can be mapped: any bytes are a value
	Nests  bool      // it has an interface, which may hold a value that has an interface
	Least  int       // the fewest bytes that an element takes encoded
	fields []field   // of a struct, once it was asked for
}

// A Span is a part of a value.
type Span struct{ At, Size uintptr }

type field struct {
	at, size uintptr
	typ      reflect.Type
}

// A Kind is that of a reference.
type Kind uint8

// The kinds of references.
const (
	Pointer Kind = iota
	Slice
	String
	Map
	Interface
	Func
	Nil   // must be nil
	Idle  // must be zero
	Time  // time.Time
	Array // elements that are no plain bytes
)

// A Ref is a reference inside a value.
type Ref struct {
	Kind Kind
	At   uintptr
	Size uintptr
	Type reflect.Type // of the reference itself
	Elem reflect.Type // of what a pointer or slice refers to
	To   *Layout      // the same without arrays, once it was asked for; of Array, the elements
	N    int          // how many of to an elem has
}

// A Cache computes each layout once.
type Cache struct {
	all  map[reflect.Type]*Layout
	same map[[2]*Layout]bool
	Byte *Layout // of the type byte
}

// New returns an empty cache.
func New() *Cache {
	c := &Cache{all: map[reflect.Type]*Layout{}, same: map[[2]*Layout]bool{}}
	c.Byte = c.Of(reflect.TypeFor[byte]())
	return c
}

// Of is the layout of a type.
func (c *Cache) Of(t reflect.Type) *Layout {
	if l := c.all[t]; l != nil {
		return l
	}
	l := &Layout{Type: t, Size: t.Size()}
	c.all[t] = l
	c.add(l, t, 0)
	l.Plain = len(l.Refs) == 0 && len(l.Bools) == 0 && len(l.Spans) == 1 && l.Spans[0].Size == l.Size
	l.Flat = len(l.Refs) == 0 && len(l.Bools) == 0 && l.Size > 0
	for _, s := range l.Spans {
		l.Least += int(s.Size)
	}
	for i := range l.Refs {
		r := &l.Refs[i]
		switch r.Kind {
		case Array:
			l.Least += r.N * r.To.Least
			l.Nests = l.Nests || r.To.Nests
		case Interface:
			l.Nests = true
			l.Least++
		case Time:
			l.Least += 3
		default:
			l.Least++
		}
	}
	return l
}

// Run takes arrays apart: n elements of a type that is no array.
func (c *Cache) Run(t reflect.Type) (*Layout, int) {
	n := 1
	for t.Kind() == reflect.Array {
		n *= t.Len()
		t = t.Elem()
	}
	return c.Of(t), n
}

// Target returns what a pointer or an element of a slice is.
func (c *Cache) Target(r *Ref) (*Layout, int) {
	if r.To == nil {
		r.To, r.N = c.Run(r.Elem)
	}
	return r.To, r.N
}

func (c *Cache) add(l *Layout, t reflect.Type, at uintptr) {
	if t.Size() == 0 {
		return
	}
	r := Ref{At: at, Size: t.Size(), Type: t}
	switch t.Kind() {
	case reflect.Bool:
		l.Bools = append(l.Bools, at)
		l.span(at, t.Size())
		return
	case reflect.Pointer:
		r.Kind, r.Elem = Pointer, t.Elem()
	case reflect.Slice:
		r.Kind, r.Elem = Slice, t.Elem()
	case reflect.String:
		r.Kind = String
	case reflect.Map:
		r.Kind = Map
	case reflect.Interface:
		r.Kind = Interface
	case reflect.Func:
		r.Kind = Func
	case reflect.Chan, reflect.UnsafePointer:
		r.Kind = Nil
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
	l.Refs = append(l.Refs, r)
}

func (c *Cache) addStruct(l *Layout, t reflect.Type, at uintptr) {
	r := Ref{At: at, Size: t.Size(), Type: t}
	switch {
	case isBound(t):
		r.Kind = Idle
		l.Refs = append(l.Refs, r)
	case t == timeType:
		r.Kind, r.Elem = Time, t.Field(2).Type.Elem()
		l.Refs = append(l.Refs, r)
	case isAtomicPointer(t):
		r.Kind, r.Type, r.Elem = Pointer, t.Field(0).Type.Elem(), t.Field(0).Type.Elem().Elem()
		l.Refs = append(l.Refs, r)
	default:
		for i := range t.NumField() {
			f := t.Field(i)
			c.add(l, f.Type, at+f.Offset)
		}
	}
}

func (c *Cache) addArray(l *Layout, t reflect.Type, at uintptr) {
	base, n := c.Run(t)
	switch {
	case base.Plain:
		l.span(at, t.Size())
	case n == 1:
		c.add(l, base.Type, at)
	default:
		l.Refs = append(l.Refs, Ref{Kind: Array, At: at, Size: t.Size(), Type: t, To: base, N: n})
	}
}

func (l *Layout) span(at, size uintptr) {
	if n := len(l.Spans); n > 0 && l.Spans[n-1].At+l.Spans[n-1].Size == at {
		l.Spans[n-1].Size += size
		return
	}
	l.Spans = append(l.Spans, Span{at, size})
}

// Each visits the references of a value, those in arrays included.
func (l *Layout) Each(p unsafe.Pointer, visit func(r *Ref, at unsafe.Pointer)) {
	for i := range l.Refs {
		r := &l.Refs[i]
		at := unsafe.Add(p, r.At)
		if r.Kind != Array {
			visit(r, at)
			continue
		}
		for j := range r.N {
			r.To.Each(unsafe.Add(at, uintptr(j)*r.To.Size), visit)
		}
	}
}

// Holds says whether k elements of want lie at an offset in n elements of l, by the rules of Go: as elements, or as a field
// or an array in one element.
func (c *Cache) Holds(l *Layout, n int, at uintptr, want *Layout, k int) bool {
	if l.Size == 0 || n <= 0 || k <= 0 || at >= uintptr(n)*l.Size {
		return false
	}
	if c.Alike(l, want) {
		return at%l.Size == 0 && uintptr(k) <= uintptr(n)-at/l.Size
	}
	at %= l.Size
	if uintptr(k) > l.Size { // want.size is at least 1
		return false
	}
	for _, f := range l.structFields() {
		if f.at <= at && at < f.at+f.size {
			inner, m := c.Run(f.typ)
			return c.Holds(inner, m, at-f.at, want, k)
		}
	}
	return false
}

// Alike says whether a pointer to the one may be converted to a pointer to the other.
func (c *Cache) Alike(a, b *Layout) bool {
	if a == b {
		return true
	}
	if a.Size != b.Size || a.Type.Kind() != b.Type.Kind() {
		return false
	}
	key := [2]*Layout{a, b}
	same, known := c.same[key]
	if !known {
		same = reflect.PointerTo(a.Type).ConvertibleTo(reflect.PointerTo(b.Type))
		c.same[key] = same
	}
	return same
}

func (l *Layout) structFields() []field {
	if l.fields == nil && l.Type.Kind() == reflect.Struct {
		l.fields = []field{}
		for i := range l.Type.NumField() {
			if f := l.Type.Field(i); f.Type.Size() > 0 {
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

package keep

import (
	"encoding/binary"
	"maps"
	"reflect"
	"slices"
	"time"
	"unsafe"
)

// boxed encodes the value in an interface: its type, and then the value, or the number of its box.
func (e *encoder) boxed(b *buffer, r *ref, p unsafe.Pointer) {
	value := dynamic(r.typ, p)
	if !value.IsValid() {
		b.count(refersNil)
		return
	}
	t := value.Type()
	if _, known := e.types.index[t]; !known || t.Name() != "" {
		e.types.needed(t)
	}
	b.count(e.types.put(t) + 1)
	l := e.sc.store.layouts.of(t)
	if !l.nests {
		e.elements(b, l, unboxed(value), 1)
		return
	}
	i, ok := e.sc.boxes[boxKey{dataWord(p), t}]
	if !ok {
		failf("a value changed while it was saved: no goroutine may change variables at the end of a cell")
	}
	b.count(e.box(i, t))
}

// box returns the number of a box, from 0. Those inside it come first.
func (e *encoder) box(i int32, t reflect.Type) int {
	if id, ok := e.boxes[i]; ok {
		return id
	}
	if e.nesting++; e.nesting > maxNesting {
		failf("interfaces are nested more than %d deep", maxNesting)
	}
	content := buffer{limit: e.limit}
	n := e.sc.nodes[i]
	e.elements(&content, n.l, n.ptr, 1)
	e.nesting--
	id := len(e.boxes)
	e.boxes[i] = id
	e.boxHeads.count(e.types.put(t))
	e.boxHeads.count(len(content.data))
	e.boxBody.bytes(content.data)
	e.boxBody.bounded()
	return id
}

// time encodes a time.Time without its monotonic reading.
func (e *encoder) time(b *buffer, r *ref, p unsafe.Pointer) {
	rounded := (*(*time.Time)(p)).Round(0)
	raw := (*time3)(unsafe.Pointer(&rounded))
	b.number(raw.wall)
	b.data = binary.AppendVarint(b.data, raw.ext)
	e.pointer(b, r, raw.loc)
}

func sortedKeys(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }

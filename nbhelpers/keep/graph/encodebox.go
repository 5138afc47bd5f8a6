package graph

import (
	"encoding/binary"
	"maps"
	"reflect"
	"slices"
	"time"
	"unsafe"

	"github.com/headstart-nb/headstart/nbhelpers/keep/layout"
	"github.com/headstart-nb/headstart/nbhelpers/keep/pack"
)

// boxed encodes the value in an interface: its type, and then the value, or the number of its box.
func (e *encoder) boxed(b *pack.Buffer, r *layout.Ref, p unsafe.Pointer) {
	value := dynamic(r.Type, p)
	if !value.IsValid() {
		b.Count(refersNil)
		return
	}
	t := value.Type()
	if !e.types.Has(t) || t.Name() != "" {
		e.types.Needed(t)
	}
	b.Count(e.types.Put(t) + 1)
	l := e.sc.program.layouts.Of(t)
	if !l.Nests {
		e.elements(b, l, unboxed(value), 1)
		return
	}
	i, ok := e.sc.boxes[boxKey{dataWord(p), t}]
	if !ok {
		pack.Failf("a value changed while it was saved: no goroutine may change variables at the end of a cell")
	}
	b.Count(e.box(i, t))
}

// box returns the number of a box, from 0. Those inside it come first.
func (e *encoder) box(i int32, t reflect.Type) int {
	if id, ok := e.boxes[i]; ok {
		return id
	}
	if e.nesting++; e.nesting > maxNesting {
		pack.Failf("interfaces are nested more than %d deep", maxNesting)
	}
	content := pack.Buffer{Limit: e.limit}
	n := e.sc.nodes[i]
	e.elements(&content, n.l, n.ptr, 1)
	e.nesting--
	id := len(e.boxes)
	e.boxes[i] = id
	e.boxHeads.Count(e.types.Put(t))
	e.boxHeads.Count(len(content.Data))
	e.boxBody.Bytes(content.Data)
	e.boxBody.Bounded()
	return id
}

// time encodes a time.Time without its monotonic reading.
func (e *encoder) time(b *pack.Buffer, r *layout.Ref, p unsafe.Pointer) {
	rounded := (*(*time.Time)(p)).Round(0)
	raw := (*time3)(unsafe.Pointer(&rounded))
	b.Number(raw.wall)
	b.Data = binary.AppendVarint(b.Data, raw.ext)
	e.pointer(b, r, raw.loc)
}

func sortedKeys(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }

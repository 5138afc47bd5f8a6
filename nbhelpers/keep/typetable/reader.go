package typetable

import (
	"reflect"

	"github.com/headstart-nb/headstart/nbhelpers/keep/pack"
)

// A Reader is the table of types of a file. An entry is looked for once it is needed: a program need not know the types
// of variables that it does not load.
type Reader struct {
	registry *Registry
	entries  []typeEntry
}

type typeEntry struct {
	kind   byte
	name   string
	print  uint64
	length int
	key    int
	elem   int
	depth  int
	typ    reflect.Type
}

// Read reads a table.
func Read(p *pack.Parser, g *Registry) *Reader {
	n := p.Count()
	if n > maxTypes {
		pack.Failf("damaged: %d types", n)
	}
	t := &Reader{registry: g}
	for i := range n {
		e := typeEntry{kind: p.Bytes(1)[0]}
		switch e.kind {
		case typeNamed:
			e.name, e.print = p.Text(), p.Number()
		case typePointer, typeSlice:
			e.elem = p.Index(i)
		case typeArray:
			e.length, e.elem = p.Size(), p.Index(i)
		case typeMap:
			e.key, e.elem = p.Index(i), p.Index(i)
			e.depth = t.entries[e.key].depth
		default:
			pack.Failf("damaged: a type of kind %d", e.kind)
		}
		if e.kind != typeNamed {
			e.depth = max(e.depth, t.entries[e.elem].depth) + 1
		}
		if e.depth > maxTypeDepth {
			pack.Failf("damaged: a type of depth %d", e.depth)
		}
		t.entries = append(t.entries, e)
	}
	return t
}

// Len is the number of entries.
func (t *Reader) Len() int { return len(t.entries) }

// Get returns the program's type for an entry.
func (t *Reader) Get(i int) reflect.Type {
	e := &t.entries[i]
	if e.typ != nil {
		return e.typ
	}
	switch e.kind {
	case typeNamed:
		found, err := t.registry.find(e.name, e.print)
		if err != nil {
			pack.Fail(err)
		}
		e.typ = found
	case typePointer:
		e.typ = reflect.PointerTo(t.Get(e.elem))
	case typeSlice:
		e.typ = reflect.SliceOf(t.Get(e.elem))
	case typeArray:
		elem := t.Get(e.elem)
		if size := int(elem.Size()); e.length > maxArray || size > 0 && e.length > maxArray/size {
			pack.Failf("an array of %d %s is too large for an interface", e.length, elem)
		}
		e.typ = reflect.ArrayOf(e.length, elem)
	case typeMap:
		key := t.Get(e.key)
		if !key.Comparable() {
			pack.Failf("damaged: a map with keys of type %s", key)
		}
		e.typ = reflect.MapOf(key, t.Get(e.elem))
	}
	return e.typ
}

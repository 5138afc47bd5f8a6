package keep

import "reflect"

// typeReader is the table of types of a file. An entry is looked for once it is needed: a program need not know the types
// of variables that it does not load.
type typeReader struct {
	registry *registry
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

func readTypes(p *parser, g *registry) *typeReader {
	n := p.count()
	if n > maxTypes {
		failf("damaged: %d types", n)
	}
	t := &typeReader{registry: g}
	for i := range n {
		e := typeEntry{kind: p.bytes(1)[0]}
		switch e.kind {
		case typeNamed:
			e.name, e.print = p.text(), p.number()
		case typePointer, typeSlice:
			e.elem = p.index(i)
		case typeArray:
			e.length, e.elem = p.size(), p.index(i)
		case typeMap:
			e.key, e.elem = p.index(i), p.index(i)
			e.depth = t.entries[e.key].depth
		default:
			failf("damaged: a type of kind %d", e.kind)
		}
		if e.kind != typeNamed {
			e.depth = max(e.depth, t.entries[e.elem].depth) + 1
		}
		if e.depth > maxTypeDepth {
			failf("damaged: a type of depth %d", e.depth)
		}
		t.entries = append(t.entries, e)
	}
	return t
}

// get returns the program's type for an entry.
func (t *typeReader) get(i int) reflect.Type {
	e := &t.entries[i]
	if e.typ != nil {
		return e.typ
	}
	switch e.kind {
	case typeNamed:
		found, err := t.registry.find(e.name, e.print)
		if err != nil {
			fail(err)
		}
		e.typ = found
	case typePointer:
		e.typ = reflect.PointerTo(t.get(e.elem))
	case typeSlice:
		e.typ = reflect.SliceOf(t.get(e.elem))
	case typeArray:
		elem := t.get(e.elem)
		if size := int(elem.Size()); e.length > maxArray || size > 0 && e.length > maxArray/size {
			failf("an array of %d %s is too large for an interface", e.length, elem)
		}
		e.typ = reflect.ArrayOf(e.length, elem)
	case typeMap:
		key := t.get(e.key)
		if !key.Comparable() {
			failf("damaged: a map with keys of type %s", key)
		}
		e.typ = reflect.MapOf(key, t.get(e.elem))
	}
	return e.typ
}

package typetable

import (
	"maps"
	"reflect"
	"slices"

	"github.com/headstart-nb/headstart/nbhelpers/keep/pack"
)

// The kinds of entries in a file's table of types.
const (
	typeNamed   = 'n' // name, fingerprint: also structs, functions and interfaces without a name
	typePointer = 'p' // entry
	typeSlice   = 's' // entry
	typeArray   = 'a' // length, entry
	typeMap     = 'm' // entries of key and element
)

// maxTypes bounds a file's table, and maxTypeDepth how many [] and * one type has: more is no program's.
const (
	maxTypes     = 4096
	maxTypeDepth = 64
	maxArray     = 1 << 30 // bytes of an array type that the program does not mention itself
)

// A Writer makes the table of types of a file.
type Writer struct {
	registry *Registry
	index    map[reflect.Type]int
	table    pack.Buffer
	dynamic  map[string]bool // named types that values in interfaces need
}

// NewWriter returns an empty table.
func NewWriter(g *Registry) *Writer {
	return &Writer{registry: g, index: map[reflect.Type]int{}, dynamic: map[string]bool{}}
}

// Has says whether a type is in the table.
func (w *Writer) Has(t reflect.Type) bool {
	_, ok := w.index[t]
	return ok
}

// Write writes the table.
func (w *Writer) Write(b *pack.Buffer) {
	b.Count(len(w.index))
	b.Bytes(w.table.Data)
}

// Names are those of the dynamic types that a program has to know.
func (w *Writer) Names() []string { return slices.Sorted(maps.Keys(w.dynamic)) }

// Put returns the entry of a type.
func (w *Writer) Put(t reflect.Type) int {
	if i, ok := w.index[t]; ok {
		return i
	}
	entry := pack.Buffer{}
	switch {
	case t.Name() != "":
		entry.Bytes([]byte{typeNamed})
		entry.Text(Name(t))
		entry.Number(w.registry.fingerprint(t))
	case t.Kind() == reflect.Pointer:
		entry.Bytes([]byte{typePointer})
		entry.Count(w.Put(t.Elem()))
	case t.Kind() == reflect.Slice:
		entry.Bytes([]byte{typeSlice})
		entry.Count(w.Put(t.Elem()))
	case t.Kind() == reflect.Array:
		entry.Bytes([]byte{typeArray})
		entry.Count(t.Len())
		entry.Count(w.Put(t.Elem()))
	case t.Kind() == reflect.Map:
		key, elem := w.Put(t.Key()), w.Put(t.Elem())
		entry.Bytes([]byte{typeMap})
		entry.Count(key)
		entry.Count(elem)
	default:
		entry.Bytes([]byte{typeNamed})
		entry.Text(Name(t))
		entry.Number(w.registry.fingerprint(t))
	}
	i := len(w.index)
	if i >= maxTypes {
		pack.Failf("more than %d types in one group of variables", maxTypes)
	}
	w.index[t] = i
	w.table.Bytes(entry.Data)
	return i
}

// Needed collects the names of a dynamic type that a program has to know.
func (w *Writer) Needed(t reflect.Type) {
	switch {
	case t.Name() != "":
		if t.PkgPath() != "" && !slices.Contains(w.registry.builtin(), t) {
			w.dynamic[Name(t)] = true
		}
	case t.Kind() == reflect.Map:
		w.Needed(t.Key())
		w.Needed(t.Elem())
	case t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array:
		w.Needed(t.Elem())
	case !slices.Contains(w.registry.builtin(), t): // a struct, a function or an interface without a name
		w.dynamic[t.String()] = true
	}
}

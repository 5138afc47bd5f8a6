// Package typetable names the types of values, so that another program finds its own types for them.
package typetable

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"
)

// An UnknownError is a type or function that this program does not have. Another program may have it.
type UnknownError struct{ What string }

func (e *UnknownError) Error() string {
	return "this program does not know " + e.What + ", which the value has; the value stays kept"
}

// A ChangedError is a type with another structure than the kept value's.
type ChangedError struct{ Name string }

func (e *ChangedError) Error() string {
	return "type " + e.Name + " has changed since the value was kept; the value is dropped"
}

// A Registry finds types by name.
type Registry struct {
	dir     string // of the store
	always  []reflect.Type
	sources []reflect.Type
	byName  map[string][]reflect.Type
	seen    map[reflect.Type]bool
	prints  map[reflect.Type]uint64
	known   map[reflect.Type]bool // whether a program can name it
}

// NewRegistry returns a registry with some types, for values that are kept in a folder.
func NewRegistry(dir string, types []reflect.Type) *Registry {
	return &Registry{dir: dir, sources: slices.Clone(types)}
}

// Add makes types known, and those that they mention.
func (g *Registry) Add(types ...reflect.Type) {
	g.sources = append(g.sources, types...)
	g.known = nil
}

// Name is unique for named types, but for those declared in functions.
func Name(t reflect.Type) string {
	if t.Name() == "" || t.PkgPath() == "" {
		return t.String()
	}
	return t.PkgPath() + "." + t.Name()
}

// builtin are the types that need no mention: the predeclared ones, and common ones that the standard library returns in
// interfaces and keeps unexported: those of errors, of fs.FileInfo and of fs.DirEntry.
func (g *Registry) builtin() []reflect.Type {
	if g.always != nil {
		return g.always
	}
	wrapped := errors.New("")
	types := []reflect.Type{
		reflect.TypeFor[bool](), reflect.TypeFor[string](), reflect.TypeFor[error](), reflect.TypeFor[uintptr](),
		reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[int16](), reflect.TypeFor[int32](), reflect.TypeFor[int64](),
		reflect.TypeFor[uint](), reflect.TypeFor[uint8](), reflect.TypeFor[uint16](), reflect.TypeFor[uint32](), reflect.TypeFor[uint64](),
		reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[complex64](), reflect.TypeFor[complex128](),
		reflect.TypeFor[any](), reflect.TypeFor[time.Duration](), reflect.TypeFor[time.Month](), reflect.TypeFor[time.Weekday](), reflect.TypeFor[time.Time](),
		reflect.TypeFor[fs.PathError](), reflect.TypeFor[os.LinkError](), reflect.TypeFor[os.SyscallError](),
		reflect.TypeFor[syscall.Errno](), reflect.TypeFor[strconv.NumError](), reflect.TypeFor[os.File](),
	}
	for _, err := range []error{wrapped, errors.Join(wrapped), fmt.Errorf("%w", wrapped), fmt.Errorf("%w %w", wrapped, wrapped)} {
		types = append(types, reflect.TypeOf(err).Elem())
	}
	if info, err := os.Lstat(g.dir); err == nil {
		types = append(types, indirect(info))
	}
	entries, err := os.ReadDir(g.dir)
	if err == nil && len(entries) == 0 { // before the first lock
		entries, err = os.ReadDir(filepath.Dir(g.dir))
	}
	if err == nil && len(entries) > 0 {
		types = append(types, indirect(entries[0]))
	}
	g.always = types
	return types
}

func indirect(v any) reflect.Type {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// candidates are the types of a name.
func (g *Registry) candidates(name string) []reflect.Type {
	if g.byName == nil {
		g.byName, g.seen = map[string][]reflect.Type{}, map[reflect.Type]bool{}
		for _, t := range g.builtin() {
			g.visit(t)
		}
	}
	for _, t := range g.sources {
		g.visit(t)
	}
	g.sources = nil
	return g.byName[name]
}

func (g *Registry) visit(t reflect.Type) {
	if t == nil || g.seen[t] {
		return
	}
	g.seen[t] = true
	name := Name(t)
	g.byName[name] = append(g.byName[name], t)
	switch t.Kind() {
	case reflect.Map:
		g.visit(t.Key())
		g.visit(t.Elem())
	case reflect.Pointer, reflect.Slice, reflect.Array:
		g.visit(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			g.visit(t.Field(i).Type)
		}
	}
}

// find returns the type of a name with a fingerprint.
func (g *Registry) find(name string, print uint64) (reflect.Type, error) {
	candidates := g.candidates(name)
	for _, t := range candidates {
		if g.fingerprint(t) == print {
			return t, nil
		}
	}
	if len(candidates) == 0 {
		return nil, &UnknownError{What: "type " + name}
	}
	return nil, &ChangedError{Name: name}
}

// Nameable says whether a program can be given a dynamic type.
func (g *Registry) Nameable(t reflect.Type) bool {
	can, known := g.known[t]
	if known {
		return can
	}
	switch {
	case t.Name() != "" && t.PkgPath() != "":
		base, _, _ := strings.Cut(t.Name(), "[")
		first, _ := utf8.DecodeRuneInString(base)
		can = t.PkgPath() == "main" || unicode.IsUpper(first) && !internal(t.PkgPath()) || slices.Contains(g.candidates(Name(t)), t)
	case t.Kind() == reflect.Map:
		can = g.Nameable(t.Key()) && g.Nameable(t.Elem())
	case t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array:
		can = g.Nameable(t.Elem())
	default:
		can = true
	}
	if g.known == nil {
		g.known = map[reflect.Type]bool{}
	}
	g.known[t] = can
	return can
}

func internal(pkg string) bool {
	return strings.HasPrefix(pkg, "internal/") || strings.Contains(pkg, "/internal/") || strings.HasSuffix(pkg, "/internal")
}

// fingerprint is a hash of a type's structure, down to predeclared types, with names and offsets. Tags and methods are no
// part of it, nor what functions and methods of interfaces take.
func (g *Registry) fingerprint(t reflect.Type) uint64 {
	if print, ok := g.prints[t]; ok {
		return print
	}
	hash := fnv.New64a()
	hash.Write(describe(nil, t, map[reflect.Type]bool{}))
	if g.prints == nil {
		g.prints = map[reflect.Type]uint64{}
	}
	g.prints[t] = hash.Sum64()
	return g.prints[t]
}

func describe(b []byte, t reflect.Type, seen map[reflect.Type]bool) []byte {
	if t.Name() != "" {
		b = append(append(b, Name(t)...), ' ')
		if seen[t] || t.PkgPath() == "" {
			return b
		}
		seen[t] = true
	}
	b = append(append(b, t.Kind().String()...), ' ')
	switch t.Kind() {
	case reflect.Array:
		b = strconv.AppendInt(b, int64(t.Len()), 10)
		return describe(append(b, ' '), t.Elem(), seen)
	case reflect.Pointer, reflect.Slice:
		return describe(b, t.Elem(), seen)
	case reflect.Map:
		return describe(describe(b, t.Key(), seen), t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			b = strconv.AppendUint(append(append(b, f.Name...), ' '), uint64(f.Offset), 10)
			b = strconv.AppendBool(append(b, ' '), f.Anonymous)
			b = describe(append(b, ' '), f.Type, seen)
		}
		return append(b, "} "...)
	case reflect.Interface:
		// A call of reflect.Type.Method would make the linker keep all methods of every type. Whether a value has the methods is
		// checked when it is stored.
		b = strconv.AppendInt(b, int64(t.NumMethod()), 10)
		return append(b, "} "...)
	case reflect.Func, reflect.Chan:
		return append(b, t.String()...)
	}
	return b
}

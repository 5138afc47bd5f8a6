package magics

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// A Registry holds the magics that cells can call, each with its origin. It is safe for concurrent use, since plugins
// come and go while cells run.
type Registry struct {
	mu      sync.RWMutex
	entries map[string]Entry
}

// An Entry is one magic of a registry.
type Entry struct {
	Magic
	Origin string // who brought it, as a user should read it: "headstart", or a plugin's file
}

// Summary is the first line of the magic's help.
func (e Entry) Summary() string { return Summary(e.Magic) }

// Summary is the first line of a magic's help.
func Summary(m Magic) string {
	line, _, _ := strings.Cut(m.Help(), "\n")
	return line
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry { return &Registry{entries: map[string]Entry{}} }

// Add takes in the magics of one origin: all of them or, when a name is taken or cannot be one, none.
func (r *Registry) Add(origin string, list ...Magic) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	added := map[string]Entry{}
	for _, m := range list {
		name := m.Name()
		if !ValidName(name) {
			return fmt.Errorf("%s brings a magic named %q: a name is made of letters, digits, '_' and '-'", origin, name)
		}
		if _, twice := added[name]; twice {
			return fmt.Errorf("%s brings %%%s twice: a magic's name is unique", origin, name)
		}
		if other, taken := r.entries[name]; taken {
			return fmt.Errorf("%s brings %%%s, which %s has brought already: rename one of the two, or remove one", origin, name, other.Origin)
		}
		added[name] = Entry{m, origin}
	}
	maps.Copy(r.entries, added)
	return nil
}

// Remove takes out all magics of one origin.
func (r *Registry) Remove(origin string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.entries, func(_ string, e Entry) bool { return e.Origin == origin })
}

// Lookup returns the magic of that name, given without percent signs.
func (r *Registry) Lookup(name string) (Magic, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	e, ok := r.entries[name]
	return e.Magic, ok
}

// Has reports whether there is a magic of that name; it is the isOurs of ParseCell.
func (r *Registry) Has(name string) bool {
	_, ok := r.Lookup(name)
	return ok
}

// ParseCell splits a cell by this registry's magics, as the function ParseCell does, and leaves alone the lines of those
// that take them raw.
func (r *Registry) ParseCell(code string) []Part {
	parts := ParseCell(code, r.Has)
	for i, p := range parts {
		var words *wordsError
		if m, ok := r.Lookup(p.Call.Name); ok && errors.As(p.Err, &words) && takesRawLine(m) {
			parts[i].Err = nil
		}
	}
	return parts
}

func takesRawLine(m Magic) bool {
	raw, ok := m.(RawLiner)
	return ok && raw.TakesRawLine()
}

// Entries lists all magics, sorted by name.
func (r *Registry) Entries() []Entry {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.SortedFunc(maps.Values(r.entries), func(a, b Entry) int { return cmp.Compare(a.Name(), b.Name()) })
}

// Names lists the names of all magics, sorted.
func (r *Registry) Names() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Sorted(maps.Keys(r.entries))
}

// Unknown is the error for a name that is no magic's, with the nearest name that is. The names in others count too:
// they are the engine's own magics.
func (r *Registry) Unknown(name string, others ...string) error {
	if near := Nearest(name, append(r.Names(), others...)); near != "" {
		return fmt.Errorf("there is no magic %%%s: did you mean %%%s? %%help lists them all", name, near)
	}
	return fmt.Errorf("there is no magic %%%s: %%help lists them all", name)
}

// ValidName reports whether a magic may have this name.
func ValidName(name string) bool {
	for i, c := range name {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c != '_' && c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	return name != ""
}

// Package registry finds the magics that a cell calls.
package registry

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/headstart-nb/headstart/magics"
)

// A Registry holds the magics that cells can call, each with its origin. It is safe for concurrent use, since plugins
// come and go while cells run.
type Registry struct {
	mu       sync.RWMutex
	entries  map[string]Entry
	listings []Listing // of the engine
}

// An Entry is one magic of a registry.
type Entry struct {
	magics.Magic
	Origin string // who brought it, as a user should read it: "headstart", or a plugin's file
	Place  int    // among the magics of its origin, in the order in which they were added
}

// Summary is the first line of the magic's help.
func (e Entry) Summary() string {
	line, _, _ := strings.Cut(e.Help(), "\n")
	return line
}

// A Listing names a command that is not a magic, such as one of the engine's own, for %help.
type Listing struct {
	Usage   string // as a cell has it: "%cd [DIR]", "!COMMAND"
	Summary string
	Passes  bool // whether its arguments are those of a program, --help as well
}

// SetEngine names the commands of the engine. Where a cell asks one for --help, %help answers: the engine would take the word for
// the name of a file or the flag of a build.
func (r *Registry) SetEngine(list []Listing) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.listings = slices.Clone(list)
}

// explains tells whether %help knows a command of the engine, given by its name with percent signs.
func (r *Registry) explains(name string) bool {
	if !r.Has(helpName) {
		return false
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.ContainsFunc(r.listings, func(l Listing) bool { return !l.Passes && strings.Fields(l.Usage)[0] == name })
}

// New returns an empty registry.
func New() *Registry { return &Registry{entries: map[string]Entry{}} }

// Add adds the magics of one origin: all of them or, when a name is taken or invalid, none.
func (r *Registry) Add(origin string, list ...magics.Magic) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	added := map[string]Entry{}
	for place, m := range list {
		name := m.Name()
		if !ValidName(name) {
			return fmt.Errorf("%s provides a magic named %q: a name must begin with a letter and consist of letters, digits, '_' and '-'", origin, name)
		}
		if _, twice := added[name]; twice {
			return fmt.Errorf("%s provides %%%s twice: a name must be unique", origin, name)
		}
		if other, taken := r.entries[name]; taken {
			return fmt.Errorf("%s provides %%%s, which %s provides already: rename or remove one of the two", origin, name, other.Origin)
		}
		added[name] = Entry{m, origin, place}
	}
	maps.Copy(r.entries, added)
	return nil
}

// Remove removes all magics of one origin.
func (r *Registry) Remove(origin string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.entries, func(_ string, e Entry) bool { return e.Origin == origin })
}

// Lookup returns the magic of that name, given without percent signs.
func (r *Registry) Lookup(name string) (magics.Magic, bool) {
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

// ParseCell splits a cell by this registry's magics, as the function ParseCell does. The line of a magics.RawLiner need
// not consist of words.
func (r *Registry) ParseCell(code string, scanner Scanner) []Part {
	parts := parseCell(code, r.Has, r.explains, scanner)
	for i, p := range parts {
		m, _ := r.Lookup(p.Call.Name)
		_, raw := m.(magics.RawLiner)
		var words *wordsError
		if raw && errors.As(p.Err, &words) {
			parts[i].Err = nil
		}
	}
	return parts
}

// Entries lists all magics, sorted by name.
func (r *Registry) Entries() []Entry {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.SortedFunc(maps.Values(r.entries), func(a, b Entry) int { return cmp.Compare(a.Name(), b.Name()) })
}

// ByOrigin lists all magics in groups: those of each origin in the order in which they were added.
func (r *Registry) ByOrigin() [][]Entry {
	entries := r.Entries()
	slices.SortStableFunc(entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Place, b.Place))
	})
	var groups [][]Entry
	for len(entries) > 0 {
		n := slices.IndexFunc(entries, func(e Entry) bool { return e.Origin != entries[0].Origin })
		if n < 0 {
			n = len(entries)
		}
		groups, entries = append(groups, entries[:n]), entries[n:]
	}
	return groups
}

// Names lists the names of all magics, sorted.
func (r *Registry) Names() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Sorted(maps.Keys(r.entries))
}

// Unknown is the error for the name of a magic that does not exist, with the nearest name that does. The names in others count too:
// they are the engine's own magics.
func (r *Registry) Unknown(name string, others ...string) error {
	if near := magics.Nearest(name, append(r.Names(), others...)); near != "" {
		return fmt.Errorf("there is no magic %%%s: did you mean %%%s? %%help lists all", name, near)
	}
	return fmt.Errorf("there is no magic %%%s: %%help lists all", name)
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

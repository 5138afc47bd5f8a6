package keep

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"time"

	"github.com/headstart-nb/headstart/nbhelpers/keep/graph"
	"github.com/headstart-nb/headstart/nbhelpers/keep/mapped"
)

// DefaultQuota is a quota for people's machines, in bytes.
const DefaultQuota = 8 << 30

type (
	// Variable is a package-level variable of the program.
	Variable = graph.Variable
	// Loss is a variable, or a part of it, that was not loaded or not saved.
	Loss = graph.Loss
)

// Options are what a program knows. All but Quota may be left out.
type Options struct {
	// Quota bounds the bytes of all kept values together. It must be positive.
	Quota int64
	// Types are dynamic types of interfaces, besides those that the variables' types mention. Entry.Types says which are needed.
	Types []reflect.Type
	// Funcs are functions by their names as package runtime has them: main.double, strings.ToUpper. Entry.Funcs says which are
	// needed to load; Save needs none.
	Funcs map[string]any
	// Pointers are pointers to variables of packages, by names such as net/http.DefaultClient. They are kept by name.
	Pointers map[string]any
	// Variables are all kept variables that the program declares. Those that share memory with one that is loaded or saved
	// are loaded or saved with it.
	Variables []Variable

	allFiles bool // small groups have files as well, for tests
}

// Entry describes a kept variable. It can be had without the program's types.
type Entry struct {
	Name   string
	Type   string    // Variable.Type of the program that saved it
	Bytes  int64     // in files, together with what Shared lists
	Text   string    // the value, shortened
	When   time.Time // of the last change
	Shared []string  // other variables that share memory with it
	Small  bool      // it has no file, and shares nothing
	Types  []string  // dynamic types that a program must know to load it: image.RGBA, main.photo
	Funcs  []string  // functions that a program must know to load it: main.double
}

// Store is a folder of kept values as one program sees it. Its methods must not be called at the same time.
type Store struct {
	dir     string
	options Options
	program *graph.Program
	files   *mapped.Files
	loaded  []loadedGroup
	unread  map[string][]byte // variables that could not be loaded, with the encoding of their initial values
	epoch   uint64
	opened  bool // epoch is known
	wait    time.Duration
	durable bool   // files are synced
	step    func() // called between changes of the folder, for tests; or nil

	companions []Variable // loaded though not asked for, since they share memory
}

// loadedGroup is what Load has put into variables: Save compares with it.
type loadedGroup struct {
	names []string
	graph []byte
}

// Open returns the store in a folder that belongs to the user alone (mode 0700). It does not touch the folder.
func Open(dir string, options Options) *Store {
	s := &Store{dir: dir, options: options, wait: lockWait, unread: map[string][]byte{}}
	s.files = &mapped.Files{Open: s.open}
	s.program = graph.New(dir, options.Types, options.Funcs, options.Pointers, s.files)
	return s
}

// Reset removes all kept values. A program that loaded values before does not save any more.
func (s *Store) Reset() error {
	return s.change(verbReset, func(m *manifest) error {
		m.epoch = newEpoch()
		return nil
	})
}

// Drop removes kept variables. Names that are not kept are ignored.
func (s *Store) Drop(names ...string) error {
	return s.change("drop", func(m *manifest) error {
		m.remove(names)
		return nil
	})
}

// List returns what is kept, by name.
func (s *Store) List() ([]Entry, error) {
	unlock, err := s.lock(false)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer unlock()
	m, err := s.readManifest()
	if err != nil {
		return nil, err
	}
	return m.list(), nil
}

const verbReset = "reset"

// change replaces the manifest under the lock.
func (s *Store) change(verb string, edit func(*manifest) error) error {
	unlock, err := s.lock(true)
	if err != nil {
		return fmt.Errorf("%s kept values: %w", verb, err)
	}
	defer unlock()
	m, err := s.readManifest()
	if verb == verbReset {
		m, err = &manifest{}, nil // also where the old one cannot be read
	}
	if err == nil {
		err = edit(m)
	}
	if err == nil {
		err = s.writeManifest(m)
	}
	if err != nil {
		return fmt.Errorf("%s kept values: %w", verb, err)
	}
	return s.collect(m)
}

// lossOfAll reports an error that is not that of one variable.
func lossOfAll(err error) []Loss { return []Loss{{Reason: err.Error()}} }

func sortedByName(variables []Variable) []Variable {
	sorted := slices.Clone(variables)
	slices.SortStableFunc(sorted, func(a, b Variable) int {
		if a.Name < b.Name {
			return -1
		}
		if a.Name > b.Name {
			return 1
		}
		return 0
	})
	return slices.CompactFunc(sorted, func(a, b Variable) bool { return a.Name == b.Name })
}

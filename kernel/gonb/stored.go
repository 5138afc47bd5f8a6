package gonb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/types"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/internal/filelock"
	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/kernel/gonb/program"
	"github.com/headstart-nb/headstart/kernel/gonb/report"
	"github.com/headstart-nb/headstart/magics/builtin"
	"github.com/headstart-nb/headstart/nbhelpers/keep"
)

var _ builtin.StoredVariables = (*Engine)(nil)

const (
	// storedQuota bounds the values that outlast the kernel: they are in a folder that people rarely look into.
	storedQuota = 2 << 30
	// declarationsFile says how the stored variables are declared. It lies beside their values.
	declarationsFile = "declarations.json"
	maxDeclarations  = 16 << 20 // bytes of that file
)

// stored is the folder of values that outlast the kernel.
type stored struct {
	folder string
	store  *keep.Store
}

func (e *Engine) stored() (stored, error) {
	if e.options.StoreDir == "" {
		return stored{}, errors.New("this kernel has no folder for values that outlast it")
	}
	if err := os.MkdirAll(filepath.Dir(e.options.StoreDir), 0o700); err != nil {
		return stored{}, fmt.Errorf("make a folder for stored values: %w", err)
	}
	folder, err := paths.Private(e.options.StoreDir)
	if err != nil {
		return stored{}, fmt.Errorf("make a folder for stored values: %w", err)
	}
	return stored{folder, keep.Open(folder, keep.Options{Quota: storedQuota})}, nil
}

// key tells the declarations of one variable apart: its value may be older than the newest of them.
func key(name, typ string) string { return name + " " + typ }

func (s stored) declarations() (map[string]program.Variable, error) {
	known := map[string]program.Variable{}
	file := filepath.Join(s.folder, declarationsFile)
	text, err := safefile.ReadFile(file, maxDeclarations)
	if errors.Is(err, fs.ErrNotExist) {
		return known, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read how stored variables are declared: %w", err)
	}
	if err := json.Unmarshal(text, &known); err != nil {
		return nil, fmt.Errorf("read %s: %w; %%store NAME writes it again once it is removed", file, err)
	}
	return known, nil
}

// declare adds declarations, and drops those of values that are no longer there. It comes before the values, so that a
// kernel that dies between the two leaves no value without a declaration.
func (s stored) declare(ctx context.Context, added map[string]program.Variable) error {
	lock, err := filelock.Acquire(ctx, filepath.Join(s.folder, declarationsFile+".lock"), nil)
	if err != nil {
		return err
	}
	defer lock.Close()
	known, err := s.declarations()
	if err != nil {
		return err
	}
	entries, err := s.store.List()
	if err != nil {
		return err
	}
	used := map[string]bool{}
	for _, entry := range entries {
		used[key(entry.Name, entry.Type)] = true
	}
	maps.DeleteFunc(known, func(k string, _ program.Variable) bool { return !used[k] })
	maps.Copy(known, added)
	text, err := json.Marshal(known)
	if err != nil {
		return err
	}
	return atomicfile.WriteFile(filepath.Join(s.folder, declarationsFile), func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// StoredVariables are those whose values outlast the kernel, by name.
func (e *Engine) StoredVariables() ([]builtin.Variable, error) {
	s, err := e.stored()
	if err != nil {
		return nil, err
	}
	entries, err := s.store.List()
	return variables(entries), err
}

// StoreVariables copies kept values, with those that share memory with them, to where they outlast the kernel.
func (e *Engine) StoreVariables(ctx context.Context, names ...string) error {
	s, err := e.stored()
	if err != nil {
		return err
	}
	entries, err := e.entries()
	if err != nil {
		return err
	}
	added := map[string]program.Variable{}
	for _, name := range names {
		entry, err := named(entries, name, "kept")
		if err != nil {
			return fmt.Errorf("store %s: %w", name, err)
		}
		for _, name := range append([]string{name}, entry.Shared...) {
			e.mu.Lock()
			v, known := e.values.declared[name]
			e.mu.Unlock()
			member, err := named(entries, name, "kept")
			if err != nil || !known || v.Type != member.Type {
				return fmt.Errorf("store %s: its type, %s, has no name outside of its package", name, member.Type)
			}
			added[key(name, v.Type)] = program.Variable{Name: name, Type: v.Type, Imports: v.Imports}
		}
	}
	if err := s.declare(ctx, added); err != nil {
		return err
	}
	store, err := e.store()
	if err != nil {
		return err
	}
	return store.Copy(s.store, names...)
}

// LoadStored gives variables the values that were stored; without names, all of them. It returns those that have one now.
func (e *Engine) LoadStored(ctx context.Context, names ...string) ([]builtin.Variable, error) {
	s, err := e.stored()
	if err != nil {
		return nil, err
	}
	entries, err := s.store.List()
	if err != nil || len(entries) == 0 && len(names) == 0 {
		return nil, err
	}
	if len(names) == 0 {
		for _, entry := range entries {
			names = append(names, entry.Name)
		}
	}
	known, err := s.declarations()
	if err != nil {
		return nil, err
	}
	var loaded []keep.Entry
	for _, name := range names {
		entry, err := named(entries, name, "stored")
		if err != nil {
			return nil, fmt.Errorf("load %s: %w", name, err)
		}
		for _, name := range append([]string{name}, entry.Shared...) {
			member, err := named(entries, name, "stored")
			if err != nil {
				return nil, err
			}
			if err := e.declarable(known, member); err != nil {
				return nil, fmt.Errorf("load %s: %w", name, err)
			}
			if !slices.ContainsFunc(loaded, func(l keep.Entry) bool { return l.Name == name }) {
				loaded = append(loaded, member)
			}
		}
	}
	if err := e.acquire(ctx); err != nil { // a cell is not to see some of them
		return nil, err
	}
	defer e.release()
	store, err := e.store()
	if err != nil {
		return nil, err
	}
	if err := s.store.Copy(store, names...); err != nil {
		return nil, err
	}
	for _, entry := range loaded {
		e.declareStored(known[key(entry.Name, entry.Type)])
	}
	return variables(loaded), nil
}

// declareStored makes a variable one that a statement could have declared.
func (e *Engine) declareStored(v program.Variable) {
	e.mu.Lock()
	e.values.drop(v.Name)
	e.values.declared = with(e.values.declared, v.Name, v)
	e.mu.Unlock()
	e.setStatement(v.Name, true)
	e.carry(v, report.Position{})
}

// declarable is an error where the cells so far do not declare the types that a stored variable's type mentions.
func (e *Engine) declarable(known map[string]program.Variable, entry keep.Entry) error {
	v, ok := known[key(entry.Name, entry.Type)]
	if !ok {
		return errors.New("how it was declared is not known; store it again")
	}
	expression, err := parser.ParseExpr(v.Type)
	if err != nil {
		return fmt.Errorf("its type, %q, is not Go: %w", v.Type, err)
	}
	var missing []string
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, name := range ownTypes(expression) {
		if !e.memory.Declares("type", name) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("its type is %s, and no cell has declared %s yet: run the cell that does, and load it again", v.Type, strings.Join(missing, " or "))
	}
	return nil
}

// ownTypes are the names in a type that cells declare.
func ownTypes(expression ast.Expr) (names []string) {
	fields := map[*ast.Ident]bool{}
	ast.Inspect(expression, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.SelectorExpr: // of a package
			return false
		case *ast.Field: // of a struct, a function or an interface
			for _, name := range n.Names {
				fields[name] = true
			}
		case *ast.Ident:
			if !fields[n] && types.Universe.Lookup(n.Name) == nil {
				names = append(names, n.Name)
			}
		}
		return true
	})
	return names
}

// DropStored removes stored values.
func (e *Engine) DropStored(names ...string) error {
	s, err := e.stored()
	if err != nil {
		return err
	}
	entries, err := s.store.List()
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := named(entries, name, "stored"); err != nil {
			return fmt.Errorf("drop %s: %w", name, err)
		}
	}
	return s.store.Drop(names...)
}

// named is the entry of a name.
func named(entries []keep.Entry, name, what string) (keep.Entry, error) {
	var names []string
	for _, entry := range entries {
		if entry.Name == name {
			return entry, nil
		}
		names = append(names, entry.Name)
	}
	if len(names) == 0 {
		return keep.Entry{}, fmt.Errorf("no variable has a %s value", what)
	}
	return keep.Entry{}, fmt.Errorf("no variable of that name has a %s value; the names are %s", what, strings.Join(names, ", "))
}

package gonb

import (
	"context"
	"errors"
	"fmt"
	"go/parser"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/kernel/gonb/program"
	"github.com/headstart-nb/headstart/kernel/gonb/report"
	"github.com/headstart-nb/headstart/kernel/gonb/stored"
	"github.com/headstart-nb/headstart/magics/builtin"
	"github.com/headstart-nb/headstart/nbhelpers/keep"
)

var _ builtin.StoredVariables = (*Engine)(nil)

func (e *Engine) stored() (stored.Values, error) {
	if e.options.StoreDir == "" {
		return stored.Values{}, errors.New("this kernel has no folder for values that outlast it")
	}
	return stored.Open(e.options.StoreDir)
}

// StoredVariables are those whose values outlast the kernel, by name.
func (e *Engine) StoredVariables() ([]builtin.Variable, error) {
	s, err := e.stored()
	if err != nil {
		return nil, err
	}
	entries, err := s.Store.List()
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
			added[stored.Key(name, v.Type)] = program.Variable{Name: name, Type: v.Type, Imports: v.Imports}
		}
	}
	if err := s.Declare(ctx, added); err != nil {
		return err
	}
	store, err := e.store()
	if err != nil {
		return err
	}
	return store.Copy(s.Store, names...)
}

// LoadStored gives variables the values that were stored; without names, all of them. It returns those that have one now.
func (e *Engine) LoadStored(ctx context.Context, names ...string) ([]builtin.Variable, error) {
	s, err := e.stored()
	if err != nil {
		return nil, err
	}
	entries, err := s.Store.List()
	if err != nil || len(entries) == 0 && len(names) == 0 {
		return nil, err
	}
	if len(names) == 0 {
		for _, entry := range entries {
			names = append(names, entry.Name)
		}
	}
	known, err := s.Declarations()
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
	if err := s.Store.Copy(store, names...); err != nil {
		return nil, err
	}
	for _, entry := range loaded {
		e.declareStored(known[stored.Key(entry.Name, entry.Type)])
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
	v, ok := known[stored.Key(entry.Name, entry.Type)]
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
	for _, name := range stored.OwnTypes(expression) {
		if !e.memory.Declares("type", name) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("its type is %s, and no cell has declared %s yet: run the cell that does, and load it again", v.Type, strings.Join(missing, " or "))
	}
	return nil
}

// DropStored removes stored values.
func (e *Engine) DropStored(names ...string) error {
	s, err := e.stored()
	if err != nil {
		return err
	}
	entries, err := s.Store.List()
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := named(entries, name, "stored"); err != nil {
			return fmt.Errorf("drop %s: %w", name, err)
		}
	}
	return s.Store.Drop(names...)
}

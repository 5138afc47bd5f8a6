package gonb

import (
	"fmt"
	"strings"

	"github.com/headstart-nb/headstart/magics/builtin"
	"github.com/headstart-nb/headstart/nbhelpers/keep"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

var _ builtin.Variables = (*Engine)(nil)

// Variables are the variables of cells that have a kept value, by name.
func (e *Engine) Variables() ([]builtin.Variable, error) {
	entries, err := e.entries()
	if err != nil {
		return nil, err
	}
	return variables(entries), nil
}

func variables(entries []keep.Entry) []builtin.Variable {
	var list []builtin.Variable
	for _, entry := range entries {
		list = append(list, builtin.Variable{
			Name: entry.Name, Type: entry.Type, Bytes: entry.Bytes, Value: entry.Text, When: entry.When, Shared: entry.Shared,
		})
	}
	return list
}

// DropVariables removes kept values. A variable that statements declared has no value then; others have the value that their
// declaration gives them.
func (e *Engine) DropVariables(names ...string) error {
	entries, err := e.entries()
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := named(entries, name, "kept"); err != nil {
			return fmt.Errorf("drop %s: %w", name, err)
		}
	}
	store, err := e.store()
	if err != nil {
		return err
	}
	for _, name := range names {
		e.mu.Lock()
		fromStatement := e.values.statements[name]
		e.mu.Unlock()
		if fromStatement {
			e.setLost(name, true)
		}
	}
	return store.Drop(names...)
}

// variable is the kept value of a variable.
func (e *Engine) variable(name string) (entry keep.Entry, ok bool) {
	entries, err := e.entries()
	if err != nil {
		return entry, false
	}
	for _, entry := range entries {
		if entry.Name == name {
			return entry, true
		}
	}
	return entry, false
}

// describeVariable is what an inspection says about a variable's value.
func describeVariable(entry keep.Entry) (text, markdown string) {
	text = fmt.Sprintf("value: %s\nsize:  %s", entry.Text, sketch.Bytes(entry.Bytes))
	if len(entry.Shared) > 0 {
		text += "\nshares memory with " + strings.Join(entry.Shared, ", ")
	}
	return text, "```text\n" + strings.ReplaceAll(text, "```", "'''") + "\n```"
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

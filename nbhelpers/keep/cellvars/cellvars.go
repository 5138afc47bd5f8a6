// Package cellvars makes the variables of a cell's program last.
//
// It stands between the program that the kernel makes of a cell and package keep, because the compiler reads the types that a
// program mentions. Those of keep, which mention much of package reflect, cost it 20 ms with each cell; these cost 2 ms.
package cellvars

import (
	"os"
	"reflect"

	"github.com/headstart-nb/headstart/nbhelpers/keep"
)

// Variable is a package-level variable of the program.
type Variable struct {
	Name    string
	Type    string // as the cell's source says it, for listings
	Pointer any    // *T
	Load    bool
	Save    bool
	// Initialized variables get their values from their declarations where they are not kept, so that nothing need be said.
	Initialized bool
}

// Func is a function that kept values have, by its name as package runtime has it: main.double, strings.ToUpper.
type Func struct {
	Name string
	Func any
}

// Cell is what a program knows of its variables.
type Cell struct {
	Dir       string // of the kept values
	Quota     int64  // bytes that they may take
	Variables []Variable
	Types     []any // (*T)(nil) for each dynamic type T that kept values have in interfaces
	Funcs     []Func
}

// Start loads variables and returns the function that saves them. What is lost is said on standard error.
func Start(cell Cell) (save func()) {
	options := keep.Options{Quota: cell.Quota}
	for _, pointer := range cell.Types {
		options.Types = append(options.Types, reflect.TypeOf(pointer).Elem())
	}
	for _, f := range cell.Funcs {
		if options.Funcs == nil {
			options.Funcs = map[string]any{}
		}
		options.Funcs[f.Name] = f.Func
	}
	var load, later []keep.Variable
	silent, saved := map[string]bool{}, map[string]bool{}
	for _, v := range cell.Variables {
		known := keep.Variable{Name: v.Name, Type: v.Type, Pointer: v.Pointer}
		if v.Load {
			load = append(load, known)
		}
		if v.Save {
			later = append(later, known)
			silent[v.Name], saved[v.Name] = v.Initialized, true
		}
	}
	store := keep.Open(cell.Dir, options)
	var unfit []string
	if len(load) > 0 {
		for _, loss := range store.Load(load...) {
			say(loss.Name + " is not available: " + loss.String())
			if loss.Changed && !saved[loss.Name] { // nothing will replace it
				unfit = append(unfit, loss.Name)
			}
		}
	}
	if len(unfit) > 0 {
		if err := store.Drop(unfit...); err != nil {
			say(err.Error())
		}
	}
	return func() {
		for _, loss := range store.Save(later...) {
			if !silent[loss.Name] {
				say(loss.Name + " is not kept: " + loss.String())
			}
		}
	}
}

// say writes a line for the user; a program whose standard error is closed has nobody to tell.
func say(line string) { _, _ = os.Stderr.WriteString(line + "\n") }

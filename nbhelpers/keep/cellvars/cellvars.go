// Package cellvars makes the variables of a cell's program last.
//
// It stands between the program that the kernel makes of a cell and package keep, because the compiler reads the types that a
// program mentions. Those of keep, which mention much of package reflect, cost it 20 ms with each cell; these cost 2 ms.
package cellvars

import (
	"reflect"

	"github.com/headstart-nb/headstart/nbhelpers/keep"
	"github.com/headstart-nb/headstart/nbhelpers/keep/plain"
)

// What a program says of its variables is the same where all of them are plain.
type (
	Variable = plain.Variable
	Func     = plain.Func
	Cell     = plain.Cell
)

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
	var load []keep.Variable
	for _, v := range cell.Variables {
		if v.Load {
			load = append(load, keep.Variable{Name: v.Name, Type: v.Type, Pointer: v.Pointer})
		}
	}
	store := keep.Open(cell.Dir, options)
	if len(load) > 0 {
		var lost []plain.Loss
		for _, loss := range store.Load(load...) {
			lost = append(lost, plain.Loss(loss))
		}
		plain.Report(cell, lost, func(unfit []string) {
			if err := store.Drop(unfit...); err != nil {
				plain.Say(err.Error())
			}
		})
	}
	return func() {
		var list []keep.Variable
		silent := map[string]bool{}
		for _, v := range cell.Variables {
			if v.IsSaved() {
				list = append(list, keep.Variable{Name: v.Name, Type: v.Type, Pointer: v.Pointer})
				silent[v.Name] = v.Initialized
			}
		}
		for _, loss := range store.Save(list...) {
			if !silent[loss.Name] {
				plain.Say(loss.Name + " is not kept: " + loss.String())
			}
		}
	}
}

package program

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"github.com/headstart-nb/headstart/kernel/gonb/program/firstuse"
)

// A LostError says that a program uses a variable that has no value, since the cell that declared it could not keep it.
type LostError struct {
	Name         string
	Line, Column int // in main.go
}

func (e *LostError) Error() string {
	return fmt.Sprintf("%s has no value: it was not kept when the cell that sets it ended, or dropped since; run that cell again", e.Name)
}

// usesLost is an error where the program uses such a variable. A program that begins with an assignment to it does not.
func (r *rewriting) usesLost() error {
	lost := map[types.Object]bool{}
	for _, name := range r.cell.Lost {
		if object := r.pkg.Scope().Lookup(name); object != nil && !slices.Contains(r.cell.Declared, name) {
			lost[object] = true
		}
	}
	if len(lost) == 0 {
		return nil
	}
	first := r.firstUses(lost).Uses
	if len(first) == 0 {
		return nil
	}
	at := r.files.PositionFor(first[0].Pos(), false)
	return &LostError{Name: first[0].Name, Line: at.Line, Column: at.Column}
}

// firstUses are where the cell first uses variables of the package without having assigned to them: in variables that it declares, in
// func main, and in what these call.
func (r *rewriting) firstUses(variables map[types.Object]bool) firstuse.Found {
	var declared []ast.Expr // what they are may depend on loaded values
	for _, decl := range r.main.Decls {
		d, ok := decl.(*ast.GenDecl)
		if !ok || d.Tok != token.VAR {
			continue
		}
		for _, spec := range d.Specs {
			s := spec.(*ast.ValueSpec)
			if slices.ContainsFunc(s.Names, func(name *ast.Ident) bool { return slices.Contains(r.cell.Declared, name.Name) }) {
				declared = append(declared, s.Values...)
			}
		}
	}
	return firstuse.Program{Info: r.info, Package: r.pkg, Files: r.all, Main: r.entry, Before: declared}.Find(variables)
}

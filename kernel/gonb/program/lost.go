package program

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// A LostError says that a program uses a variable that has no value, since the cell that declared it could not keep it.
type LostError struct {
	Name         string
	Line, Column int // in main.go
}

func (e *LostError) Error() string {
	return fmt.Sprintf("%s has no value: it was not kept when the cell that sets it ended; run that cell again", e.Name)
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
	bodies := map[types.Object]*ast.FuncDecl{}
	for _, file := range r.all {
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil {
				bodies[r.info.Defs[f.Name]] = f
			}
		}
	}
	var found *ast.Ident
	seen := map[types.Object]bool{}
	var follow func(body ast.Node)
	follow = func(body ast.Node) {
		ast.Inspect(body, func(node ast.Node) bool {
			if assign, ok := node.(*ast.AssignStmt); ok && assign.Tok == token.ASSIGN && found == nil {
				for _, right := range assign.Rhs {
					follow(right)
				}
				for _, left := range assign.Lhs {
					if name, ok := left.(*ast.Ident); ok {
						delete(lost, r.info.Uses[name])
					} else {
						follow(left)
					}
				}
				return false
			}
			name, ok := node.(*ast.Ident)
			if !ok || found != nil {
				return found == nil
			}
			object := r.info.Uses[name]
			if f, ok := object.(*types.Func); ok {
				object = f.Origin()
			}
			switch {
			case lost[object]:
				found = name
			case bodies[object] != nil && !seen[object]:
				seen[object] = true
				follow(bodies[object].Body)
			}
			return found == nil
		})
	}
	follow(r.entry.Body)
	if found == nil {
		return nil
	}
	at := r.files.PositionFor(found.Pos(), false)
	return &LostError{Name: found.Name, Line: at.Line, Column: at.Column}
}

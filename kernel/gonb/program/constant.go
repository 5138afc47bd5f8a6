package program

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// flagPackages keep pointers to the variables that a program declares with them: these belong to one run.
var flagPackages = []string{"flag", "github.com/spf13/pflag"}

// isFlag tells variables that one of flagPackages initializes.
func (r *rewriting) isFlag(spec *ast.ValueSpec) bool {
	names := map[string]bool{}
	for _, i := range r.main.Imports {
		if path := unquoted(i.Path); slices.Contains(flagPackages, path) {
			name := path[strings.LastIndexByte(path, '/')+1:]
			if i.Name != nil {
				name = i.Name.Name
			}
			names[name] = true
		}
	}
	is := false
	for _, value := range spec.Values {
		ast.Inspect(value, func(node ast.Node) bool {
			name, ok := node.(*ast.Ident)
			is = is || ok && names[name.Name]
			return !is
		})
	}
	return is
}

func isLiteral(spec *ast.ValueSpec) bool {
	for _, value := range spec.Values {
		if unary, ok := value.(*ast.UnaryExpr); ok {
			value = unary.X
		}
		if _, ok := value.(*ast.BasicLit); !ok {
			return false
		}
	}
	return len(spec.Values) > 0
}

// isComputed tells variables whose values are more than literals and functions, so that the next programs need not compute
// them again.
func isComputed(spec *ast.ValueSpec) bool {
	functions := 0
	for _, value := range spec.Values {
		if _, ok := value.(*ast.FuncLit); ok {
			functions++
		}
	}
	return !isLiteral(spec) && functions < len(spec.Values)
}

// changes tells whether a variable is assigned to, or its address taken, anywhere in the program.
func (r *rewriting) changes(name string) bool {
	changed := false
	is := func(e ast.Expr) {
		ident, ok := ast.Unparen(e).(*ast.Ident)
		changed = changed || ok && ident.Name == name
	}
	for _, file := range r.all {
		ast.Inspect(file, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.AssignStmt:
				for _, left := range n.Lhs {
					is(left)
				}
			case *ast.IncDecStmt:
				is(n.X)
			case *ast.UnaryExpr:
				if n.Op == token.AND {
					is(n.X)
				}
			case *ast.RangeStmt:
				if n.Key != nil {
					is(n.Key)
				}
				if n.Value != nil {
					is(n.Value)
				}
			case *ast.SelectorExpr: // a method may have a pointer as its receiver
				is(n.X)
			}
			return !changed
		})
	}
	return changed
}

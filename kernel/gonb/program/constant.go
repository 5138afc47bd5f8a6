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
	changed := r.isAssigned(name)
	for _, file := range r.all {
		ast.Inspect(file, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.UnaryExpr:
				changed = changed || n.Op == token.AND && isName(n.X, name)
			case *ast.SelectorExpr: // a method may have a pointer as its receiver
				changed = changed || isName(n.X, name)
			}
			return !changed
		})
	}
	return changed
}

func (r *rewriting) isAssigned(name string) bool {
	return slices.ContainsFunc(r.all, func(file *ast.File) bool { return assigns(file, name) })
}

// assigns tells whether a part of the program assigns to a variable, by names alone.
func assigns(part ast.Node, name string) (found bool) {
	is := func(e ast.Expr) bool { return isName(e, name) }
	ast.Inspect(part, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.AssignStmt:
			found = found || n.Tok != token.DEFINE && slices.ContainsFunc(n.Lhs, is)
		case *ast.IncDecStmt:
			found = found || is(n.X)
		case *ast.RangeStmt:
			found = found || n.Tok == token.ASSIGN && (is(n.Key) || is(n.Value))
		}
		return !found
	})
	return found
}

func isName(e ast.Expr, name string) bool {
	ident, ok := ast.Unparen(e).(*ast.Ident)
	return ok && ident.Name == name
}

package program

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
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
	first, _ := r.firstUses(lost)
	if len(first) == 0 {
		return nil
	}
	at := r.files.PositionFor(first[0].Pos(), false)
	return &LostError{Name: first[0].Name, Line: at.Line, Column: at.Column}
}

// firstUses are the places where the cell first uses variables of the package without having assigned to them, in the order in
// which it runs: in variables that it declares, in func main, and in what these call. Unset are the variables that it neither
// uses nor assigns to.
func (r *rewriting) firstUses(variables map[types.Object]bool) (found []*ast.Ident, unset map[types.Object]bool) {
	u := &uses{info: r.info, pkg: r.pkg, main: r.info.Scopes[r.entry.Type], unset: maps.Clone(variables), bodies: map[types.Object]*ast.FuncDecl{}, seen: map[types.Object]bool{}}
	for _, file := range r.all {
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil {
				u.bodies[r.info.Defs[f.Name]] = f
			}
		}
	}
	for _, decl := range r.main.Decls {
		d, ok := decl.(*ast.GenDecl)
		if !ok || d.Tok != token.VAR {
			continue
		}
		for _, spec := range d.Specs { // those that the cell declares may depend on loaded values
			s := spec.(*ast.ValueSpec)
			if slices.ContainsFunc(s.Names, func(name *ast.Ident) bool { return slices.Contains(r.cell.Declared, name.Name) }) {
				for _, value := range s.Values {
					u.follow(value)
				}
			}
		}
	}
	u.follow(r.entry.Body)
	return u.found, u.unset
}

// uses follows a program in the order in which it runs. What may not run assigns nothing.
type uses struct {
	info   *types.Info
	pkg    *types.Package
	main   *types.Scope          // of func main, whose variables take the places of those of the package
	unset  map[types.Object]bool // variables without an assignment or a use so far
	bodies map[types.Object]*ast.FuncDecl
	seen   map[types.Object]bool // functions
	found  []*ast.Ident
}

func (u *uses) follow(node ast.Node) {
	if node == nil {
		return
	}
	ast.Inspect(node, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.AssignStmt:
			if n.Tok == token.ASSIGN || n.Tok == token.DEFINE {
				u.assign(n.Lhs, n.Rhs)
				return false
			}
		case *ast.ValueSpec:
			var names []ast.Expr
			for _, name := range n.Names {
				names = append(names, name)
			}
			u.assign(names, n.Values)
			return false
		case *ast.IfStmt:
			u.branch(n)
			return false
		case *ast.ForStmt:
			u.loop(n)
			return false
		case *ast.RangeStmt:
			u.rangeLoop(n)
			return false
		case *ast.CallExpr:
			u.call(n)
			return false
		case *ast.DeferStmt:
			u.later(n.Call)
			return false
		case *ast.GoStmt:
			u.later(n.Call)
			return false
		case *ast.FuncLit: // nothing may call it
			u.perhaps(n.Body)
			return false
		case *ast.CaseClause, *ast.CommClause: // another one may run
			before := maps.Clone(u.unset)
			u.clause(n)
			u.keep(before)
			return false
		case *ast.Ident:
			u.use(n)
		}
		return true
	})
}

// call follows a call. A function literal among the arguments is taken to be called, as in once.Do(func() { … }).
func (u *uses) call(n *ast.CallExpr) {
	for _, part := range append(n.Args[:len(n.Args):len(n.Args)], n.Fun) {
		if f, ok := part.(*ast.FuncLit); ok {
			u.follow(f.Body)
		} else {
			u.follow(part)
		}
	}
	u.arguments(n)
}

// later follows a call that runs behind what follows it, or beside that: it assigns nothing before.
func (u *uses) later(n *ast.CallExpr) {
	for _, argument := range n.Args {
		u.follow(argument)
	}
	u.perhaps(n.Fun)
}

func (u *uses) assign(left, right []ast.Expr) {
	for _, value := range right {
		u.follow(value)
	}
	for _, e := range left {
		name, ok := e.(*ast.Ident)
		if !ok {
			u.follow(e)
			continue
		}
		delete(u.unset, u.info.Uses[name])
		if new := u.info.Defs[name]; new != nil && new.Parent() == u.main {
			delete(u.unset, u.pkg.Scope().Lookup(name.Name))
		}
	}
}

// branch follows both ways: a variable has a value after it that both assign to.
func (u *uses) branch(n *ast.IfStmt) {
	if n.Init != nil {
		u.follow(n.Init)
	}
	u.follow(n.Cond)
	before := maps.Clone(u.unset)
	u.follow(n.Body)
	after := u.unset
	u.unset = maps.Clone(before)
	for _, use := range u.found {
		delete(u.unset, u.info.Uses[use])
	}
	if n.Else != nil {
		u.follow(n.Else)
	}
	u.keep(after)
}

// loop follows a loop, whose body may not run where it has a condition.
func (u *uses) loop(n *ast.ForStmt) {
	if n.Init != nil {
		u.follow(n.Init)
	}
	body := u.perhaps
	if n.Cond == nil {
		body = u.follow
	} else {
		u.follow(n.Cond)
	}
	body(n.Body)
	if n.Post != nil {
		u.perhaps(n.Post)
	}
}

// rangeLoop follows a loop, whose body runs for sure over a constant that is not zero or empty.
func (u *uses) rangeLoop(n *ast.RangeStmt) {
	u.follow(n.X)
	body := u.perhaps
	if value := u.info.Types[n.X].Value; value != nil && value.ExactString() != "0" && value.ExactString() != `""` {
		body = u.follow
	}
	body(n.Body)
	for _, name := range []ast.Expr{n.Key, n.Value} {
		if _, plain := name.(*ast.Ident); name != nil && !plain {
			u.follow(name)
		}
	}
}

// perhaps follows what may not run.
func (u *uses) perhaps(node ast.Node) {
	before := maps.Clone(u.unset)
	u.follow(node)
	u.keep(before)
}

func (u *uses) clause(node ast.Node) {
	switch n := node.(type) {
	case *ast.CaseClause:
		for _, e := range n.List {
			u.follow(e)
		}
		for _, statement := range n.Body {
			u.follow(statement)
		}
	case *ast.CommClause:
		if n.Comm != nil {
			u.follow(n.Comm)
		}
		for _, statement := range n.Body {
			u.follow(statement)
		}
	}
}

// keep makes variables unset again that are not set on another way through the program, but for those that were found.
func (u *uses) keep(other map[types.Object]bool) {
	for object := range other {
		u.unset[object] = true
	}
	for _, use := range u.found {
		delete(u.unset, u.info.Uses[use])
	}
}

func (u *uses) use(name *ast.Ident) {
	object := u.info.Uses[name]
	if f, ok := object.(*types.Func); ok {
		object = f.Origin()
	}
	switch {
	case u.unset[object]:
		u.found = append(u.found, name)
		delete(u.unset, object)
	case u.bodies[object] != nil && !u.seen[object]:
		u.seen[object] = true
		u.follow(u.bodies[object].Body)
	}
}

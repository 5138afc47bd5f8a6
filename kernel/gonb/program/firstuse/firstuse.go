// Package firstuse finds where a Go program first uses variables of its package without having assigned to them, in the order in which it
// runs.
package firstuse

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
)

// A Program is one that the type checker has seen.
type Program struct {
	Info    *types.Info
	Package *types.Package
	Files   []*ast.File
	Main    *ast.FuncDecl // its variables of a name take the places of those of the package
	Before  []ast.Expr    // what runs before it
}

// Found is what Find finds.
type Found struct {
	Uses  []*ast.Ident          // the first of each variable
	Unset map[types.Object]bool // the variables that the program neither uses nor assigns to
}

// Find follows the program from Before and Main on. What may not run assigns nothing.
func (p Program) Find(variables map[types.Object]bool) Found {
	u := &uses{info: p.Info, pkg: p.Package, main: p.Info.Scopes[p.Main.Type], unset: maps.Clone(variables), bodies: map[types.Object]*ast.FuncDecl{}, seen: map[types.Object]bool{}}
	for _, file := range p.Files {
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil {
				u.bodies[p.Info.Defs[f.Name]] = f
			}
		}
	}
	for _, value := range p.Before {
		u.follow(value)
	}
	u.follow(p.Main.Body)
	return Found{Uses: u.found, Unset: u.unset}
}

// uses follows a program in the order in which it runs. What may not run assigns nothing.
type uses struct {
	info   *types.Info
	pkg    *types.Package
	main   *types.Scope
	unset  map[types.Object]bool // variables without an assignment or a use so far
	bodies map[types.Object]*ast.FuncDecl
	seen   map[types.Object]bool // functions
	found  []*ast.Ident
	boxed  []types.Type // what became a value of an interface so far
	result *types.Tuple // of the function that is followed
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
			u.function(u.info.TypeOf(n), n.Body, u.perhaps)
			return false
		case *ast.CaseClause, *ast.CommClause: // another one may run
			before := maps.Clone(u.unset)
			u.clause(n)
			u.keep(before)
			return false
		case *ast.CompositeLit:
			u.boxElements(n)
		case *ast.ReturnStmt:
			if len(n.Results) == u.result.Len() {
				for i, value := range n.Results {
					u.box(value, u.result.At(i).Type())
				}
			}
		case *ast.SendStmt:
			if channel, ok := u.info.TypeOf(n.Chan).(*types.Chan); ok {
				u.box(n.Value, channel.Elem())
			}
		case *ast.Ident:
			u.use(n)
		}
		return true
	})
}

// function follows the body of a function of a type.
func (u *uses) function(t types.Type, body *ast.BlockStmt, follow func(ast.Node)) {
	outer := u.result
	u.result = nil
	if signature, ok := t.(*types.Signature); ok {
		u.result = signature.Results()
	}
	follow(body)
	u.result = outer
}

// call follows a call. A function literal among the arguments is taken to be called, as in once.Do(func() { … }).
func (u *uses) call(n *ast.CallExpr) {
	for _, part := range append(n.Args[:len(n.Args):len(n.Args)], n.Fun) {
		if f, ok := part.(*ast.FuncLit); ok {
			u.function(u.info.TypeOf(f), f.Body, u.follow)
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
	for i, e := range left {
		if len(left) == len(right) {
			u.box(right[i], u.info.TypeOf(e))
		}
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
		if receiver := f.Signature().Recv(); receiver != nil && types.IsInterface(receiver.Type()) {
			u.dispatch([]string{f.Name()}, receiver.Type())
		}
	}
	switch {
	case u.unset[object]:
		u.found = append(u.found, name)
		delete(u.unset, object)
	case u.bodies[object] != nil && !u.seen[object]:
		u.seen[object] = true
		u.function(object.Type(), u.bodies[object].Body, u.follow)
	}
}

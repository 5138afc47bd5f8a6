package program

import (
	"go/ast"
	"go/token"
	"maps"
	"slices"
	"strings"
)

// followEarly follows what Go runs before func main: functions named init, and the initializers that stay in the program since
// their variables are not kept. What they need has to be loaded as well, and then they run behind that.
func (r *rewriting) followEarly(found *reach) {
	for _, file := range r.all {
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if isInit(d) {
					found.mention(d.Body)
				}
			case *ast.GenDecl:
				if d.Tok == token.VAR {
					found.followInitializers(d)
				}
			}
		}
	}
}

// followInitializers follows the initializers of variables, but for functions, which nothing calls here.
func (r *reach) followInitializers(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		for _, value := range spec.(*ast.ValueSpec).Values {
			if _, isFunc := value.(*ast.FuncLit); !isFunc {
				r.mention(value)
			}
		}
	}
}

func isInit(d *ast.FuncDecl) bool { return d.Recv == nil && d.Name.Name == "init" && d.Body != nil }

// dependsOn tells whether what expressions or a body mention leads to one of names.
func dependsOn[T ast.Node](r *reach, names map[string]bool, nodes ...T) bool {
	depends := &reach{bodies: r.bodies, vars: map[string]*ast.ValueSpec{}, seen: map[string]bool{}}
	for _, node := range nodes {
		depends.follow(node)
	}
	return slices.ContainsFunc(slices.Collect(maps.Keys(depends.seen)), func(name string) bool { return names[name] })
}

// late are assignments in place of the initializers of variables that depend on loaded ones: an initializer would run before
// these have their values. Loaded are the names of all variables that have no value before.
func (r *rewriting) late(reached *reach, load []kept) (list []string, loaded map[string]bool) {
	loaded = map[string]bool{}
	for _, v := range load {
		loaded[v.here] = true
	}
	grouped, done := r.groupedInitializers(), map[*ast.ValueSpec]bool{}
	for _, initializer := range r.info.InitOrder {
		spec := grouped[initializer.Rhs]
		if spec == nil || done[spec] || r.hasProblem(spec) || !dependsOn(reached, loaded, spec.Values...) {
			continue
		}
		var left []string
		for _, name := range spec.Names {
			if loaded[name.Name] { // it has its value
				left = append(left, "_")
			} else {
				left = append(left, name.Name)
			}
		}
		typed, ok := r.typedSpec(spec)
		if !ok || !slices.ContainsFunc(spec.Names, func(name *ast.Ident) bool { return !loaded[name.Name] }) {
			continue
		}
		done[spec] = true
		for _, name := range spec.Names {
			loaded[name.Name] = name.Name != "_" // what depends on it is late as well
		}
		from, to := r.offset(spec.Pos()), r.offset(spec.End())
		r.replace(from, to, typed+r.lineBreaks(from, to))
		list = append(list, strings.Join(left, ", ")+" = "+r.source.Text[r.offset(spec.Values[0].Pos()):to])
	}
	return list, loaded
}

// groupedInitializers are those of the variables that are declared between parentheses, as GoNB writes all of them.
func (r *rewriting) groupedInitializers() map[ast.Expr]*ast.ValueSpec {
	grouped := map[ast.Expr]*ast.ValueSpec{}
	for _, decl := range r.main.Decls {
		if d, ok := decl.(*ast.GenDecl); ok && d.Tok == token.VAR && d.Lparen.IsValid() {
			for _, spec := range d.Specs {
				for _, value := range spec.(*ast.ValueSpec).Values {
					grouped[value] = spec.(*ast.ValueSpec)
				}
			}
		}
	}
	return grouped
}

// delayInits makes the functions named init that depend on variables without a value so far wait for these, and those behind
// them, which may depend on what they do.
func (r *rewriting) delayInits(reached *reach, unset map[string]bool) (any bool) {
	for _, decl := range r.main.Decls {
		d, ok := decl.(*ast.FuncDecl)
		if !ok || !isInit(d) || !any && !dependsOn(reached, unset, d.Body) {
			continue
		}
		if !any {
			r.append("var " + prefix + "inits []func()")
		}
		any = true
		from, to := r.offset(d.Body.Lbrace)+1, r.offset(d.Body.Rbrace)
		r.replace(from, from, prefix+"inits = append("+prefix+"inits, func() {")
		r.replace(to, to, "})")
	}
	return any
}

// typedSpec declares the variables of a spec by their types alone.
func (r *rewriting) typedSpec(spec *ast.ValueSpec) (text string, ok bool) {
	var typed []string
	for _, name := range spec.Names {
		if name.Name == "_" {
			continue
		}
		text, needs, ok := r.names.write(r.info.Defs[name].Type())
		if !ok {
			return "", false
		}
		for _, need := range needs {
			r.need(need.Path)
		}
		typed = append(typed, name.Name+" "+text)
	}
	return strings.Join(typed, "; "), true
}

// hasProblem tells a part of the program with an error in it, which has to stay where it is.
func (r *rewriting) hasProblem(node ast.Node) bool {
	return slices.ContainsFunc(r.problems, func(at token.Pos) bool { return node.Pos() <= at && at < node.End() })
}

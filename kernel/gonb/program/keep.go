package program

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// kept is a variable whose value is loaded or saved.
type kept struct {
	name        string // in the store
	typ         string
	here        string // its name in the program
	initialized bool   // by its declaration: where it is not kept, the next program has the value that this gives it
}

// flagPackages keep pointers to the variables that a program declares with them: these belong to one run.
var flagPackages = []string{"flag", "github.com/spf13/pflag"}

// keepsAny tells, by names alone, a program that loads or saves anything.
func (r *rewriting) keepsAny() bool {
	if r.cell.Store == "" && len(r.cell.Lost) == 0 {
		return false
	}
	found := r.reachable()
	if slices.ContainsFunc(r.cell.Lost, func(name string) bool { return found.seen[name] }) {
		return true
	}
	if r.cell.Store == "" {
		return false
	}
	for name, spec := range found.vars {
		if r.concerns(found, name, spec) {
			return true
		}
	}
	return false
}

// concerns tells a variable of the package that a program loads or saves: one that it can reach, or one that the cell declares
// by a call, which the next programs need not repeat. A number or a text that nothing changes is as good as a constant.
func (r *rewriting) concerns(found *reach, name string, spec *ast.ValueSpec) bool {
	stored, declared := r.isStored(name), slices.Contains(r.cell.Declared, name)
	switch {
	case r.isFlag(spec):
		return false
	case found.seen[name]:
		return stored && !declared || !isLiteral(spec) || r.changes(name)
	}
	return declared && hasCall(spec)
}

func (r *rewriting) isStored(name string) bool {
	_, ok := r.cell.Stored[name]
	return ok
}

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

func hasCall(spec *ast.ValueSpec) bool {
	has := false
	for _, value := range spec.Values {
		ast.Inspect(value, func(node ast.Node) bool {
			_, isCall := node.(*ast.CallExpr)
			has = has || isCall
			_, isFunc := node.(*ast.FuncLit)
			return !isFunc
		})
	}
	return has
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

// keep makes the program load the variables that it can reach, and save them and those that it declares.
func (r *rewriting) keep(new []found) {
	if r.cell.Store == "" {
		return
	}
	reached := r.reachable()
	r.followShared(reached, new)
	var load, save []kept
	restart := map[string]string{} // how the declared initializers of variables give them values, by their names
	isNew := map[string]bool{}
	for _, v := range new {
		isNew[v.Name] = true
		if v.oldIn != "" && r.isStored(v.Name) {
			load = append(load, kept{v.Name, r.names.list(v.old.Type()), v.oldIn, false})
		}
		save = append(save, kept{v.Name, v.Type, v.Name, false})
	}
	for _, name := range slices.Sorted(maps.Keys(reached.vars)) {
		spec := reached.vars[name]
		object := r.pkg.Scope().Lookup(name)
		if isNew[name] || object == nil || !r.concerns(reached, name, spec) {
			continue
		}
		v := kept{name, r.names.list(object.Type()), name, len(spec.Values) > 0}
		save = append(save, v)
		if r.loads(name) {
			load = append(load, v)
			r.withoutInitializer(spec, restart)
		}
	}
	if len(load) == 0 && len(save) == 0 {
		return
	}
	for _, v := range save {
		r.outcome.Saved = append(r.outcome.Saved, v.name)
	}
	brace := r.offset(r.entry.Body.Lbrace) + 1
	r.replace(brace, brace, "defer "+prefix+"keep()();")
	r.append(r.keepFunc(load, save, restart))
}

// followShared adds the variables that share memory with those that the program can reach.
func (r *rewriting) followShared(reached *reach, new []found) {
	isNew := func(name string) bool {
		return slices.ContainsFunc(new, func(v found) bool { return v.Name == name && v.oldIn == "" })
	}
	for more := true; more; {
		more = false
		for name := range reached.vars {
			if !reached.seen[name] || !r.loads(name) || isNew(name) {
				continue
			}
			for _, other := range r.cell.Stored[name].Shared {
				if reached.vars[other] != nil && !reached.seen[other] {
					reached.seen[other], more = true, true
				}
			}
		}
	}
}

// loads tells a variable whose value comes from the store: not one that the cell declares anew.
func (r *rewriting) loads(name string) bool {
	return r.isStored(name) && !slices.Contains(r.cell.Declared, name)
}

// list is a type for a list of variables: in words of the program, as far as there are.
func (n *naming) list(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		switch known, imported := n.imported[p.Path()]; {
		case p == n.pkg:
			return ""
		case imported:
			return known.Name
		}
		return p.Name()
	})
}

// withoutInitializer declares variables that are loaded by their types alone, so that their initializers do not run; restart
// gets these for the case that the values cannot be loaded. It does nothing where one of the variables is not loaded, or
// where a type has no name.
func (r *rewriting) withoutInitializer(spec *ast.ValueSpec, restart map[string]string) {
	if len(spec.Values) == 0 || !r.isGrouped(spec) {
		return
	}
	var typed []string
	for _, name := range spec.Names {
		object := r.pkg.Scope().Lookup(name.Name)
		if name.Name == "_" || object == nil || !r.loads(name.Name) {
			return
		}
		text, needs, ok := r.names.write(object.Type())
		if !ok {
			return
		}
		for _, need := range needs {
			r.need(need.Path)
		}
		typed = append(typed, name.Name+" "+text)
	}
	values := r.source.Text[r.offset(spec.Values[0].Pos()):r.offset(spec.End())]
	from, to := r.offset(spec.Pos()), r.offset(spec.End())
	r.replace(from, to, strings.Join(typed, "; ")+r.lineBreaks(from, to))
	for _, name := range spec.Names {
		restart[name.Name] = nameList(spec.Names) + " = " + values
	}
}

// isGrouped tells a variable that is declared between parentheses, as GoNB writes all of them.
func (r *rewriting) isGrouped(spec *ast.ValueSpec) bool {
	for _, decl := range r.main.Decls {
		if d, ok := decl.(*ast.GenDecl); ok && d.Lparen.IsValid() && d.Pos() < spec.Pos() && spec.End() <= d.End() {
			return true
		}
	}
	return false
}

// keepFunc loads, and returns the function that saves. What is lost is said on standard error, but not that a variable will have
// its declared value again: that is what a program expects.
func (r *rewriting) keepFunc(load, save []kept, restart map[string]string) string {
	path := r.source.Helpers + "/keep"
	keep, out := r.names.importAs(path, prefix+"keeping"), r.names.importAs("os", prefix+"os")
	r.need(path)
	r.need("os")
	var b strings.Builder
	// The program's own names must not be hidden.
	store, say, loss := prefix+"store", prefix+"say", prefix+"loss"
	fmt.Fprintf(&b, "func %skeep() func() {\n", prefix)
	fmt.Fprintf(&b, "\t%s := %s.Open(%q, %s)\n", store, keep, r.cell.Store, r.options(keep, load))
	fmt.Fprintf(&b, "\t%s := func(name, how, why string) { %s.Stderr.WriteString(name + how + why + \"\\n\") }\n", say, out)
	if len(load) > 0 {
		fmt.Fprintf(&b, "\tfor _, %s := range %s.Load(%s) {\n", loss, store, r.variables(keep, load))
		fmt.Fprintf(&b, "\t\t%s(%s.Name, \" is not available: \", %s.String())\n", say, loss, loss)
		if len(restart) > 0 {
			fmt.Fprintf(&b, "\t\tswitch %s.Name {\n", loss)
			for _, name := range slices.Sorted(maps.Keys(restart)) {
				fmt.Fprintf(&b, "\t\tcase %q:\n\t\t\t%s\n", name, restart[name])
			}
			b.WriteString("\t\t}\n")
		}
		b.WriteString("\t}\n")
	}
	fmt.Fprintf(&b, "\treturn func() {\n\t\tfor _, %s := range %s.Save(%s) {\n", loss, store, r.variables(keep, save))
	var silent []string
	for _, v := range save {
		if v.initialized {
			silent = append(silent, fmt.Sprintf("%q", v.name))
		}
	}
	if len(silent) > 0 {
		fmt.Fprintf(&b, "\t\t\tswitch %s.Name {\n\t\t\tcase %s:\n\t\t\t\tcontinue\n\t\t\t}\n", loss, strings.Join(silent, ", "))
	}
	fmt.Fprintf(&b, "\t\t\t%s(%s.Name, \" is not kept: \", %s.String())\n\t\t}\n\t}\n}", say, loss, loss)
	return b.String()
}

func (r *rewriting) variables(keep string, list []kept) string {
	var b strings.Builder
	for _, v := range list {
		fmt.Fprintf(&b, "%s.Variable{Name: %q, Type: %q, Pointer: &%s}, ", keep, v.name, v.typ, v.here)
	}
	return strings.TrimSuffix(b.String(), ", ")
}

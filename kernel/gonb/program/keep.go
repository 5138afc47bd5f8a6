package program

import (
	"fmt"
	"go/ast"
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
	assigned    bool   // but the cell gives it another
	use         string // where the program first uses the loaded value, as line:column of main.go; empty where it does not
	plain       bool   // a boolean, a number or a string, alone
	replaced    bool   // the program assigns to it without having used the loaded value
	ran         string // true once the statement that declares it has run; empty where the variable is saved in any case
}

// keepsAny tells, by names alone, a program that loads or saves anything.
func (r *rewriting) keepsAny() bool {
	if r.cell.Store == "" && len(r.cell.Lost) == 0 {
		return false
	}
	found := r.concerned()
	if slices.ContainsFunc(r.cell.Lost, func(name string) bool { return found.seen[name] }) {
		return true
	}
	if r.cell.Store == "" {
		return false
	}
	if len(r.retyped(found)) > 0 {
		return true
	}
	for name, spec := range found.vars {
		if r.concerns(found, name, spec) {
			return true
		}
	}
	return false
}

// concerned is what the program can reach, from func main, from the variables that the cell declares, and from what Go runs
// before func main.
func (r *rewriting) concerned(apart ...string) *reach {
	found := r.reachable(apart...)
	r.followEarly(found)
	for _, name := range r.cell.Declared {
		if spec := found.vars[name]; spec != nil && isComputed(spec) && !r.isFlag(spec) {
			found.seen[name] = true
			found.mention(spec)
		}
	}
	return found
}

// concerns tells a variable of the package that a program loads or saves: one that it can reach. A number or a text that
// nothing changes is as good as a constant.
func (r *rewriting) concerns(found *reach, name string, spec *ast.ValueSpec) bool {
	if slices.Contains(r.cell.Skip, name) && !slices.Contains(r.cell.Declared, name) && !r.isAssigned(name) {
		return false
	}
	return found.seen[name] && !r.isFlag(spec) && (r.loads(name) || !isLiteral(spec) || r.changes(name))
}

func (r *rewriting) isStored(name string) bool {
	_, ok := r.cell.Stored[name]
	return ok
}

// keep makes the program load the variables that it can reach, and save them and those that it declares.
func (r *rewriting) keep(new []found) {
	if r.cell.Store == "" {
		return
	}
	reached := r.concerned()
	r.followShared(reached, new)
	var load, save []kept
	isNew, ran := map[string]bool{}, r.markRuns(new)
	for i, v := range new {
		isNew[v.Name] = true
		if v.oldIn != "" && r.isStored(v.Name) {
			load = append(load, kept{name: v.Name, typ: r.names.list(v.old.Type()), here: v.oldIn, plain: r.isPlain(v.Name, v.old.Type())})
		}
		save = append(save, kept{name: v.Name, typ: v.Type, here: v.Name, plain: r.isPlain(v.Name, v.object.Type()), ran: ran[i]})
	}
	for _, name := range slices.Sorted(maps.Keys(reached.vars)) {
		spec := reached.vars[name]
		object := r.pkg.Scope().Lookup(name)
		if isNew[name] || object == nil || !r.concerns(reached, name, spec) {
			continue
		}
		v := kept{name: name, typ: r.names.list(object.Type()), here: name, initialized: len(spec.Values) > 0, plain: r.isPlain(name, object.Type())}
		v.assigned = assigns(r.entry.Body, name)
		save = append(save, v)
		if r.loads(name) {
			load = append(load, v)
		}
		r.declared(spec)
	}
	for _, name := range r.retyped(reached) {
		object := r.pkg.Scope().Lookup(name)
		if object != nil && !isNew[name] && !slices.ContainsFunc(load, func(v kept) bool { return v.name == name }) {
			load = append(load, kept{name: name, typ: r.names.list(object.Type()), here: name, plain: r.isPlain(name, object.Type())})
		}
	}
	if len(load) == 0 && len(save) == 0 {
		return
	}
	r.markUses(load)
	for _, v := range save {
		r.outcome.Saved = append(r.outcome.Saved, v.name)
	}
	brace := r.offset(r.entry.Body.Lbrace) + 1
	r.replace(brace, brace, "defer "+prefix+"keep()();")
	late, loaded := r.late(reached, load)
	r.append(r.keepFunc(load, save, late, r.delayInits(reached, loaded)))
}

// markRuns notes which of the statements that declare variables have run, by variable: a program that ends before one, by a panic or
// a return, is to keep the value of before.
func (r *rewriting) markRuns(new []found) []string {
	ran, ends := make([]string, len(new)), []int{}
	for i, v := range new {
		if v.oldIn == v.Name { // the value of before was loaded
			continue
		}
		if !slices.Contains(ends, v.end) {
			ends = append(ends, v.end)
			r.replace(v.end, v.end, fmt.Sprintf(";%sran[%d] = true", prefix, len(ends)-1))
		}
		ran[i] = fmt.Sprintf("%sran[%d]", prefix, slices.Index(ends, v.end))
	}
	if len(ends) > 0 {
		r.append(fmt.Sprintf("var %sran [%d]bool", prefix, len(ends)))
	}
	return ran
}

// markUses notes where the program first uses the values that it loads: it is not to run without them.
func (r *rewriting) markUses(load []kept) {
	loaded := map[types.Object]bool{}
	for _, v := range load {
		if object := r.pkg.Scope().Lookup(v.name); object != nil && !v.initialized {
			loaded[object] = true
		}
	}
	first := r.firstUses(loaded)
	for i := range load {
		object := r.pkg.Scope().Lookup(load[i].name)
		load[i].replaced = loaded[object] && !first.Unset[object]
	}
	for _, use := range first.Uses {
		at := r.files.PositionFor(use.Pos(), false)
		for i := range load {
			if load[i].name == use.Name {
				load[i].use, load[i].replaced = fmt.Sprintf("%d:%d", at.Line, at.Column), false
			}
		}
	}
}

// isPlain tells a variable of a predeclared type that refers to nothing. What is kept under its name has no file.
func (r *rewriting) isPlain(name string, t types.Type) bool {
	stored, ok := r.cell.Stored[name]
	basic, is := types.Unalias(t).(*types.Basic)
	return is && basic.Kind() != types.UnsafePointer && basic.Kind() != types.Invalid && basic.Info()&types.IsUntyped == 0 && (!ok || stored.Small)
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

// declared tells the kernel how variables that are declared outside of a function can be declared by their types alone, once
// their values are kept.
func (r *rewriting) declared(spec *ast.ValueSpec) {
	if slices.ContainsFunc(r.outcome.Variables, func(v Variable) bool { return v.Name == spec.Names[0].Name }) {
		return
	}
	var group []Variable
	for _, name := range spec.Names {
		if name.Name == "_" {
			continue
		}
		object := r.pkg.Scope().Lookup(name.Name)
		if object == nil {
			return
		}
		text, needs, ok := r.names.write(object.Type())
		if !ok {
			return
		}
		group = append(group, Variable{Name: name.Name, Type: text, Imports: needs})
	}
	for i := range group {
		for _, v := range group {
			group[i].Group = append(group[i].Group, v.Name)
		}
	}
	r.outcome.Variables = append(r.outcome.Variables, group...)
}

// keepFunc loads, initializes what depends on that, and returns the function that saves.
func (r *rewriting) keepFunc(load, save []kept, late []string, delayed bool) string {
	of := "cellvars"
	if !slices.ContainsFunc(slices.Concat(load, save), func(v kept) bool { return !v.plain }) {
		of = "plain" // links in much less time
	}
	path := r.source.Helpers + "/keep/" + of
	cellvars := r.names.importAs(path, prefix+of)
	r.need(path)
	var b strings.Builder
	fmt.Fprintf(&b, "func %skeep() func() {\n", prefix)
	// The program's own names must not be hidden.
	fmt.Fprintf(&b, "\t%ssave := %s.Start(%s.Cell{\n", prefix, cellvars, cellvars)
	fmt.Fprintf(&b, "\t\tDir: %q, Quota: %d,\n", r.cell.Store, r.cell.Quota)
	fmt.Fprintf(&b, "\t\tVariables: []%s.Variable{\n%s\t\t},\n", cellvars, variables(load, save))
	if slices.ContainsFunc(load, func(v kept) bool { return v.use != "" }) {
		fmt.Fprintf(&b, "\t\tRefusal: %q,\n", r.cell.RefusalFile)
	}
	b.WriteString(r.dynamic(cellvars, load))
	b.WriteString("\t})\n")
	for _, assignment := range late {
		b.WriteString("\t" + assignment + "\n")
	}
	if delayed {
		fmt.Fprintf(&b, "\tfor _, %sinit := range %sinits {\n\t\t%sinit()\n\t}\n", prefix, prefix, prefix)
	}
	fmt.Fprintf(&b, "\treturn %ssave\n}", prefix)
	return b.String()
}

// variables are those that a program loads, saves, or both.
func variables(load, save []kept) string {
	var b strings.Builder
	line := func(v kept, flags string) {
		fmt.Fprintf(&b, "\t\t\t{Name: %q, Type: %q, Pointer: &%s%s},\n", v.name, v.typ, v.here, flags)
	}
	loads := func(v kept) string {
		switch {
		case v.replaced:
			return ", Load: true, Replaced: true"
		case v.use == "":
			return ", Load: true"
		}
		return fmt.Sprintf(", Load: true, Use: %q", v.use)
	}
	same := func(v kept) func(kept) bool {
		return func(other kept) bool { return v.name == other.name && v.here == other.here }
	}
	for _, v := range load {
		if !slices.ContainsFunc(save, same(v)) {
			line(v, loads(v))
		}
	}
	for _, v := range save {
		flags := ", Save: true"
		if i := slices.IndexFunc(load, same(v)); i >= 0 {
			flags = loads(load[i]) + flags
		}
		if v.ran != "" {
			flags += ", Assigned: &" + v.ran
		}
		if v.initialized && !v.assigned {
			flags += ", Initialized: true"
		}
		line(v, flags)
	}
	return b.String()
}

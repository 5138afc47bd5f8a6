package program

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// found is a variable that the statements declare.
type found struct {
	Variable
	object *types.Var
	old    *types.Var // the package's variable of that name; nil where there is none
	change bool       // the old one has another type
	oldIn  string     // the name of the old one in this program, where its value is used before it is replaced; else empty
	end    int        // the offset behind the statement

	replaces types.Object // a function, constant or type of that name, which an earlier cell declares
}

// prefix begins the names that are added to the program.
const prefix = "headstart_"

// IsAdded reports whether a name is one of those: no user has written it.
func IsAdded(name string) bool { return strings.HasPrefix(name, prefix) }

// hoist makes variables of the package of those that the statements of func main declare at its top level.
func (r *rewriting) hoist() []found {
	var list []found
	for _, statement := range r.entry.Body.List {
		for labeled, ok := statement.(*ast.LabeledStmt); ok; labeled, ok = statement.(*ast.LabeledStmt) {
			statement = labeled.Stmt
		}
		switch s := statement.(type) {
		case *ast.AssignStmt:
			if s.Tok != token.DEFINE {
				continue
			}
			if new, ok := r.movable(s, identifiers(s.Lhs)); ok {
				at := r.offset(s.TokPos)
				r.replace(at, at+2, "= ")
				list = appendEnding(list, new, r.offset(s.End()))
			}
		case *ast.DeclStmt:
			if declaration, ok := s.Decl.(*ast.GenDecl); ok && declaration.Tok == token.VAR {
				list = appendEnding(list, r.hoistVar(declaration), r.offset(s.End()))
			}
		}
	}
	for i := range list {
		r.place(&list[i])
		r.outcome.Variables = append(r.outcome.Variables, list[i].Variable)
	}
	return list
}

func appendEnding(list, new []found, end int) []found {
	for i := range new {
		new[i].end = end
	}
	return append(list, new...)
}

func identifiers(list []ast.Expr) []*ast.Ident {
	var names []*ast.Ident
	for _, e := range list {
		if name, ok := e.(*ast.Ident); ok {
			names = append(names, name)
		}
	}
	return names
}

// movable are the variables that a statement declares among names; ok is false where one of them has a type without a name
// outside of func main. They then stay there, and are used, as Go demands.
func (r *rewriting) movable(statement ast.Node, names []*ast.Ident) (list []found, ok bool) {
	ok = true
	var reasons []Dropped
	for _, name := range names {
		object, isNew := r.info.Defs[name].(*types.Var)
		if !isNew || name.Name == "_" {
			continue
		}
		text, needs, named := r.names.write(object.Type())
		switch {
		case r.importsAs(name.Name):
			ok = false
			reasons = append(reasons, Dropped{Name: name.Name, Reason: "its name is that of a package that the program imports"})
		case name.Name == "main" || name.Name == "init":
			ok = false
			reasons = append(reasons, Dropped{Name: name.Name, Reason: "outside of a function the name belongs to a function"})
		case r.needs(name.Name):
			ok = false
			reasons = append(reasons, Dropped{Name: name.Name, Reason: "its name is that of a type, constant or function that the cell uses"})
		case r.hidesOwn(name.Name):
			ok = false
			reasons = append(reasons, Dropped{Name: name.Name, Reason: "its name hides Go's own " + name.Name + ", which later cells need"})
		case !named:
			ok = false
			if object.Type() != types.Typ[types.Invalid] {
				reasons = append(reasons, Dropped{Name: name.Name, Reason: "its type, " + types.TypeString(object.Type(), types.RelativeTo(r.pkg)) + ", has no name outside of its package"})
			}
		}
		earlier := r.pkg.Scope().Lookup(name.Name)
		old, _ := earlier.(*types.Var)
		v := found{Variable: Variable{Name: name.Name, Type: text, Imports: needs}, object: object, old: old}
		v.change = old != nil && named && !types.Identical(old.Type(), object.Type())
		v.Known = old != nil && !v.change
		if earlier != nil && old == nil && !slices.Contains(r.cell.Declared, name.Name) {
			v.replaces = earlier
		}
		list = append(list, v)
	}
	if ok {
		return list, true
	}
	r.outcome.NotKept = append(r.outcome.NotKept, reasons...)
	var used strings.Builder
	for _, v := range list {
		if len(reasons) > 0 && !slices.ContainsFunc(reasons, func(d Dropped) bool { return d.Name == v.Name }) {
			r.outcome.NotKept = append(r.outcome.NotKept, Dropped{Name: v.Name, Reason: "it is declared together with " + reasons[0].Name})
		}
		fmt.Fprintf(&used, "; _ = %s", v.Name)
	}
	end := r.offset(statement.End())
	r.replace(end, end, used.String())
	return nil, false
}

// importsAs tells whether main.go imports a package by that name, which no variable of the package can have then.
func (r *rewriting) importsAs(name string) bool {
	for _, spec := range r.main.Imports {
		if i, ok := r.names.imported[unquoted(spec.Path)]; ok && i.Name == name {
			return true
		}
	}
	return false
}

// needs tells a name of the package, but of no variable, that the cell declares itself or uses in its statements.
func (r *rewriting) needs(name string) bool {
	object := r.pkg.Scope().Lookup(name)
	if _, isVar := object.(*types.Var); isVar || object == nil {
		return false
	}
	if slices.Contains(r.cell.Declared, name) {
		return true
	}
	for ident, used := range r.info.Uses {
		if used == object && r.entry.Body.Pos() <= ident.Pos() && ident.Pos() < r.entry.Body.End() {
			return true
		}
	}
	return false
}

// hidesOwn tells the name of a type or a constant that Go declares, and of a function that the program uses: a variable of the
// package would take it from all cells.
func (r *rewriting) hidesOwn(name string) bool {
	own := types.Universe.Lookup(name)
	if _, isFunc := own.(*types.Builtin); !isFunc {
		return own != nil
	}
	for _, used := range r.info.Uses {
		if used == own {
			return true
		}
	}
	return false
}

// hoistVar makes assignments of a var declaration in func main.
func (r *rewriting) hoistVar(d *ast.GenDecl) []found {
	var list []found
	for _, spec := range d.Specs {
		new, ok := r.movable(d, spec.(*ast.ValueSpec).Names)
		if !ok {
			return nil
		}
		list = append(list, new...)
	}
	r.blank(r.offset(d.TokPos), r.offset(d.TokPos)+len("var"))
	if d.Lparen.IsValid() {
		r.blank(r.offset(d.Lparen), r.offset(d.Lparen)+1)
		r.blank(r.offset(d.Rparen), r.offset(d.Rparen)+1)
	}
	for _, spec := range d.Specs {
		s := spec.(*ast.ValueSpec)
		from := r.offset(s.Pos())
		if len(s.Values) > 0 { // a line break of the type must not end the assignment
			to := r.offset(s.Values[0].Pos())
			r.replace(from, to, r.lineBreaks(from, to)+nameList(s.Names)+" = ")
			continue
		}
		var zero strings.Builder
		for _, name := range s.Names {
			if name.Name != "_" {
				fmt.Fprintf(&zero, "%szero(&%s);", prefix, name.Name)
				r.append(zeroFunc)
			}
		}
		to := r.offset(s.End())
		r.replace(from, to, r.lineBreaks(from, to)+zero.String())
	}
	return list
}

const zeroFunc = "func " + prefix + "zero[T any](p *T) { var zero T; *p = zero }"

// append appends a declaration to the program, once.
func (r *rewriting) append(declaration string) {
	if !slices.Contains(r.tail, declaration) {
		r.tail = append(r.tail, declaration)
	}
}

func nameList(names []*ast.Ident) string {
	var list []string
	for _, name := range names {
		list = append(list, name.Name)
	}
	return strings.Join(list, ", ")
}

// place declares a variable in the package, instead of one of another type.
func (r *rewriting) place(v *found) {
	if v.replaces != nil {
		r.renameSpec(v.replaces, "_")
		r.outcome.Dropped = append(r.outcome.Dropped, Dropped{v.Name, "it is now a variable", v.Name})
	}
	uses := r.usesInMain(v.old)
	if v.old != nil && !v.change {
		if len(uses) > 0 || r.isUsedOutside(v.old) {
			v.oldIn = v.Name
		}
		return // it has its place
	}
	if v.old != nil {
		if len(uses) > 0 {
			v.oldIn = prefix + "old_" + v.Name
			for _, use := range uses {
				r.replace(r.offset(use.Pos()), r.offset(use.End()), v.oldIn)
			}
			r.renameSpec(v.old, v.oldIn)
		} else {
			r.renameSpec(v.old, "_")
		}
	}
	r.append("var " + v.Name + " " + v.Type)
	for _, need := range v.Imports {
		r.need(need.Path)
	}
}

// usesInMain are the places in func main where a variable of the package is used.
func (r *rewriting) usesInMain(v *types.Var) []*ast.Ident {
	if v == nil {
		return nil
	}
	var uses []*ast.Ident
	ast.Inspect(r.entry.Body, func(node ast.Node) bool {
		if name, ok := node.(*ast.Ident); ok && r.info.Uses[name] == v {
			uses = append(uses, name)
		}
		return true
	})
	return uses
}

// isUsedOutside tells whether what func main calls, and what runs before it, mentions a variable of the package.
func (r *rewriting) isUsedOutside(v *types.Var) bool {
	used := false
	for _, node := range r.concerned(v.Name()).followed {
		ast.Inspect(node, func(node ast.Node) bool {
			name, ok := node.(*ast.Ident)
			used = used || ok && r.info.Uses[name] == v
			return !used
		})
	}
	return used
}

// renameSpec gives a declaration of the package another name.
func (r *rewriting) renameSpec(v types.Object, name string) {
	for ident, object := range r.info.Defs {
		if object == v && r.files.File(ident.Pos()) == r.files.File(r.main.Pos()) {
			r.replace(r.offset(ident.Pos()), r.offset(ident.End()), name)
		}
	}
}

// need imports a package, where naming has chosen a name for it that the program does not import.
func (r *rewriting) need(path string) {
	for _, i := range r.names.added {
		if i.Path == path && !slices.Contains(r.imports, i) {
			r.imports = append(r.imports, i)
		}
	}
}

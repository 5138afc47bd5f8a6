package program

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// dropDependents leaves out the functions of earlier cells that no longer compile since a variable has another type, or since
// the cell declares anew what they use.
func (r *rewriting) dropDependents(text string, new []found) (string, []Dropped) {
	changed, causes := r.redeclarations(), map[string]string{} // why, and by which variable, by what the function mentions
	for _, v := range new {
		causes[v.Name] = v.Name
		if v.replaces != nil {
			changed[v.Name] = "it uses " + v.Name + ", which is now a variable"
		}
		if v.change {
			changed[v.Name] = fmt.Sprintf("it uses %s as %s, which is now %s", v.Name, r.names.list(v.old.Type()), v.Type)
		}
	}
	var dropped []Dropped
	for range 20 { // a function may depend on one that has been dropped
		if len(changed) == 0 {
			break
		}
		more := false
		for _, f := range r.broken(text) {
			why, mentioned := reason(f.declaration, changed)
			if why == "" || slices.Contains(r.cell.Declared, f.key) {
				continue
			}
			dropped, more = append(dropped, Dropped{f.key, why, causes[mentioned]}), true
			causes[f.declaration.Name.Name] = causes[mentioned]
			changed[f.declaration.Name.Name] = "it uses " + f.declaration.Name.Name + ", which is dropped"
			text = text[:f.from] + spaces(text[f.from:f.to]) + text[f.to:]
		}
		if !more {
			break
		}
	}
	if len(dropped) > 0 {
		text = r.blankUnused(text)
	}
	return text, dropped
}

// blankUnused makes blank imports of those that only a dropped function used.
func (r *rewriting) blankUnused(text string) string {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "main.go", text, parser.SkipObjectResolution)
	if err != nil {
		return text
	}
	used := map[string]bool{}
	ast.Inspect(file, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok {
			if name, ok := selector.X.(*ast.Ident); ok {
				used[name.Name] = true
			}
		}
		return true
	})
	names := map[string]string{}
	for _, p := range r.pkg.Imports() {
		names[p.Path()] = p.Name()
	}
	for _, spec := range slices.Backward(file.Imports) {
		name := names[unquoted(spec.Path)]
		from, to := spec.Path.Pos(), spec.Path.Pos()
		if spec.Name != nil {
			name, from = spec.Name.Name, spec.Name.Pos()
		}
		if name == "" || name == "_" || name == "." || used[name] {
			continue
		}
		text = text[:files.PositionFor(from, false).Offset] + "_ " + text[files.PositionFor(to, false).Offset:]
	}
	return text
}

func spaces(text string) string {
	result := []byte(text)
	for i := range result {
		if result[i] != '\n' {
			result[i] = ' '
		}
	}
	return string(result)
}

// brokenFunc is a function with an error in it.
type brokenFunc struct {
	declaration *ast.FuncDecl
	key         string
	from, to    int
}

// broken are the functions of a program, but func main, in which there are errors.
func (r *rewriting) broken(text string) []brokenFunc {
	again := &rewriting{source: r.source, cell: r.cell}
	again.source.Text = text
	if !again.parse() {
		return nil
	}
	imports, err := r.source.Importer(importPaths(again.all))
	if err != nil {
		return nil
	}
	var list []brokenFunc
	config := again.config(imports, func(err error) {
		var problem types.Error
		if !errors.As(err, &problem) {
			return
		}
		for _, decl := range again.main.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f == again.entry || problem.Pos < f.Pos() || problem.Pos >= f.End() || strings.HasPrefix(f.Name.Name, prefix) ||
				slices.ContainsFunc(list, func(b brokenFunc) bool { return b.declaration == f }) {
				continue
			}
			list = append(list, brokenFunc{f, FuncKey(f), again.offset(f.Pos()), again.offset(f.End())})
		}
	})
	_, _ = config.Check("main", again.files, again.all, nil) // the errors were reported
	return list
}

// reason is why a function has to go: it mentions something that changed.
func reason(f *ast.FuncDecl, changed map[string]string) (why, mentioned string) {
	ast.Inspect(f, func(node ast.Node) bool {
		if name, ok := node.(*ast.Ident); ok && why == "" && name != f.Name {
			why, mentioned = changed[name.Name], name.Name
		}
		return why == ""
	})
	return why, mentioned
}

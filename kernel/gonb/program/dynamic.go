package program

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/types"
	"path"
	"regexp"
	"slices"
	"strings"
)

// dynamic are the types that the values to be loaded have in interfaces, and the functions that they are.
func (r *rewriting) dynamic(cellvars string, load []kept) string {
	var names, functions []string
	for _, v := range load {
		names = append(names, r.cell.Stored[v.name].Types...)
		functions = append(functions, r.cell.Stored[v.name].Funcs...)
	}
	var types, funcs strings.Builder
	for _, name := range sorted(names) {
		if text, ok := r.mention(name, true); ok {
			fmt.Fprintf(&types, "(*%s)(nil), ", text)
		}
	}
	for _, name := range sorted(functions) {
		if text, ok := r.mention(name, false); ok {
			fmt.Fprintf(&funcs, "{%q, %s}, ", name, text)
		}
	}
	result := ""
	if types.Len() > 0 {
		result += fmt.Sprintf("\t\tTypes: []any{%s},\n", strings.TrimSuffix(types.String(), ", "))
	}
	if funcs.Len() > 0 {
		result += fmt.Sprintf("\t\tFuncs: []%s.Func{%s},\n", cellvars, strings.TrimSuffix(funcs.String(), ", "))
	}
	return result
}

func sorted(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// globalName is a name as package runtime has it: an import path, and what is declared there, with the arguments of a generic
// type where these are predeclared.
var globalName = regexp.MustCompile(`^((?:[^\[]*/)?[^/.\[]+)\.(\pL[\pL\pN_]*)(\[[a-z0-9,]+\])?$`)

// mention is how the program writes a name of the store; ok is false where it cannot, or no longer declares it.
func (r *rewriting) mention(name string, isType bool) (text string, ok bool) {
	parts := globalName.FindStringSubmatch(name)
	if parts == nil {
		if !isType {
			return "", false
		}
		return r.unnamed(name)
	}
	from, declared, arguments := parts[1], parts[2], parts[3]
	if from == "main" {
		object := r.pkg.Scope().Lookup(declared)
		_, is := object.(*types.TypeName)
		return declared + arguments, object != nil && is == isType
	}
	if strings.Contains("/"+from+"/", "/internal/") {
		return "", false
	}
	local := r.names.importAs(from, prefix+notInNames.ReplaceAllString(path.Base(from), "_"))
	r.need(from)
	return local + "." + declared + arguments, true
}

// unnamed is how the program writes a type without a name, such as struct { a main.photo }. Its packages are known by their
// names alone, so that it can be written only where the program imports them.
func (r *rewriting) unnamed(text string) (string, bool) {
	expression, err := parser.ParseExpr(text)
	if err != nil {
		return "", false
	}
	ok := true
	var b strings.Builder
	at := 0
	ast.Inspect(expression, func(node ast.Node) bool {
		selector, is := node.(*ast.SelectorExpr)
		if !is {
			return ok
		}
		from, is := selector.X.(*ast.Ident)
		if !is {
			ok = false
			return false
		}
		local := ""
		if from.Name != "main" {
			imported, found := r.importOf(from.Name)
			ok = ok && found
			local = imported + "."
		} else if object, isType := r.pkg.Scope().Lookup(selector.Sel.Name).(*types.TypeName); object == nil || !isType {
			ok = false
		}
		b.WriteString(text[at:int(selector.Pos())-1] + local)
		at = int(selector.Sel.Pos()) - 1
		return false
	})
	return b.String() + text[at:], ok
}

// importOf is the name under which the program imports the package of a name; ok is false where it does not, or imports two.
func (r *rewriting) importOf(name string) (local string, ok bool) {
	for _, p := range r.pkg.Imports() {
		if known, imported := r.names.imported[p.Path()]; imported && p.Name() == name {
			if ok {
				return "", false
			}
			local, ok = known.Name, true
		}
	}
	return local, ok
}

var notInNames = regexp.MustCompile(`[^\pL\pN_]`)

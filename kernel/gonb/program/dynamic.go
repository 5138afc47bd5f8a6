package program

import (
	"fmt"
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
		return "", false
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

var notInNames = regexp.MustCompile(`[^\pL\pN_]`)

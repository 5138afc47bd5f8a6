package program

import (
	"fmt"
	"go/types"
	"path"
	"regexp"
	"slices"
	"strings"
)

// options are the store's: the types that the values to be loaded have in interfaces, and the functions that they are.
func (r *rewriting) options(keep string, load []kept) string {
	var names, functions []string
	for _, v := range load {
		names = append(names, r.cell.Stored[v.name].Types...)
		functions = append(functions, r.cell.Stored[v.name].Funcs...)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s.Options{Quota: %d", keep, r.cell.Quota)
	var list []string
	for _, name := range sorted(names) {
		if text, ok := r.mention(name, true); ok {
			reflect := r.names.importAs("reflect", prefix+"reflect")
			r.need("reflect")
			list = append(list, fmt.Sprintf("%s.TypeFor[%s]()", reflect, text))
		}
	}
	if len(list) > 0 {
		fmt.Fprintf(&b, ", Types: []%s.Type{%s}", r.names.importAs("reflect", prefix+"reflect"), strings.Join(list, ", "))
	}
	list = nil
	for _, name := range sorted(functions) {
		if text, ok := r.mention(name, false); ok {
			list = append(list, fmt.Sprintf("%q: %s", name, text))
		}
	}
	if len(list) > 0 {
		fmt.Fprintf(&b, ", Funcs: map[string]any{%s}", strings.Join(list, ", "))
	}
	return b.String() + "}"
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

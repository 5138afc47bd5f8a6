package program

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// show makes the value of the last statement, where it is an expression without a semicolon behind it, what the cell shows.
func (r *rewriting) show() {
	list := r.entry.Body.List
	if len(list) == 0 {
		return
	}
	last, ok := list[len(list)-1].(*ast.ExprStmt)
	if !ok {
		return
	}
	from, to := r.offset(last.Pos()), r.offset(last.End())
	if strings.HasPrefix(strings.TrimLeft(r.source.Text[to:], " \t"), ";") {
		if _, isCall := ast.Unparen(last.X).(*ast.CallExpr); !isCall {
			r.insertAround(from, to, "_ = ", "")
		}
		return
	}
	value, known := r.info.Types[last.X]
	if !known || value.IsVoid() || !value.IsValue() && !value.IsNil() || value.Type == types.Typ[types.Invalid] {
		return
	}
	results := 1
	endsInError := false
	if tuple, ok := value.Type.(*types.Tuple); ok {
		results = tuple.Len()
		endsInError = results > 0 && isError(tuple.At(results-1).Type())
	} else if _, isCall := ast.Unparen(last.X).(*ast.CallExpr); isCall {
		endsInError = isError(value.Type)
	}
	if results == 0 || r.prints(last.X) {
		return
	}
	r.insertAround(from, to, prefix+"show(", ")")
	r.append(r.showFunc(results, endsInError))
}

func (r *rewriting) insertAround(from, to int, before, after string) {
	r.replace(from, from, before)
	if after != "" {
		r.replace(to, to, after)
	}
}

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

// prints tells a call of fmt that prints: nobody asks for its number of bytes.
func (r *rewriting) prints(e ast.Expr) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return false
	}
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	function, ok := r.info.Uses[selector.Sel].(*types.Func)
	return ok && function.Pkg() != nil && function.Pkg().Path() == "fmt" &&
		(strings.HasPrefix(function.Name(), "Print") || strings.HasPrefix(function.Name(), "Fprint"))
}

// showFunc is the function that takes the values of the last expression. An error that a call returned last is shown if
// there is one.
func (r *rewriting) showFunc(results int, endsInError bool) string {
	var types, values []string
	for i := range results {
		name := fmt.Sprintf("v%d", i)
		values = append(values, name)
		types = append(types, name+" any")
	}
	write := r.writer()
	if !endsInError {
		return fmt.Sprintf("func %sshow(%s) { %s, %s) }", prefix, strings.Join(types, ", "), write, strings.Join(values, ", "))
	}
	last := values[results-1]
	rest := ""
	if results > 1 {
		rest = fmt.Sprintf("; return }; %s, %s)", write, strings.Join(values[:results-1], ", "))
	} else {
		rest = " }"
	}
	return fmt.Sprintf("func %sshow(%s) { if %s != nil { %s, %s)%s }", prefix, strings.Join(types, ", "), last, write, last, rest)
}

// writer is the beginning of a call that writes values: of this project's package, or, where cells cannot import it, of fmt.
func (r *rewriting) writer() string {
	if r.source.Helpers == "" {
		printer, out, encoder := r.names.importAs("fmt", prefix+"fmt"), r.names.importAs("os", prefix+"os"), r.names.importAs("encoding/json", prefix+"json")
		for _, path := range []string{"fmt", "os", "encoding/json"} {
			r.need(path)
		}
		r.append(fmt.Sprintf("func %swrite(file string, values ...any) { text := %s.Sprintf(\"%%+v\", values); data, _ := %s.Marshal(map[string]any{\"data\": map[string]string{\"text/plain\": text[1:len(text)-1]}}); %s.WriteFile(file, data, 0o600) }",
			prefix, printer, encoder, out))
		return fmt.Sprintf("%swrite(%q", prefix, r.cell.ValueFile)
	}
	result := r.names.importAs(r.source.Helpers+"/result", prefix+"result")
	r.need(r.source.Helpers + "/result")
	of := result + ".Of"
	if images := r.cell.Images; images.Folder != "" {
		folder := r.names.importAs(r.source.Helpers+"/result/imagefolder", prefix+"imagefolder")
		r.need(r.source.Helpers + "/result/imagefolder")
		of = fmt.Sprintf("%s.Of(%q, %q)", folder, images.Folder, images.Variable)
	} else if r.usesHelpers() {
		helpers := r.names.importAs(r.source.Helpers, prefix+"nbhelpers")
		r.need(r.source.Helpers)
		of = helpers + ".Bundle"
	}
	return fmt.Sprintf("%s.Write(%q, %s", result, r.cell.ValueFile, of)
}

// usesHelpers tells a program that may have values of this project's types.
func (r *rewriting) usesHelpers() bool {
	module := strings.TrimSuffix(r.source.Helpers, "/nbhelpers")
	return slices.ContainsFunc(importPaths(r.all), func(path string) bool { return strings.HasPrefix(path, module+"/") })
}

package position

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/headstart-nb/headstart/kernel/gonb/gopls"
)

// IsLocal reports whether the name at a place of a Go file is one of a function's own, such as a parameter, that hides a variable of
// the cells. What the statements of func main declare at its top level are variables of the cells.
func IsLocal(text string, at gopls.Position) bool {
	files := token.NewFileSet()
	file, _ := parser.ParseFile(files, "", text, parser.SkipObjectResolution) // what is being written has errors
	if file == nil {
		return false
	}
	info := types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Scopes: map[ast.Node]*types.Scope{}}
	config := types.Config{Error: func(error) {}} // packages are not imported: a variable is found without its type
	pkg, _ := config.Check(file.Name.Name, files, []*ast.File{file}, &info)
	shared := []*types.Scope{pkg.Scope()}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "main" {
			shared = append(shared, info.Scopes[f.Type])
		}
	}
	place := files.File(file.FileStart).Pos(offsetOf(text, at))
	for _, names := range []map[*ast.Ident]types.Object{info.Defs, info.Uses} {
		for name, object := range names {
			if name.Pos() <= place && place <= name.End() {
				variable, ok := object.(*types.Var)
				return ok && !variable.IsField() && !slices.Contains(shared, variable.Parent())
			}
		}
	}
	return false
}

// offsetOf is a place as a byte offset, or the end of its line or of the text where it lies behind it.
func offsetOf(text string, at gopls.Position) int {
	offset := 0
	for range at.Line {
		end := strings.IndexByte(text[offset:], '\n')
		if end < 0 {
			return len(text)
		}
		offset += end + 1
	}
	units := at.Character
	for _, r := range text[offset:] {
		if units <= 0 || r == '\n' {
			break
		}
		units -= utf16.RuneLen(r)
		offset += len(string(r))
	}
	return min(offset, len(text))
}

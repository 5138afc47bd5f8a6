package gotool

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
)

// displays is the package by which cells show things.
const displays = "github.com/janpfeifer/gonb/gonbui"

// flushed returns the text of a cell's program with `defer gonbui.Sync()` at the beginning of func main: GoNB closes the
// pipe by which a program shows things as soon as the program ends, and what it has not read by then is lost. It returns
// false where the program does not use gonbui, or has no main. The lines and columns of all else stay the same.
func flushed(text string) (string, bool) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "main.go", text, parser.SkipObjectResolution)
	if err != nil {
		return "", false
	}
	name := ""
	for _, spec := range file.Imports {
		if path, err := strconv.Unquote(spec.Path.Value); err != nil || path != displays {
			continue
		}
		name = "gonbui"
		if spec.Name != nil {
			name = spec.Name.Name
		}
	}
	if name == "" || name == "." || name == "_" {
		return "", false
	}
	for _, decl := range file.Decls {
		function, ok := decl.(*ast.FuncDecl)
		if !ok || function.Recv != nil || function.Name.Name != "main" || function.Body == nil {
			continue
		}
		behind := files.Position(function.Body.Lbrace + 1)
		call := fmt.Sprintf("defer %s.Sync();/*line :%d:%d*/", name, behind.Line, behind.Column)
		return text[:behind.Offset] + call + text[behind.Offset:], true
	}
	return "", false
}

// written writes the program, where it is not what GoNB wrote, into the folder work, and returns its name; empty where GoNB's
// own file will do.
func (t *Tool) written(work string) (string, error) {
	if !t.changed {
		return "", nil
	}
	file := filepath.Join(work, mainFile)
	return file, os.WriteFile(file, []byte(t.program), 0o600)
}

// overlay makes the go command read another text for a file of GoNB's; it returns the flag for it.
func (t *Tool) overlay(work, name, file string) (flag []string, err error) {
	if file == "" {
		return nil, nil
	}
	replace := map[string]map[string]string{"Replace": {filepath.Join(t.Dir, name): file}}
	text, err := json.Marshal(replace)
	if err != nil {
		return nil, err
	}
	list := filepath.Join(work, "overlay.json")
	return []string{"-overlay", list}, os.WriteFile(list, text, 0o600)
}

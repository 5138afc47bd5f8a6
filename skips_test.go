package headstart_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// plainSkips are the words with which a test may be skipped without internal/need: nothing is missing then.
var plainSkips = []string{"left out by -short", "this is the child"}

// TestSkipsAreNamed: HEADSTART_REQUIRE=all makes a failure only of a skip that goes through need.Lack.
func TestSkipsAreNamed(t *testing.T) {
	for code, want := range map[string]int{
		`t.Skip("needs the plugin")`: 1, `b.Skipf("needs %s", "it")`: 1, `tb.SkipNow()`: 1, `t.Skip(reason)`: 1,
		`t.Skip("left out by -short: takes a minute")`: 0, `t.Skip("this is the child of TestParent")`: 0, `need.Lack(t, need.Setup, "no plugin")`: 0,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "", "package p\nimport \"testing\"\nfunc f() { "+code+" }", 0)
		if err != nil {
			t.Fatal(err)
		}
		if found := unnamedSkips(file); len(found) != want {
			t.Errorf("%s: found %d, want %d", code, len(found), want)
		}
	}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			hidden := strings.HasPrefix(entry.Name(), ".") && name != "."
			if hidden || entry.Name() == "node_modules" || entry.Name() == "testdata" || filepath.ToSlash(name) == "internal/need" {
				return filepath.SkipDir
			}
			return nil
		case filepath.Ext(name) != ".go":
			return nil
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, place := range unnamedSkips(file) {
			t.Errorf("%s skips a test: call need.Lack, so that a run can require what is missing", set.Position(place))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// unnamedSkips finds the calls of Skip, Skipf and SkipNow in a file that imports testing.
func unnamedSkips(file *ast.File) (places []token.Pos) {
	if !slices.ContainsFunc(file.Imports, func(spec *ast.ImportSpec) bool { return spec.Path.Value == `"testing"` }) {
		return nil // a scanner has a method Skip, too
	}
	ast.Inspect(file, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if ok && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, method.Sel.Name) && !isPlainSkip(call) {
			places = append(places, call.Pos())
		}
		return true
	})
	return places
}

func isPlainSkip(call *ast.CallExpr) bool {
	if len(call.Args) == 0 {
		return false
	}
	words, ok := call.Args[0].(*ast.BasicLit)
	return ok && slices.ContainsFunc(plainSkips, func(plain string) bool { return strings.HasPrefix(strings.Trim(words.Value, "\"`"), plain) })
}

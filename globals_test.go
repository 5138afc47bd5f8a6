package headstart_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// withoutGlobals are the trees that this test covers.
var withoutGlobals = []string{"nbhelpers"}

// theOnlyGlobals are the exceptions, each with a reason beside its declaration.
var theOnlyGlobals = map[string]bool{"nbhelpers.process": true}

// TestNoMutableGlobals refuses package variables that something assigns to, or whose type exists to be changed: maps,
// channels, pointers, and whatever comes from sync. Tables, colors and error values are constants that Go cannot declare
// as such.
func TestNoMutableGlobals(t *testing.T) {
	for _, root := range withoutGlobals {
		packages := map[string][]*ast.File{}
		err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "node_modules"):
				return filepath.SkipDir
			case !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go"):
				return nil
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			folder := path.Dir(filepath.ToSlash(file))
			packages[folder] = append(packages[folder], parsed)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for folder, files := range packages {
			for _, name := range mutable(files) {
				if !theOnlyGlobals[folder+"."+name] {
					t.Errorf("%s: the package variable %s can change: keep it in a value that main or the caller holds", folder, name)
				}
			}
		}
	}
}

// mutable lists the variables of a package that are not constant in effect.
func mutable(files []*ast.File) []string {
	var found []string
	declared := map[string]*ast.ValueSpec{}
	for _, file := range files {
		for _, d := range file.Decls {
			general, ok := d.(*ast.GenDecl)
			if !ok || general.Tok != token.VAR {
				continue
			}
			for _, s := range general.Specs {
				spec := s.(*ast.ValueSpec)
				for i, name := range spec.Names {
					if name.Name == "_" { // a check that a type has the methods of an interface
						continue
					}
					declared[name.Name] = spec
					if changing(spec.Type) || i < len(spec.Values) && changing(spec.Values[i]) {
						found = append(found, name.Name)
					}
				}
			}
		}
	}
	assigned := func(target ast.Expr) {
		for {
			switch e := target.(type) {
			case *ast.IndexExpr:
				target = e.X
				continue
			case *ast.SelectorExpr:
				target = e.X
				continue
			case *ast.Ident:
				spec, known := declared[e.Name]
				if known && (e.Obj == nil || e.Obj.Decl == spec) { // not a local of that name
					found = append(found, e.Name)
				}
			}
			return
		}
	}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				if n.Tok != token.DEFINE {
					for _, target := range n.Lhs {
						assigned(target)
					}
				}
			case *ast.IncDecStmt:
				assigned(n.X)
			}
			return true
		})
	}
	return found
}

// changing says whether a type or an initial value is of a kind that exists to be changed.
func changing(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.MapType, *ast.ChanType, *ast.StarExpr:
		return true
	case *ast.UnaryExpr:
		return e.Op == token.AND
	case *ast.CompositeLit:
		return changing(e.Type)
	case *ast.CallExpr:
		if name, ok := e.Fun.(*ast.Ident); ok && (name.Name == "make" || name.Name == "new") {
			return true
		}
		return changing(e.Fun)
	case *ast.SelectorExpr:
		pkg, ok := e.X.(*ast.Ident)
		return ok && (pkg.Name == "sync" || pkg.Name == "atomic")
	case *ast.IndexExpr:
		return changing(e.X)
	}
	return false
}

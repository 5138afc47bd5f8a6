package headstart_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// documented are the packages that people import: every exported name says what it is.
var documented = []string{
	"models", "models/features", "models/training", "models/classifier", "models/export", "models/prediction", "models/imagefolder",
	"models/lab", "models/lab/board", "models/lab/input", "models/lab/named", "models/lab/predictor", "models/lab/runstatus", "models/lab/summary", "models/lab/teaching",
	"models/training/recipe", "models/training/progress", "models/training/job", "models/training/preflight", "models/training/record", "models/training/search",
	"models/resnet", "models/resnet/backbone", "models/accel",
	"magics", "nbhelpers", "nbhelpers/display", "nbhelpers/figure", "nbhelpers/figure/study", "nbhelpers/live", "nbhelpers/sketch", "nbhelpers/warm",
}

func TestExportedNamesAreDocumented(t *testing.T) {
	for _, pkg := range documented {
		files, err := filepath.Glob(filepath.Join(pkg, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no files: %v", pkg, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			set := token.NewFileSet()
			parsed, err := parser.ParseFile(set, file, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range undocumented(parsed) {
				t.Errorf("%s: %s has no comment", set.Position(name.Pos()), name.Name)
			}
		}
	}
}

// undocumented are the exported names of a file without a comment of their own. Names that are declared together may
// share the comment of their group, or have one behind them on their line.
func undocumented(file *ast.File) []*ast.Ident {
	var names []*ast.Ident
	add := func(name *ast.Ident, comments ...*ast.CommentGroup) {
		for _, comment := range comments {
			if comment != nil {
				return
			}
		}
		if name.IsExported() {
			names = append(names, name)
		}
	}
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil || exportedType(d.Recv.List[0].Type) && d.Name.Name != "Error" { // which error documents
				add(d.Name, d.Doc)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					add(s.Name, d.Doc, s.Doc, s.Comment)
				case *ast.ValueSpec:
					for _, name := range s.Names {
						add(name, d.Doc, s.Doc, s.Comment)
					}
				}
			}
		}
	}
	return names
}

// exportedType says whether a receiver's type is exported: methods of others are seen through interfaces only.
func exportedType(receiver ast.Expr) bool {
	switch r := receiver.(type) {
	case *ast.StarExpr:
		return exportedType(r.X)
	case *ast.IndexExpr:
		return exportedType(r.X)
	case *ast.Ident:
		return r.IsExported()
	}
	return false
}

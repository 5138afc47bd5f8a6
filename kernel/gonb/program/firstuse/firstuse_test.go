package firstuse_test

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/kernel/gonb/program/firstuse"
)

// declarations are what cells of before have declared.
const declarations = `package main

import ("fmt"; "sort")

var x, y int

type named struct{ int }

func (named) String() string { return fmt.Sprint(x) }
func (named) Len() int { return y }
func (named) Less(i, j int) bool { return false }
func (named) Swap(i, j int) {}

type other struct{}

func (other) String() string { return fmt.Sprint(y) }

type boxed struct{ s fmt.Stringer; n int }

func show(s fmt.Stringer) string { return s.String() }
func made() fmt.Stringer { return named{} }
func plain() named { return named{} }

var _ sort.Interface = named{}

func main() {
`

func TestFind(t *testing.T) {
	tests := []struct {
		name, code string
		want       []string
	}{
		{"nothing", `fmt.Println()`, nil},
		{"use", `fmt.Println(x)`, []string{"x"}},
		{"assigned before", `x = 1; fmt.Println(x)`, nil},
		{"assigned on both ways", `if y > 0 { x = 1 } else { x = 2 }; fmt.Println(x)`, []string{"y"}},
		{"assigned on one", `if len("") > 0 { x = 1 }; fmt.Println(x)`, []string{"x"}},
		{"assigned by a call that runs later", `defer func() { x = 1 }(); fmt.Println(x)`, []string{"x"}},

		{"a method, called", `n := named{}; _ = n.String()`, []string{"x"}},
		{"a value, printed", `fmt.Println(named{})`, []string{"x"}},
		{"a value, sorted", `sort.Sort(named{})`, []string{"y"}},
		{"a value that is not printed", `_ = named{}`, nil},
		{"an interface that is assigned, called", `var s fmt.Stringer; s = named{}; _ = s.String()`, []string{"x"}},
		{"an interface that is declared, called", `var s fmt.Stringer = named{}; _ = s.String()`, []string{"x"}},
		{"an interface that is assigned, printed", `var s fmt.Stringer = named{}; fmt.Println(s)`, []string{"x"}},
		{"an interface that is assigned, handed on", `var s fmt.Stringer = named{}; _ = show(s)`, []string{"x"}},
		{"an interface that is assigned, called after the assignment", `var s fmt.Stringer = named{}; x = 1; _ = s.String()`, nil},
		{"an interface that is assigned, not called", `var s fmt.Stringer = named{}; _ = s`, nil},
		{"a conversion", `_ = fmt.Stringer(named{}).String()`, []string{"x"}},
		{"a conversion, not called", `_ = fmt.Stringer(named{})`, nil},
		{"an element", `for _, s := range []fmt.Stringer{other{}} { _ = s.String() }`, []string{"y"}},
		{"a value of a map", `m := map[string]any{"a": other{}}; fmt.Println(m["a"])`, []string{"y"}},
		{"a key of a map", `m := map[any]int{other{}: 1}; for k := range m { fmt.Println(k) }`, []string{"y"}},
		{"a field, by its name", `b := boxed{s: other{}}; _ = b.s.String()`, []string{"y"}},
		{"a field, by its place", `b := boxed{other{}, 1}; _ = b.s.String()`, []string{"y"}},
		{"a result", `_ = made().String()`, []string{"x"}},
		{"a result that is no interface", `_ = plain()`, nil},
		{"a result of a literal", `f := func() any { return other{} }; fmt.Println(f())`, []string{"y"}},
		{"a channel", `c := make(chan fmt.Stringer, 1); c <- other{}; _ = (<-c).String()`, []string{"y"}},
		{"a method as a value", `var s fmt.Stringer = other{}; f := s.String; _ = f()`, []string{"y"}},
		{"of two types one", `var s fmt.Stringer = other{}; _ = s.String(); _ = named{}`, []string{"y"}},
	}
	imports := importer.Default()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, variables := checked(t, imports, declarations+test.code+"\n}\n")
			found := p.Find(variables)
			var got []string
			for _, use := range found.Uses {
				got = append(got, use.Name)
			}
			slices.Sort(got)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("first uses (-want +got):\n%s", diff)
			}
		})
	}
}

// checked is a program that the type checker has seen, with its variables x and y.
func checked(t *testing.T, imports types.Importer, source string) (firstuse.Program, map[types.Object]bool) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "main.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := firstuse.Program{Files: []*ast.File{file}, Info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Scopes: map[ast.Node]*types.Scope{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
	}}
	config := types.Config{Importer: imports}
	if p.Package, err = config.Check("main", files, p.Files, p.Info); err != nil {
		t.Fatal(err)
	}
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Name.Name == "main" {
			p.Main = f
		}
	}
	return p, map[types.Object]bool{p.Package.Scope().Lookup("x"): true, p.Package.Scope().Lookup("y"): true}
}

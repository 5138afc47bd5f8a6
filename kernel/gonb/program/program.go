// Package program rewrites the program that GoNB composes of a cell, before it is compiled, so that its variables last.
//
// What the statements of a cell declare at the top level of func main becomes a variable of the package; the value of the
// last expression is shown; variables that the program can reach are loaded before its first statement and saved after its
// last. What stands in the program keeps its lines and columns, for the compiler's messages.
package program

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
)

// Names of files in the folder of GoNB's module, by which the kernel and the stand-in for the go command tell each other
// about a cell. The go command does not look at files whose names begin with a dot.
const (
	CellFile    = ".headstart-cell.json"
	OutcomeFile = ".headstart-outcome.json"
)

// A Cell is what the kernel knows about the cell that a program is made of.
type Cell struct {
	Statements bool     // func main holds the cell's statements
	Declared   []string // what the cell declares outside of a function: names, and Type~Method
	ValueFile  string   // where the program writes what its last expression shows
	Images     Images   // instead, the images that it stands for become files

	RefusalFile string // where the program says that it does not run, since a variable that it uses has no value

	Store  string            // the folder of kept values; empty where none are kept
	Stored map[string]Stored // the variables that have a value there
	Quota  int64             // bytes that the folder may take
	Skip   []string          // variables whose values cannot be kept: their initializers give them to each program
	Lost   []string          // variables that statements of earlier cells declare, whose values were not kept
}

// Images says where a variable's images go, if Folder is not empty.
type Images struct{ Folder, Variable string }

// Stored is what is known of a kept value.
type Stored struct {
	Small  bool     // it is in no file of its own
	Shared []string // other variables that share memory with it
	Types  []string // types that a program has to know to load it, such as image.RGBA and main.photo
	Funcs  []string // functions that it has to know
}

// An Outcome is what was found out when the program was rewritten.
type Outcome struct {
	Variables []Variable // that the cell's statements declare, and those declared outside of a function that the program saves
	Saved     []string   // the variables that the program saves at its end
	Dropped   []Dropped
	NotKept   []Dropped // variables that cannot be declared outside of func main
}

// A Variable is one whose value may be kept. Its type is Go source, in which packages have the names of Imports.
type Variable struct {
	Name    string
	Type    string
	Imports []Import
	Known   bool     // the package has it already, with this type
	Group   []string // of one that is declared outside of a function: the names of its declaration
}

// An Import is a package and the name by which it is imported.
type Import struct {
	Name, Path string
	Own        bool // the name is the package's own, and need not be written
}

// Dropped is what the program leaves out, and why. Cause is the variable of the cell to blame; empty where a declaration is.
type Dropped struct{ Name, Reason, Cause string }

// A Source is a program, and what it takes to check its types.
type Source struct {
	Text      string            // of main.go
	Others    map[string]string // the other files of the package, by name
	GoVersion string            // such as go1.26
	// Importer finds the packages of these import paths.
	Importer func(paths []string) (types.Importer, error)
	// Helpers is the import path of the packages that a program uses to show and keep values, without an end: this
	// project's nbhelpers. It is empty where programs cannot import them; then nothing is kept.
	Helpers string
}

// rewriting is a program while it is being rewritten.
type rewriting struct {
	source  Source
	cell    Cell
	files   *token.FileSet
	main    *ast.File // main.go
	all     []*ast.File
	entry   *ast.FuncDecl // func main
	pkg     *types.Package
	info    *types.Info
	names   *naming
	edits   []edit
	tail    []string // declarations that are appended
	imports []Import // that the appended text needs
	outcome Outcome

	problems []token.Pos // of the errors in the program
}

// Rewrite returns the program to compile instead. Changed is false where the program can stay as it is, also where it is not
// Go: the compiler says what is wrong with it.
func Rewrite(source Source, cell Cell) (text string, outcome Outcome, changed bool, err error) {
	if source.Helpers == "" {
		cell.Store = ""
	}
	r := &rewriting{source: source, cell: cell}
	if !r.parse() || !cell.Statements && !r.keepsAny() && len(r.redeclared()) == 0 && len(dotImports(r.main)) == 0 {
		return source.Text, outcome, false, nil
	}
	if err := r.check(); err != nil {
		return source.Text, outcome, false, err
	}
	r.dropDotImports()
	if err := r.usesLost(); err != nil {
		return source.Text, outcome, false, err
	}
	var found []found
	if cell.Statements {
		r.show()
		found = r.hoist()
	}
	r.keep(found)
	text = r.render()
	text, dropped := r.dropDependents(text, found)
	r.outcome.Dropped = append(r.outcome.Dropped, dropped...)
	return text, r.outcome, text != source.Text, nil
}

// parse parses the files of the package; false where main.go is not Go, or has no func main.
func (r *rewriting) parse() bool {
	r.files = token.NewFileSet()
	var err error
	if r.main, err = parser.ParseFile(r.files, "main.go", r.source.Text, parser.SkipObjectResolution); err != nil {
		return false
	}
	r.all = []*ast.File{r.main}
	for name, text := range r.source.Others {
		file, err := parser.ParseFile(r.files, name, text, parser.SkipObjectResolution)
		if err != nil {
			return false
		}
		r.all = append(r.all, file)
	}
	r.entry = entryOf(r.main)
	return r.entry != nil
}

func entryOf(file *ast.File) *ast.FuncDecl {
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "main" && f.Body != nil {
			return f
		}
	}
	return nil
}

// check finds the types of the program, as far as it is right.
func (r *rewriting) check() error {
	imports, err := r.source.Importer(importPaths(r.all))
	if err != nil {
		return err
	}
	r.info = &types.Info{
		Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{},
		Scopes: map[ast.Node]*types.Scope{},
	}
	r.pkg, _ = r.config(imports, func(err error) {
		var problem types.Error
		if errors.As(err, &problem) {
			r.problems = append(r.problems, problem.Pos)
		}
	}).Check("main", r.files, r.all, r.info)
	r.names = newNaming(r.pkg, r.main, r.info)
	return nil
}

func (r *rewriting) config(imports types.Importer, report func(error)) *types.Config {
	return &types.Config{Importer: imports, Error: report, GoVersion: r.source.GoVersion, DisableUnusedImportCheck: true}
}

func importPaths(files []*ast.File) []string {
	var paths []string
	for _, file := range files {
		for _, spec := range file.Imports {
			if path := unquoted(spec.Path); path != "" && !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		}
	}
	slices.Sort(paths)
	return paths
}

func dotImports(file *ast.File) (specs []*ast.ImportSpec) {
	for _, spec := range file.Imports {
		if spec.Name != nil && spec.Name.Name == "." {
			specs = append(specs, spec)
		}
	}
	return specs
}

// dropDotImports makes blank imports of those with a dot that the program does not use: GoNB gives each cell the imports of
// earlier ones, and removes the unused among the others only.
func (r *rewriting) dropDotImports() {
	specs := dotImports(r.main)
	if len(specs) == 0 {
		return
	}
	used := map[string]bool{}
	selected := map[*ast.Ident]bool{}
	ast.Inspect(r.main, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.SelectorExpr:
			selected[n.Sel] = true
		case *ast.Ident:
			if object := r.info.Uses[n]; object != nil && object.Pkg() != nil && !selected[n] {
				used[object.Pkg().Path()] = true
			}
		}
		return true
	})
	for _, spec := range specs {
		if !used[unquoted(spec.Path)] {
			r.replace(r.offset(spec.Name.Pos()), r.offset(spec.Name.End()), "_")
		}
	}
}

func (r *rewriting) offset(pos token.Pos) int { return r.files.PositionFor(pos, false).Offset }

// FuncKey is a function's name, or Type~Method, as GoNB's %list shows it.
func FuncKey(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.Name
	}
	receiver := d.Recv.List[0].Type
	if star, ok := receiver.(*ast.StarExpr); ok {
		receiver = star.X
	}
	switch generic := receiver.(type) {
	case *ast.IndexExpr:
		receiver = generic.X
	case *ast.IndexListExpr:
		receiver = generic.X
	}
	if ident, ok := receiver.(*ast.Ident); ok {
		return ident.Name + "~" + d.Name.Name
	}
	return "unknown~" + d.Name.Name
}

package cell

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Composed is a cell, with all that GoNB remembers, as one file to ask gopls about. Each line of the cell stands one
// line further down than in the cell. Find returns the import path of a package of the standard library that ends in name;
// empty where there is none.
func Composed(c Cell, m *Memory, find func(name string) string) string {
	own := looseDeclarations(c)
	var head, tail []string
	imported := map[string]bool{}
	for _, d := range own {
		if d.kind == "import" {
			imported[path.Base(d.names[0])] = true
		}
	}
	for _, d := range m.declarations {
		if slices.ContainsFunc(own, func(o declaration) bool { return o.kind == d.kind && slices.Equal(o.names, d.names) }) {
			continue
		}
		if d.kind == "import" {
			head = append(head, strings.Join(d.lines, " "))
			imported[path.Base(d.names[0])] = true
		} else {
			tail = append(tail, d.doc+strings.Join(d.lines, "\n"))
		}
	}
	// GoNB imports what a cell only mentions; gopls has to be told.
	for _, name := range mentioned(c) {
		if importPath := find(name); importPath != "" && !imported[name] {
			head = append(head, "import "+strconv.Quote(importPath))
		}
	}
	body := strings.TrimPrefix(goSource(c), packageClause)
	return packageClause + strings.Join(head, ";") + "\n" + body + "\n" + strings.Join(tail, "\n") + "\n"
}

// looseDeclarations are the declarations of a cell, as far as it parses.
func looseDeclarations(c Cell) []declaration {
	text := goSource(c)
	files := token.NewFileSet()
	file, _ := parser.ParseFile(files, "cell.go", text, parser.SkipObjectResolution) // what is being written has errors
	if file == nil {
		return nil
	}
	return cutter{files: files, text: text, count: c.Count}.all(file)
}

// mentioned are the names that stand before a dot in a cell.
func mentioned(c Cell) []string {
	file, _ := parser.ParseFile(token.NewFileSet(), "cell.go", goSource(c), parser.SkipObjectResolution)
	if file == nil {
		return nil
	}
	var names []string
	ast.Inspect(file, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok {
			if x, ok := selector.X.(*ast.Ident); ok && !slices.Contains(names, x.Name) {
				names = append(names, x.Name)
			}
		}
		return true
	})
	return names
}

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

// Composed is a cell, with all that GoNB remembers, as one file to ask gopls about the cell's line, counted from 1. That line
// stands one line further down than in the cell. Find returns the import path of a package of the standard library that ends
// in name; empty where there is none.
func Composed(c Cell, line int, m *Memory, find func(name string) string) string {
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
	if b, ok := c.bare(); ok {
		var more string
		for _, d := range own {
			if d.kind == "import" {
				head = append(head, strings.Join(d.lines, " "))
			}
		}
		if body, more = b.around(line, &head); more != "" {
			tail = append(tail, more)
		}
	}
	return packageClause + strings.Join(head, ";") + "\n" + body + "\n" + strings.Join(tail, "\n") + "\n"
}

// around is what a file about a line of a cell has in the cell's place, and what follows: func main with the statements, or,
// where the line belongs to one, the declarations. What opens func main goes to the file's head, for the lines' sake.
func (b bare) around(line int, head *[]string) (body, rest string) {
	declarations := without(b.declarations, b.imports)
	declarations += closers(declarations)
	statements := b.statements + closers("{"+b.statements)
	lines := strings.Split(b.declarations, "\n")
	if line >= 1 && line <= len(lines) && strings.TrimSpace(lines[line-1]) != "" {
		return declarations, "func main() {\n" + statements
	}
	*head = append(*head, "func main() {")
	return statements, declarations
}

// without is a text in which that of another, which has its lines and columns, is blank.
func without(text, part string) string {
	result := []byte(text)
	for i := range result {
		if part[i] != ' ' && part[i] != '\n' {
			result[i] = ' '
		}
	}
	return string(result)
}

// looseDeclarations are the declarations of a cell, as far as it parses.
func looseDeclarations(c Cell) []declaration {
	text := goSource(c)
	if b, ok := c.bare(); ok {
		text = packageClause + b.declarations
		text += closers(text)
	}
	files := token.NewFileSet()
	file, _ := parser.ParseFile(files, "cell.go", text, parser.SkipObjectResolution) // what is being written has errors
	if file == nil {
		return nil
	}
	return cutter{files: files, text: text, count: c.Count}.all(file)
}

// mentioned are the names that stand before a dot in a cell.
func mentioned(c Cell) []string {
	text := goSource(c)
	if b, ok := c.bare(); ok {
		text = packageClause + b.declarations + "\nfunc main() {" + b.statements
		text += closers(text)
	}
	file, _ := parser.ParseFile(token.NewFileSet(), "cell.go", text, parser.SkipObjectResolution)
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

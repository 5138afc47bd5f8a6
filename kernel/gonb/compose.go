package gonb

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf16"

	"github.com/headstart-nb/headstart/kernel/gonb/gopls"
)

// composed is a cell, with all that GoNB remembers, as one file to ask gopls about. Each line of the cell stands one
// line further down than in the cell.
func composed(c cell, m *memory, std *standardLibrary) string {
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
			tail = append(tail, strings.Join(d.lines, "\n"))
		}
	}
	// GoNB imports what a cell only mentions; gopls has to be told.
	for _, name := range mentioned(c) {
		if importPath := std.find(name); importPath != "" && !imported[name] {
			head = append(head, "import "+strconv.Quote(importPath))
		}
	}
	body := strings.TrimPrefix(goSource(c), packageClause)
	return packageClause + strings.Join(head, ";") + "\n" + body + "\n" + strings.Join(tail, "\n") + "\n"
}

// looseDeclarations are the declarations of a cell, as far as it parses.
func looseDeclarations(c cell) []declaration {
	text := goSource(c)
	files := token.NewFileSet()
	file, _ := parser.ParseFile(files, "cell.go", text, parser.SkipObjectResolution) // what is being written has errors
	if file == nil {
		return nil
	}
	return cutter{files: files, text: text, count: c.count}.all(file)
}

// mentioned are the names that stand before a dot in a cell.
func mentioned(c cell) []string {
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

// standardLibrary knows the import paths of Go's own packages by their last element.
type standardLibrary struct {
	root string // GOROOT/src

	once  sync.Once
	paths map[string]string
}

// find returns the shortest import path that ends in name, as goimports would; empty where there is none.
func (s *standardLibrary) find(name string) string {
	s.once.Do(func() {
		s.paths = map[string]string{}
		_ = filepath.WalkDir(s.root, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.IsDir() {
				return nil // what cannot be read is not offered
			}
			switch entry.Name() {
			case "internal", "vendor", "testdata", "cmd", "builtin":
				return filepath.SkipDir
			}
			rel, err := filepath.Rel(s.root, file)
			if err != nil {
				return nil
			}
			importPath, base := filepath.ToSlash(rel), entry.Name()
			if old, ok := s.paths[base]; !ok || len(importPath) < len(old) {
				s.paths[base] = importPath
			}
			return nil
		})
	})
	return s.paths[name]
}

// place turns a cursor, counted in code points, into the place in the composed file.
func place(code string, cursor int) gopls.Position {
	before := []rune(code)
	before = before[:min(max(cursor, 0), len(before))]
	at := gopls.Position{Line: 1}
	for _, r := range before {
		if r == '\n' {
			at.Line++
			at.Character = 0
			continue
		}
		at.Character += utf16.RuneLen(r)
	}
	return at
}

// back is the cursor, in code points, of a place that lies on the cursor's line, before it.
func back(code string, cursor int, from, to gopls.Position) int {
	runes := []rune(code)
	units := to.Character - from.Character
	for units > 0 && cursor > 0 {
		cursor--
		units -= utf16.RuneLen(runes[cursor])
	}
	return cursor
}

package cell

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/kernel/gonb/program"
	"github.com/headstart-nb/headstart/kernel/gonb/report"
)

const packageClause = "package main;"

// goSource is the Go code of a cell as a file, each of its lines where it stands in the cell: commands are left blank,
// and what stands below %% is put into func main, as GoNB does. Brackets that are still open are closed.
func goSource(c Cell) string {
	lines := strings.Split(c.Code, "\n")
	inMain := false
	skip := map[int]command{}
	for _, command := range c.commands {
		skip[command.line-1] = command
	}
	for i := range lines {
		command, isCommand := skip[i]
		switch {
		case isCommand && !inMain && (command.name == "%" || command.name == "main"):
			inMain = true
			lines[i] = "func main() {"
		case isCommand:
			for j := i; ; j++ { // a command that goes on in the next line
				more := strings.HasSuffix(lines[j], `\`) && j+1 < len(lines)
				lines[j] = ""
				if !more {
					break
				}
			}
		case strings.HasPrefix(lines[i], "package"):
			lines[i] = ""
		}
	}
	text := packageClause + strings.Join(lines, "\n")
	return text + closers(text)
}

// closers are the brackets that a text lacks: func main of a cell, and all that is being written.
func closers(text string) string {
	files := token.NewFileSet()
	var s scanner.Scanner
	s.Init(files.AddFile("cell.go", -1, len(text)), []byte(text), nil, 0)
	var open []string
	for {
		_, tok, _ := s.Scan()
		switch tok {
		case token.LPAREN:
			open = append(open, ")")
		case token.LBRACK:
			open = append(open, "]")
		case token.LBRACE:
			open = append(open, "\n}")
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		case token.EOF:
			slices.Reverse(open)
			return strings.Join(open, "")
		}
	}
}

// declarations parses a cell. What does not parse has none: GoNB did not build it.
func declarations(c Cell) []declaration {
	text := goSource(c)
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "cell.go", text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	return cutter{files: files, text: text, count: c.Count, origin: c.Origin}.all(file)
}

// cutter cuts nodes out of a cell's text.
type cutter struct {
	files *token.FileSet
	text  string
	count int
	// origin says, for a cell that is not as the user wrote it, where its lines come from.
	origin []report.Position
}

// all are the declarations of a file but func main.
func (c cutter) all(file *ast.File) []declaration {
	var found []declaration
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if name := program.FuncKey(d); name != "main" {
				found = append(found, c.documented(c.declaration("func", []string{name}, "", d), d, d.Doc, file))
			}
		case *ast.GenDecl:
			if d.Tok == token.CONST { // values may follow from those before: the group stays together
				found = append(found, c.documented(c.declaration("const", specNames(d.Specs...), "", d), d, d.Doc, file))
				continue
			}
			for _, spec := range d.Specs {
				doc := specDoc(spec)
				if doc == nil && len(d.Specs) == 1 {
					doc = d.Doc
				}
				found = append(found, c.documented(c.declaration(d.Tok.String(), specNames(spec), d.Tok.String()+" ", spec), spec, doc, file))
			}
		}
	}
	return found
}

func (c cutter) declaration(kind string, names []string, keyword string, node ast.Node) declaration {
	// A //line comment in a cell changes lines, not offsets; a node that is not complete may end after the text.
	from, to := c.files.PositionFor(node.Pos(), false), c.files.PositionFor(node.End(), false)
	start := min(max(from.Offset, 0), len(c.text))
	end := min(max(to.Offset, start), len(c.text))
	at := report.Position{Count: c.count, Line: from.Line}
	if line := from.Line - 1; c.origin != nil && line >= 0 && line < len(c.origin) {
		at = c.origin[line]
	}
	return declaration{kind: kind, names: names, lines: strings.Split(keyword+c.text[start:end], "\n"), at: at}
}

// documented is a declaration with the comment above it; doc is nil where the parser sees none. One on the first line of a
// cell stands behind the package clause, and the parser takes it for a comment on that.
func (c cutter) documented(d declaration, node ast.Node, doc *ast.CommentGroup, file *ast.File) declaration {
	from, to, line := 0, 0, c.files.PositionFor(node.Pos(), false).Line
	if doc != nil {
		begin := c.files.PositionFor(doc.Pos(), false)
		from, to, line = begin.Offset, c.files.PositionFor(doc.End(), false).Offset, begin.Line
	}
	if len(file.Comments) > 0 {
		first := file.Comments[0]
		begin, end := c.files.PositionFor(first.Pos(), false), c.files.PositionFor(first.End(), false)
		if begin.Line == 1 && end.Line == line-1 && c.text[:min(begin.Offset, len(c.text))] == packageClause {
			from, to = begin.Offset, max(to, end.Offset)
		}
	}
	if 0 <= from && from < to && to <= len(c.text) {
		d.doc = c.text[from:to] + "\n"
	}
	return d
}

// specDoc is the comment above a spec of a group.
func specDoc(spec ast.Spec) *ast.CommentGroup {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		return s.Doc
	case *ast.ValueSpec:
		return s.Doc
	}
	return nil
}

// specNames are the names that specs declare; of an import its alias, or its path.
func specNames(specs ...ast.Spec) []string {
	var names []string
	for _, spec := range specs {
		switch s := spec.(type) {
		case *ast.ImportSpec:
			name := strings.Trim(s.Path.Value, "\"`")
			if s.Name != nil && s.Name.Name != "." && s.Name.Name != "_" {
				name = s.Name.Name
			}
			names = append(names, name)
		case *ast.TypeSpec:
			names = append(names, s.Name.Name)
		case *ast.ValueSpec:
			for _, name := range s.Names {
				if name.Name != "_" {
					names = append(names, name.Name)
				}
			}
		}
	}
	return names
}

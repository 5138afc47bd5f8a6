// Package linemap makes a debugger show cells in place of the program that GoNB composes of them.
//
// GoNB takes the declarations of all cells apart, and goimports formats what it puts together. So lines are found by their
// tokens: those of a function, or of one statement, follow each other in a cell as they do in the program.
package linemap

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Cell is the Go text of a cell, whose lines are those of File.
type Cell struct {
	File string
	Text string
}

// A Line is one of a cell.
type Line struct {
	File   string
	Number int
}

// Find returns the lines of a program, as GoNB composed it, that come from cells. The newest cell is the last, and its
// statements are in func main.
func Find(text string, cells []Cell) map[int]Line {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "main.go", text, parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	f := finder{text: text, files: files, lines: map[int]Line{}}
	for _, c := range slices.Backward(cells) {
		f.cells = append(f.cells, scan(c))
	}
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if !f.place(d, 0) && d.Body != nil && d.Recv == nil && d.Name.Name == "main" {
				f.statements(d.Body.List)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				f.place(spec, 0)
			}
		}
	}
	return f.lines
}

// tokens are those of a text, in which each stands between two separators.
type tokens struct {
	file   string
	joined string
	lines  []int // of each token
}

const separator = "\x00"

// scan takes a text apart. The semicolons that end lines are left out: the formatter moves them.
func scan(c Cell) tokens {
	var s scanner.Scanner
	files := token.NewFileSet()
	source := []byte(c.Text)
	s.Init(files.AddFile("", -1, len(source)), source, func(token.Position, string) {}, 0)
	t := tokens{file: c.File}
	var joined strings.Builder
	joined.WriteString(separator)
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			break
		}
		if tok == token.SEMICOLON {
			continue
		}
		if literal == "" {
			literal = tok.String()
		}
		joined.WriteString(strings.ReplaceAll(literal, separator, " ") + separator) // no program has one
		t.lines = append(t.lines, files.PositionFor(pos, false).Line)
	}
	t.joined = joined.String()
	return t
}

type finder struct {
	text  string
	files *token.FileSet
	cells []tokens // newest first
	lines map[int]Line
}

// place finds a part of the program in the newest cell that has it.
func (f *finder) place(node ast.Node, from int) bool {
	part, first := f.cut(node)
	for _, c := range f.cells {
		if _, ok := f.match(part, first, c, from); ok {
			return true
		}
	}
	return false
}

// statements finds the statements of func main in the newest cell, in their order; between them may stand declarations.
func (f *finder) statements(list []ast.Stmt) {
	if len(f.cells) == 0 {
		return
	}
	at := 0
	for _, statement := range list {
		part, first := f.cut(statement)
		if next, ok := f.match(part, first, f.cells[0], at); ok {
			at = next
		}
	}
}

// cut is a part of the program, and its first line.
func (f *finder) cut(node ast.Node) (tokens, int) {
	start, end := f.files.PositionFor(node.Pos(), false), f.files.PositionFor(node.End(), false)
	return scan(Cell{Text: f.text[start.Offset:min(end.Offset, len(f.text))]}), start.Line
}

// match notes the lines of a part of the program that a cell has behind an offset of its joined tokens, and returns the
// offset behind it.
func (f *finder) match(part tokens, first int, c tokens, from int) (int, bool) {
	if len(part.lines) == 0 {
		return 0, false
	}
	at := strings.Index(c.joined[from:], part.joined)
	if at < 0 {
		return 0, false
	}
	at += from
	before := strings.Count(c.joined[:at], separator)
	for i, line := range part.lines {
		if _, known := f.lines[first+line-1]; !known {
			f.lines[first+line-1] = Line{c.file, c.lines[before+i]}
		}
	}
	return at + len(part.joined) - len(separator), true
}

// inline is a line directive within a line, by which other parts of the build keep the places of the program.
var inline = regexp.MustCompile(`/\*line (?:[^:*]*):(\d+):(\d+)\*/`)

// Annotate gives the lines of a text the names of the cells that they come from, by line directives. The text is the program
// with additions; its own directives say which lines of the program its lines are. Name is the program's file.
func Annotate(text, name string, lines map[int]Line) (string, error) {
	files := token.NewFileSet()
	if _, err := parser.ParseFile(files, "main.go", text, parser.SkipObjectResolution); err != nil {
		return "", fmt.Errorf("read the program of the cell: %w", err)
	}
	var file *token.File
	files.Iterate(func(found *token.File) bool { file = found; return false })
	inside := insideTokens(text)
	var result strings.Builder
	var last Line
	number := 0
	for line := range strings.SplitAfterSeq(text, "\n") {
		number++
		if number > file.LineCount() {
			result.WriteString(line)
			break
		}
		logical := file.PositionFor(file.LineStart(number), true).Line
		at, ok := lines[logical]
		if !ok {
			at = Line{name, logical}
		}
		if !inside[number] && (at.File != last.File || at.Number != last.Number+1) {
			fmt.Fprintf(&result, "//line %s:%d\n", at.File, at.Number)
			last = at
		} else {
			last.Number++
		}
		result.WriteString(inline.ReplaceAllStringFunc(line, func(directive string) string {
			match := inline.FindStringSubmatch(directive)
			logical, _ := strconv.Atoi(match[1]) // digits
			at, ok := lines[logical]
			if !ok {
				at = Line{name, logical}
			}
			last = at
			return fmt.Sprintf("/*line %s:%d:%s*/", at.File, at.Number, match[2])
		}))
	}
	return result.String(), nil
}

// insideTokens are the lines that begin inside of a string or a comment, where a directive would be a part of it.
func insideTokens(text string) map[int]bool {
	var s scanner.Scanner
	files := token.NewFileSet()
	source := []byte(text)
	s.Init(files.AddFile("", -1, len(source)), source, func(token.Position, string) {}, scanner.ScanComments)
	inside := map[int]bool{}
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			return inside
		}
		if tok != token.STRING && tok != token.COMMENT {
			continue
		}
		first := files.PositionFor(pos, false).Line
		for n := range strings.Count(literal, "\n") {
			inside[first+n+1] = true
		}
	}
}

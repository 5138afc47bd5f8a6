package program

import (
	"cmp"
	"fmt"
	"go/ast"
	"slices"
	"strconv"
	"strings"
)

// An edit replaces a part of the program's text, by the offsets of its bytes.
type edit struct {
	from, to int
	text     string
}

func (r *rewriting) replace(from, to int, text string) {
	r.edits = append(r.edits, edit{from, to, text})
}

// blank replaces a part by spaces; its line breaks stay.
func (r *rewriting) blank(from, to int) {
	r.replace(from, to, strings.Map(func(c rune) rune {
		if c == '\n' {
			return c
		}
		return ' '
	}, asciiLength(r.source.Text[from:to])))
}

// asciiLength is a text of as many bytes without characters of several bytes.
func asciiLength(text string) string {
	result := []byte(text)
	for i, c := range result {
		if c >= 0x80 {
			result[i] = ' '
		}
	}
	return string(result)
}

// lineBreaks are those of a part of the text: what replaces it begins with them, so that what follows keeps its line.
func (r *rewriting) lineBreaks(from, to int) string {
	return strings.Repeat("\n", strings.Count(r.source.Text[from:to], "\n"))
}

// render applies the edits, in the order of their places, and appends what there is to append. What follows an edit of
// another length is given its own line and column, for the compiler.
func (r *rewriting) render() string {
	slices.SortStableFunc(r.edits, func(a, b edit) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	source := r.source.Text
	var b strings.Builder
	at := 0
	for _, e := range r.edits {
		if e.from < at {
			continue // inside of what was replaced already
		}
		b.WriteString(source[at:e.from])
		b.WriteString(e.text)
		at = e.to
		if len(e.text) != e.to-e.from && at < len(source) && source[at] != '\n' {
			line, column := place(source, at)
			fmt.Fprintf(&b, "/*line :%d:%d*/", line, column)
		}
	}
	b.WriteString(source[at:])
	if len(r.tail) > 0 {
		b.WriteString("\n" + strings.Join(r.tail, "\n") + "\n")
	}
	text := b.String()
	if len(r.imports) == 0 {
		return text
	}
	// A line of its own for each would move what follows; behind the package clause there is nothing.
	end := r.offset(r.main.Name.End())
	var added strings.Builder
	for _, i := range r.imports {
		fmt.Fprintf(&added, ";import %s %q", i.Name, i.Path)
	}
	return text[:end] + added.String() + text[end:]
}

// place is the line and the column of an offset, both counted from 1.
func place(text string, offset int) (line, column int) {
	before := text[:offset]
	return 1 + strings.Count(before, "\n"), offset - strings.LastIndexByte(before, '\n')
}

func unquoted(literal *ast.BasicLit) string {
	path, err := strconv.Unquote(literal.Value)
	if err != nil {
		return ""
	}
	return path
}

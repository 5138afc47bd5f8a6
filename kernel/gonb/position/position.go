// Package position finds what a cursor in a cell is at, as gopls counts.
package position

import (
	"unicode"
	"unicode/utf16"

	"github.com/headstart-nb/headstart/kernel/gonb/gopls"
)

// Name is the name that a cursor is at; empty where it is at none.
func Name(code string, cursor int) string {
	runes := []rune(code)
	part := func(i int) bool {
		return i >= 0 && i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.IsDigit(runes[i]) || runes[i] == '_')
	}
	from := min(max(cursor, 0), len(runes))
	to := from
	for part(from - 1) {
		from--
	}
	for part(to) {
		to++
	}
	return string(runes[from:to])
}

// IdentifierBefore moves a cursor after a name, such as in its argument list, to that name.
func IdentifierBefore(code string, cursor int) int {
	runes := []rune(code)
	cursor = min(max(cursor, 0), len(runes))
	part := func(i int) bool {
		return i >= 0 && i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.IsDigit(runes[i]) || runes[i] == '_')
	}
	if part(cursor) {
		return cursor
	}
	for cursor > 0 && !part(cursor-1) && runes[cursor-1] != '\n' {
		cursor--
	}
	return max(cursor-1, 0)
}

// Of turns a cursor, counted in code points, into the place in the composed file.
func Of(code string, cursor int) gopls.Position {
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

// Back is the cursor, in code points, of a place that lies on the cursor's line, before it.
func Back(code string, cursor int, from, to gopls.Position) int {
	runes := []rune(code)
	units := to.Character - from.Character
	for units > 0 && cursor > 0 {
		cursor--
		units -= utf16.RuneLen(runes[cursor])
	}
	return cursor
}

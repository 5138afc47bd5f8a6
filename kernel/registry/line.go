package registry

import "strings"

// A Line is the line of a magic that the cursor is on, with those that continue it by a backslash.
type Line struct {
	Start  int    // byte offset of the line in the code
	Signs  string // "%" or "%%"
	Name   string
	OnName bool   // whether the cursor is before the end of the name
	Rest   string // after the name; blanks stand for what joins the lines
	Cursor int    // byte offset in Rest
}

// LineAt finds the magic on whose line a cursor (a byte offset) stands. Ok is false on any other line.
func LineAt(code string, cursor int) (line Line, ok bool) {
	line.Start = commandStart(code, cursor)
	text, rest, more := strings.Cut(code[line.Start:], "\n")
	for more && strings.HasSuffix(text, `\`) {
		var next string
		next, rest, more = strings.Cut(rest, "\n")
		text = text[:len(text)-1] + "  " + next // as long as a backslash with a line feed
	}
	trimmed := strings.TrimLeft(text, "%")
	line.Signs = text[:len(text)-len(trimmed)]
	if line.Signs == "" || len(line.Signs) > 2 || cursor < line.Start+len(line.Signs) {
		return line, false
	}
	line.Name = trimmed
	if end := strings.IndexAny(trimmed, " \t\r"); end >= 0 {
		line.Name, line.Rest = trimmed[:end], trimmed[end:]
	}
	line.Cursor = cursor - line.Start - len(line.Signs) - len(line.Name)
	line.OnName = line.Cursor <= 0
	return line, true
}

// commandStart is where the line of a cursor begins, or the first one of those that it continues. Only lines that begin with % or !
// are continued by a backslash.
func commandStart(code string, cursor int) int {
	start := strings.LastIndexByte(code[:cursor], '\n') + 1
	found := start
	for start > 1 && strings.HasSuffix(code[:start], "\\\n") {
		start = strings.LastIndexByte(code[:start-1], '\n') + 1
		if code[start] == '%' || code[start] == '!' {
			found = start
		}
	}
	return found
}

package magics

import "strings"

// goScan follows Go text line by line, as far as it takes to know whether a line begins inside something: a comment, a
// raw string, brackets, or an expression that the line before left open.
//
// Go's own scanner is of no use here: shell lines with their quotes stand between the lines of Go.
type goScan struct {
	lines      int // lines read so far
	rawString  bool
	comment    bool
	open       []openBracket
	unfinished bool // the last token asks for an operand: a line break does not end the statement
}

type openBracket struct {
	bracket string
	line    int // counted from 1
}

// inText reports whether a % in the next line's first column belongs to Go.
func (s *goScan) inText() bool {
	if s.rawString || s.comment || s.unfinished {
		return true
	}
	return len(s.open) > 0 && s.open[len(s.open)-1].bracket != "{"
}

// depth is the number of brackets open at the next line's start.
func (s *goScan) depth() int { return len(s.open) }

// line reads one line and reports whether it holds any Go besides comments and blanks.
func (s *goScan) line(text string) (code bool) {
	s.lines++
	for i := 0; i < len(text); {
		rest := text[i:]
		switch {
		case s.comment:
			end := strings.Index(rest, "*/")
			if end < 0 {
				return code
			}
			s.comment = false
			i += end + 2
			continue
		case s.rawString:
			code = true
			end := strings.IndexByte(rest, '`')
			if end < 0 {
				return code
			}
			s.rawString = false
			i += end + 1
			continue
		case strings.HasPrefix(rest, "//"):
			return code
		case strings.HasPrefix(rest, "/*"):
			s.comment = true
			i += 2
			continue
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			i++
			continue
		}
		code = true
		i += s.token(rest)
	}
	return code
}

// token reads the token that rest begins with and returns its length in bytes, or a part of it that cannot be mistaken.
func (s *goScan) token(rest string) int {
	s.unfinished = false
	switch c := rest[0]; c {
	case '`':
		s.rawString = true
	case '"', '\'':
		return quotedLength(rest)
	case '(', '[', '{':
		s.open = append(s.open, openBracket{string(c), s.lines})
	case ')', ']', '}':
		if len(s.open) > 0 {
			s.open = s.open[:len(s.open)-1]
		}
	case '+', '-':
		if len(rest) > 1 && rest[1] == c { // ++ and -- end a statement
			return 2
		}
		s.unfinished = true
	case '*', '/', '%', '&', '|', '^', '<', '>', '=', '!', ',':
		s.unfinished = true
	}
	return 1
}

// quotedLength is the length of the string or rune literal that text begins with; one that is not closed ends with its
// line, as Go's compiler will say.
func quotedLength(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[0]:
			return i + 1
		case '\n':
			return i
		}
	}
	return len(text)
}

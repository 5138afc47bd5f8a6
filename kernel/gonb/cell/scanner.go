package cell

import (
	"fmt"
	"strings"

	"github.com/headstart-nb/headstart/kernel/gonb/report"
	"github.com/headstart-nb/headstart/kernel/registry"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// goScan follows Go text line by line, as far as it takes to know whether a line begins inside something: a comment, a
// raw string, brackets, or an expression that the line before left open.
//
// Go's own scanner is of no use here: shell lines with their quotes stand between the lines of Go.
//
// It implements registry.Scanner.
type goScan struct {
	main       string // the bare %% or %main that the lines stand below, on one line; "" when none
	lines      int    // lines read so far
	rawString  bool
	comment    bool
	opened     int // line of the comment that is open
	open       []openBracket
	unfinished bool // the last token asks for an operand: a line break does not end the statement
}

type openBracket struct {
	bracket string
	line    int // counted from 1
}

// NewScanner follows the Go text of one cell.
func NewScanner() registry.Scanner { return &goScan{} }

// InText reports whether a % in the next line's first column belongs to Go.
func (s *goScan) InText() bool {
	if s.rawString || s.comment || s.unfinished {
		return true
	}
	return len(s.open) > 0 && s.open[len(s.open)-1].bracket != "{"
}

// Block is the outermost bracket that is open at the next line's start.
func (s *goScan) Block() (bracket string, line int) {
	if len(s.open) == 0 {
		return "", 0
	}
	return s.open[0].bracket, s.open[0].line
}

// Command reads a command of GoNB. Below %% and %main stand statements instead of declarations.
func (s *goScan) Command(text string) (fresh bool) {
	s.Skip(strings.Count(text, "\n"))
	line := strings.ReplaceAll(strings.TrimRight(text, "\n"), "\\\n", " ")
	if !isMain(line) {
		return false
	}
	*s = goScan{main: line, lines: s.lines}
	return true
}

// Skip counts lines that are not Go.
func (s *goScan) Skip(lines int) { s.lines += lines }

// Resume is the bare %% or %main below which the text goes on after an interruption.
func (s *goScan) Resume() string { return s.main }

// Line reads one line and reports whether it holds any Go besides comments and blanks. A comment that hides one of
// GoNB's commands is not a comment.
func (s *goScan) Line(text string) (code bool) {
	s.lines++
	if !s.comment && !s.rawString && strings.HasPrefix(text, hiddenPrefix) {
		return true
	}
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
			s.comment, s.opened = true, s.lines
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

// unclosed is the error of a cell that ends inside a comment, which GoNB would take for an empty one, or inside of brackets
// where it would name the end of its file.
func (c Cell) unclosed() *wire.Error {
	if first, _, _ := strings.Cut(c.Code, "\n"); isCellCommand(first) {
		return nil // the rest is not Go
	}
	scan := walk(c.Code, func(string) {}, func(walkedCommand) {})
	reason, wrong := fmt.Sprintf("line %d: the comment is not terminated: end it with */", scan.opened), scan.comment
	if !wrong {
		reason, wrong = c.unclosedBracket()
	}
	if !wrong {
		return nil
	}
	failure := report.Plain("SyntaxError", reason)
	return &failure.Error
}

// A walkedCommand is a command that walk has found.
type walkedCommand struct {
	main       bool // whether statements stand below it
	unfinished bool // whether the text ends while a backslash continues it
}

// walk passes the lines of Go in a stretch of a cell, each with its line feed, to line, and the commands to command.
func walk(code string, line func(string), command func(walkedCommand)) *goScan {
	lines := strings.Split(code, "\n")
	scan := &goScan{}
	for at := 0; at < len(lines); {
		if scan.InText() || !isCommandLine(trimPrefix(lines[at])) {
			text := lines[at]
			if at++; at < len(lines) {
				text += "\n"
			}
			scan.Line(text)
			line(text)
			continue
		}
		text, next := joined(lines, at)
		last := lines[next-1]
		unfinished := next == len(lines) && (strings.HasSuffix(last, `\`) || last == "" && next > at+1)
		scan.Skip(next - at)
		command(walkedCommand{main: scan.Command(text), unfinished: unfinished})
		at = next
	}
	return scan
}

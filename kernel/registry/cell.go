package registry

import (
	"fmt"
	"strings"

	"github.com/headstart-nb/headstart/magics"
)

// A Part is a piece of a cell that runs as one: a stretch of text for the engine, or one use of a magic.
type Part struct {
	// Line is the cell's line, counted from 1, on which the part begins.
	Line int
	// Engine is the text for the engine, padded in front with blank lines so that its line numbers are the cell's own.
	// It is empty when the part is a magic.
	Engine string
	// Call is the use of a magic; its Name is empty when the part is text for the engine.
	Call magics.Call
	// Err says why this magic cannot be called as it is written, such as a quote that is not closed. A cell with such a
	// part should not begin to run at all.
	Err error
}

// IsMagic reports whether the part is one use of a magic.
func (p Part) IsMagic() bool { return p.Call.Name != "" }

// Name is the magic as the cell calls it: with one percent sign or two.
func (p Part) Name() string {
	if p.Call.Cell {
		return "%%" + p.Call.Name
	}
	return "%" + p.Call.Name
}

// A Scanner follows the engine's text through a cell, so that a % which belongs to that text is not taken for a magic.
type Scanner interface {
	// Line reads the next line. Code reports whether it holds more than blanks and comments.
	Line(text string) (code bool)
	// Command reads the engine's own command, which begins with % or !: one line, or several joined by backslashes. Fresh
	// reports that the text after it does not depend on what came before, so that Resume is not needed.
	Command(text string) (fresh bool)
	// Skip passes over lines that belong to a magic.
	Skip(lines int)
	// InText reports whether the next line begins inside something that makes any line part of the engine's text, such as
	// a comment or a string.
	InText() bool
	// Block is the bracket that is open where the next line begins, with its line counted from 1; "" when none is.
	Block() (bracket string, line int)
	// Resume is the line that has to stand before the next line when a magic has interrupted the text, so that it means
	// what it would mean without the interruption; "" when none has to.
	Resume() string
}

// Lines is the Scanner of an engine whose text is independent lines.
type Lines struct{}

// Line implements Scanner.
func (Lines) Line(text string) bool { return strings.TrimSpace(text) != "" }

// Command implements Scanner.
func (Lines) Command(string) bool { return false }

// Skip implements Scanner.
func (Lines) Skip(int) {}

// InText implements Scanner.
func (Lines) InText() bool { return false }

// Block implements Scanner.
func (Lines) Block() (string, int) { return "", 0 }

// Resume implements Scanner.
func (Lines) Resume() string { return "" }

// ParseCell splits a cell into what the engine runs and the uses of the magics whose names isOurs accepts, in the order
// in which they stand.
//
// A magic's line begins in the first column with % or %%, outside of what the scanner calls text; a backslash at its end
// continues it on the next line. Under %%name the rest of the cell is the body. Lines that begin with % or ! and are not
// ours stay in the engine's text. One that begins with %%name takes the rest of the cell with it.
func ParseCell(code string, isOurs func(name string) bool, scanner Scanner) []Part {
	return parseCell(code, isOurs, func(string) bool { return false }, scanner)
}

// parseCell also finds the engine's commands that a cell asks for --help, of those that explains accepts by their names with
// percent signs: they are calls of %help.
func parseCell(code string, isOurs, explains func(name string) bool, scanner Scanner) []Part {
	code = strings.ReplaceAll(code, "\r\n", "\n")
	p := cellParser{code: code, lines: strings.SplitAfter(code, "\n"), isOurs: isOurs, explains: explains, scan: scanner}
	p.parse()
	return p.parts
}

// wordsError is the error of a part whose line cannot be split into words.
type wordsError struct{ text string }

func (e *wordsError) Error() string { return e.text }

type cellParser struct {
	code     string
	lines    []string // each with its line feed
	isOurs   func(string) bool
	explains func(string) bool
	parts    []Part

	engine struct {
		from   int    // index of the first line of the text being collected
		runs   bool   // whether it holds more than blank lines and comments
		before string // what has to stand before it, since a magic has interrupted the text
	}
	scan Scanner
}

func (p *cellParser) parse() {
	for at := 0; at < len(p.lines); {
		line := p.lines[at]
		name, double := magicName(line)
		switch {
		case p.scan.InText() || !strings.HasPrefix(line, "%") && !strings.HasPrefix(line, "!"):
			p.engine.runs = p.scan.Line(line) || p.engine.runs
			at++
		case name != "" && p.isOurs(name):
			at = p.call(at, name, double)
		case p.asksForHelp(at):
			at = p.call(at, strings.TrimLeft(name, "%"), double)
			call := &p.parts[len(p.parts)-1].Call
			*call = magics.Call{Name: helpName, Line: call.Name, Code: p.code}
		case double && name != "":
			// An engine's cell magic: it has to be the text's first line, and everything below it is its body.
			p.flush(at)
			p.parts = append(p.parts, Part{Line: at + 1, Engine: strings.Join(p.lines[at:], "")})
			return
		default:
			next := p.lineEnd(at)
			if p.scan.Command(strings.Join(p.lines[at:next], "")) {
				p.engine.before = ""
			}
			p.engine.runs = true
			at = next
		}
	}
	p.engine.runs = p.engine.runs || p.scan.InText() // what is never closed is the engine's to complain about
	p.flush(len(p.lines))
}

// helpName is the magic that explains the engine's commands.
const helpName = "help"

// asksForHelp tells whether the line at an index asks a command of the engine to explain itself.
func (p *cellParser) asksForHelp(at int) bool {
	words := strings.Fields(joinContinued(p.lines[at:p.lineEnd(at)]))
	return len(words) == 2 && (words[1] == "--help" || words[1] == "-h") && p.explains(words[0])
}

// call adds the call on line index at, behind the text before it, and returns the index of the first line after it.
func (p *cellParser) call(at int, name string, double bool) int {
	p.flush(at)
	at = p.magic(at, name, double)
	p.engine.from, p.engine.before = at, p.scan.Resume()
	return at
}

// flush ends the engine's text before line index end.
func (p *cellParser) flush(end int) {
	from := p.engine.from
	p.engine.from = end
	if !p.engine.runs {
		return
	}
	p.engine.runs = false
	pad := strings.Repeat("\n", from)
	if p.engine.before != "" {
		pad = strings.Repeat("\n", from-1) + p.engine.before + "\n"
	}
	p.parts = append(p.parts, Part{Line: from + 1, Engine: pad + strings.Join(p.lines[from:end], "")})
}

// magic adds the call that begins at line index at and returns the index of the first line after it.
func (p *cellParser) magic(at int, name string, double bool) int {
	next := p.lineEnd(at)
	line := strings.TrimSuffix(joinContinued(p.lines[at:next]), "\n")
	line = strings.TrimSpace(line[strings.Index(line, name)+len(name):])
	call := magics.Call{Name: name, Line: line, Cell: double, Code: p.code}
	if double {
		call.Body = strings.Join(p.lines[next:], "")
		next = len(p.lines)
	}
	part := Part{Line: at + 1, Call: call}
	if bracket, opened := p.scan.Block(); bracket != "" {
		part.Err = fmt.Errorf("%s in line %d is inside a block: the %q of line %d is still open there; put the magic on a line outside of it",
			part.Name(), at+1, bracket, opened)
	} else if _, err := magics.SplitWords(line); err != nil {
		part.Err = &wordsError{fmt.Sprintf("%s in line %d: %v", part.Name(), at+1, err)}
	}
	p.parts = append(p.parts, part)
	p.scan.Skip(next - at)
	return next
}

// lineEnd is the index after the line at index at and those that continue it with a backslash.
func (p *cellParser) lineEnd(at int) int {
	for at < len(p.lines)-1 && strings.HasSuffix(p.lines[at], "\\\n") {
		at++
	}
	return at + 1
}

func joinContinued(lines []string) string {
	return strings.ReplaceAll(strings.Join(lines, ""), "\\\n", " ")
}

// magicName is the word after the percent signs of a line; double says that there are two.
func magicName(line string) (name string, double bool) {
	rest, ok := strings.CutPrefix(line, "%")
	if !ok {
		return "", false
	}
	rest, double = strings.CutPrefix(rest, "%")
	end := strings.IndexAny(rest, " \t\r\n\\")
	if end < 0 {
		end = len(rest)
	}
	return rest[:end], double
}

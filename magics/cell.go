package magics

import (
	"fmt"
	"strings"
)

// A Part is a piece of a cell that runs as one: a stretch of text for the engine, or one use of a magic.
type Part struct {
	// Line is the cell's line, counted from 1, on which the part begins.
	Line int
	// Engine is the text for the engine, padded in front with blank lines so that its line numbers are the cell's own.
	// It is empty when the part is a magic.
	Engine string
	// Call is the use of a magic; its Name is empty when the part is text for the engine.
	Call Call
	// Err says why this magic cannot be called as it is written, such as a quote that is never closed. A cell with such a
	// part should not begin to run at all.
	Err error
}

// IsMagic reports whether the part is one use of a magic.
func (p Part) IsMagic() bool { return p.Call.Name != "" }

// ParseCell splits a cell into what the engine runs and the uses of the magics whose names isOurs accepts, in the order
// in which they stand.
//
// A magic's line begins in the first column with % or %%, outside of Go's comments, raw strings and brackets; a
// backslash at its end continues it on the next line. Under %%name the rest of the cell is the body. Lines that begin
// with % or ! and are not ours, a bare %% among them, stay in the engine's text; where a magic interrupts the Go code
// below a bare %%, that code goes on in a func main of its own.
func ParseCell(code string, isOurs func(name string) bool) []Part {
	code = strings.ReplaceAll(code, "\r\n", "\n")
	p := cellParser{code: code, lines: strings.SplitAfter(code, "\n"), isOurs: isOurs}
	p.parse()
	return p.parts
}

// wordsError is the error of a part whose line cannot be split into words.
type wordsError struct{ text string }

func (e *wordsError) Error() string { return e.text }

type cellParser struct {
	code   string
	lines  []string // each with its line feed
	isOurs func(string) bool
	parts  []Part

	engine struct {
		from     int    // index of the first line of the text being collected
		to       int    // index behind its last line
		runs     bool   // whether it holds more than blank lines and comments
		mainLine string // the bare %% line that the text stands below, "" when none
	}
	scan goScan
}

func (p *cellParser) parse() {
	for at := 0; at < len(p.lines); {
		line := p.lines[at]
		name, double := magicName(line)
		switch {
		case p.scan.inText() || !strings.HasPrefix(line, "%") && !strings.HasPrefix(line, "!"):
			p.engine.runs = p.scan.line(line) || p.engine.runs
			at++
		case name != "" && p.isOurs(name):
			p.flush(at)
			at = p.magic(at, name, double)
			p.engine.from, p.engine.to = at, at
		case double && name != "":
			// An engine's cell magic: it has to be the text's first line, and everything below it is its body.
			p.flush(at)
			p.parts = append(p.parts, Part{Line: at + 1, Engine: strings.Join(p.lines[at:], "")})
			return
		default:
			next := p.lineEnd(at)
			if double || name == "main" {
				p.engine.mainLine = strings.TrimRight(strings.Join(p.lines[at:next], ""), "\n")
				p.scan = goScan{}
			}
			p.engine.runs = true
			at = next
		}
		p.engine.to = at
	}
	p.flush(len(p.lines))
}

// flush ends the engine's text before line index end.
func (p *cellParser) flush(end int) {
	from := p.engine.from
	p.engine.from = end
	if !p.engine.runs {
		return
	}
	p.engine.runs = false
	text := strings.Join(p.lines[from:end], "")
	pad := strings.Repeat("\n", from)
	if main := p.engine.mainLine; main != "" && !strings.Contains("\n"+text, "\n"+main) {
		pad = strings.Repeat("\n", from-1) + mainOnOneLine(main) + "\n"
	}
	p.parts = append(p.parts, Part{Line: from + 1, Engine: pad + text})
}

// mainOnOneLine joins a continued %% line, since the padding offers one line for it.
func mainOnOneLine(line string) string { return strings.ReplaceAll(line, "\\\n", " ") }

// magic adds the call that begins at line index at and returns the index of the first line behind it.
func (p *cellParser) magic(at int, name string, double bool) int {
	next := p.lineEnd(at)
	line := strings.TrimSuffix(joinContinued(p.lines[at:next]), "\n")
	line = strings.TrimSpace(line[strings.Index(line, name)+len(name):])
	call := Call{Name: name, Line: line, Cell: double, Code: p.code}
	if double {
		call.Body = strings.Join(p.lines[next:], "")
		next = len(p.lines)
	}
	part := Part{Line: at + 1, Call: call}
	if p.scan.depth() > 0 {
		part.Err = fmt.Errorf("%s in line %d stands inside Go code: the %q of line %d is still open there; put the magic on a line between declarations",
			call.name(), at+1, p.scan.open[0].bracket, p.scan.open[0].line)
	} else if words, err := SplitWords(line); err != nil {
		part.Err = &wordsError{fmt.Sprintf("%s in line %d: %v", call.name(), at+1, err)}
	} else {
		part.Call.Args = words
	}
	p.parts = append(p.parts, part)
	p.scan.lines += next - at
	return next
}

// lineEnd is the index behind the line at index at and those that continue it with a backslash.
func (p *cellParser) lineEnd(at int) int {
	for at < len(p.lines)-1 && strings.HasSuffix(p.lines[at], "\\\n") {
		at++
	}
	return at + 1
}

func joinContinued(lines []string) string {
	return strings.ReplaceAll(strings.Join(lines, ""), "\\\n", " ")
}

// magicName is the word behind the percent signs of a line; double says that there are two.
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

// name is the call as it was written: with one percent sign or two.
func (c Call) name() string {
	if c.Cell {
		return "%%" + c.Name
	}
	return "%" + c.Name
}

package cell

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/kernel/gonb/report"
)

// A Prepared is a cell as GoNB gets it: with func main around statements that stand outside of a function, and with what
// is known of variables that statements of earlier cells declared.
type Prepared struct {
	Cell
	Statements bool           // whether func main holds the statements of a cell
	Lines      map[string]int // the variables that these statements declare, with their lines in the cell
	Declared   []string       // what the cell declares outside of a function, by its names
	Others     []string       // of these, what is not a variable
}

// Prepare makes of a cell what GoNB gets. Carried are declarations that GoNB does not know yet.
func Prepare(c Cell, carried Carried) Prepared {
	b, statements := c.bare()
	late := false
	if !statements {
		b, late = c.lateImports()
	}
	if !statements && !late {
		p := Prepared{Cell: c}
		p.declares(declarations(c))
		if len(carried.lines) > 0 && c.hasGo() {
			lines, own := strings.Split(c.Code, "\n"), origins(c.Count, 1, strings.Count(c.Code, "\n")+1)
			imports, rest := carried.split()
			at := importsEnd(c)
			p.compose(slices.Concat(imports.lines, lines[:at], rest.lines, lines[at:]), slices.Concat(imports.origin, own[:at], rest.origin, own[at:]))
		}
		return p
	}
	p := Prepared{Cell: c, Statements: statements, Lines: b.names()}
	var lines []string
	var origin []report.Position
	add := func(from int, more ...string) {
		lines = append(lines, more...)
		origin = append(origin, origins(c.Count, from, len(more))...)
	}
	all := strings.Split(c.Code, "\n")
	for _, command := range c.commands {
		_, next := joined(all, command.line-1)
		add(command.line, all[command.line-1:next]...)
	}
	// Go wants imports first.
	imports, rest := carried.split()
	lines, origin = append(lines, imports.lines...), append(origin, imports.origin...)
	from, text := trimmed(b.imports)
	add(from, text...)
	lines, origin = append(lines, rest.lines...), append(origin, rest.origin...)
	from, text = trimmed(without(b.declarations, b.imports))
	add(from, text...)
	if statements {
		from, text = trimmed(b.statements)
		add(from, "func main() {")
		add(from, text...)
		add(from+len(text)-1, "}")
	}
	p.compose(lines, origin)
	own := New(b.declarations, 0)
	own.commands = nil
	p.declares(declarations(own))
	return p
}

// importsEnd is the number of lines of a cell up to the end of its last import.
func importsEnd(c Cell) int {
	files := token.NewFileSet()
	file, _ := parser.ParseFile(files, "cell.go", goSource(c), parser.ImportsOnly|parser.SkipObjectResolution)
	end := 0
	if file == nil {
		return end
	}
	for _, decl := range file.Decls {
		if d, ok := decl.(*ast.GenDecl); ok && d.Tok == token.IMPORT {
			end = files.PositionFor(d.End(), false).Line
		}
	}
	return min(end, strings.Count(c.Code, "\n")+1)
}

func (p *Prepared) compose(lines []string, origin []report.Position) {
	p.Code, p.Origin = strings.Join(lines, "\n"), origin
	p.commands = commands(p.Code)
}

func origins(count, from, lines int) []report.Position {
	var list []report.Position
	for i := range lines {
		list = append(list, report.Position{Count: count, Line: from + i})
	}
	return list
}

// trimmed are the lines of a text without blank ones at its ends, and the number of the first, counted from 1.
func trimmed(text string) (from int, lines []string) {
	lines = strings.Split(text, "\n")
	blank := func(line string) bool { return strings.TrimSpace(line) == "" }
	for len(lines) > 0 && blank(lines[len(lines)-1]) {
		lines = lines[:len(lines)-1]
	}
	for len(lines) > 0 && blank(lines[0]) {
		from, lines = from+1, lines[1:]
	}
	return from + 1, lines
}

func (p *Prepared) declares(list []declaration) {
	for _, d := range list {
		if d.kind != "import" {
			p.Declared = append(p.Declared, d.names...)
		}
		if d.kind != "import" && d.kind != "var" {
			p.Others = append(p.Others, d.names...)
		}
	}
}

// hasGo tells a cell that GoNB compiles: it holds more than commands, or a command by which a program runs.
func (c Cell) hasGo() bool {
	if len(c.commands) > 0 && slices.Contains(cellCommands, "%"+c.commands[0].name) {
		return false
	}
	lines := strings.Split(c.Code, "\n")
	for _, command := range c.commands {
		if slices.Contains(onlyMain, command.name) {
			return true
		}
		_, next := joined(lines, command.line-1)
		for i := command.line - 1; i < next; i++ {
			lines[i] = ""
		}
	}
	return strings.TrimSpace(strings.Join(lines, "")) != ""
}

// A Carried is declarations on their way to GoNB.
type Carried struct {
	lines  []string
	origin []report.Position
}

// Add adds a declaration of one line, which stands for what is at a position in a cell.
func (c *Carried) Add(line string, at report.Position) {
	c.lines, c.origin = append(c.lines, line), append(c.origin, at)
}

// split parts the imports from the rest.
func (c Carried) split() (imports, rest Carried) {
	for i, line := range c.lines {
		if strings.HasPrefix(line, "import ") {
			imports.Add(line, c.origin[i])
		} else {
			rest.Add(line, c.origin[i])
		}
	}
	return imports, rest
}

// Join adds the declarations of another.
func (c *Carried) Join(other Carried) {
	for i, line := range other.lines {
		if !slices.Contains(c.lines, line) {
			c.Add(line, other.origin[i])
		}
	}
}

// Remove removes the declarations of variables.
func (c *Carried) Remove(names ...string) {
	var rest Carried
	for i, line := range c.lines {
		if words := strings.Fields(line); len(words) < 2 || words[0] != "var" || !slices.Contains(names, words[1]) {
			rest.Add(line, c.origin[i])
		}
	}
	*c = rest
}

// Cell is a cell of these declarations alone.
func (c Carried) Cell() Cell {
	imports, rest := c.split()
	imports.Join(rest)
	return Cell{Code: strings.Join(imports.lines, "\n"), Origin: imports.origin}
}

package cell

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/kernel/gonb/report"
)

// bare is a cell with statements outside of a function. Its texts have the lines and columns of the cell.
type bare struct {
	declarations string // imports, types, constants, functions
	imports      string // of these
	statements   string
}

// A stretch is a part of a text, by the offsets of its bytes.
type stretch struct {
	from, to int
	kind     token.Token // the word that a declaration begins with
}

// topLevel is what stands at the top level of a text.
type topLevel struct {
	declarations []stretch // each with the comments in front of it
	statements   bool      // whether anything else stands there, besides comments
	variables    []stretch // var declarations
	hasMain      bool
	open         openBracket // the first bracket that is not closed; its text is empty when there is none
}

// bare tells a cell with statements outside of a function. Where declarations are all that it holds, var is one of them;
// beside statements it is one itself, since it may depend on those before it.
func (c Cell) bare() (b bare, ok bool) {
	text, ok := plainText(c)
	if !ok {
		return b, false
	}
	top := readTopLevel(text)
	if !top.statements || top.hasMain {
		return b, false
	}
	return top.bare(text), true
}

func (top topLevel) bare(text string) bare {
	imports := slices.DeleteFunc(slices.Clone(top.declarations), func(s stretch) bool { return s.kind != token.IMPORT })
	return bare{
		declarations: only(text, top.declarations, true), imports: only(text, imports, true),
		statements: only(text, top.declarations, false),
	}
}

// onlyMain are the commands of GoNB that say what func main is, or that no func main runs.
var onlyMain = []string{"%", "main", "exec", "test", "wasm"}

// plainText is a cell without its commands, each line where it stands; ok is false where a command says what func main is.
func plainText(c Cell) (text string, ok bool) {
	lines := strings.Split(c.Code, "\n")
	for _, command := range c.commands {
		if command.mark == '%' && (slices.Contains(onlyMain, command.name) || slices.Contains(cellCommands, "%"+command.name)) {
			return "", false
		}
		_, next := joined(lines, command.line-1)
		for i := command.line - 1; i < next; i++ {
			lines[i] = ""
		}
	}
	for i := range lines {
		if strings.HasPrefix(lines[i], "package") {
			lines[i] = ""
		}
	}
	return strings.Join(lines, "\n"), true
}

// readTopLevel finds the declarations of a text. They begin after a semicolon, also one that a line break means, with a
// word that begins nothing else there, and end at the next semicolon.
func readTopLevel(text string) topLevel {
	var top topLevel
	var s scanner.Scanner
	files := token.NewFileSet()
	file := files.AddFile("cell.go", -1, len(text))
	s.Init(file, []byte(text), nil, 0)
	var open []openBracket
	var words []token.Token // of what begins at from, as far as they decide what it is
	var names []string
	from, end := 0, 0
	flush := func() {
		switch kind := pieceKind(words); {
		case len(words) == 0:
			return
		case kind == token.VAR:
			top.variables = append(top.variables, stretch{from, end, kind})
		case kind != token.ILLEGAL:
			top.declarations = append(top.declarations, stretch{from, end, kind})
			top.hasMain = top.hasMain || kind == token.FUNC && words[1] == token.IDENT && names[0] == "main"
		default:
			top.statements = true
		}
		from, words, names = end, nil, nil
	}
	for {
		at, tok, literal := s.Scan()
		if tok == token.EOF {
			flush()
			if len(open) > 0 {
				top.open = open[0]
			}
			if top.statements {
				top.variables = nil
			} else {
				top.declarations = append(top.declarations, top.variables...)
				slices.SortFunc(top.declarations, func(a, b stretch) int { return a.from - b.from })
			}
			return top
		}
		if tok == token.SEMICOLON && len(open) == 0 {
			if literal == ";" {
				end = file.Offset(at) + 1
			}
			flush()
			from = max(from, end)
			continue
		}
		end = file.Offset(at) + max(len(literal), len(tok.String()))
		if literal != "" {
			end = file.Offset(at) + len(literal)
		}
		if len(words) < maxWords {
			words = append(words, tok)
			if tok == token.IDENT {
				names = append(names, literal)
			}
		}
		switch tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			open = append(open, openBracket{tok.String(), file.Line(at)})
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		}
	}
}

// maxWords bounds the receiver of a method, which tells it from a function literal.
const maxWords = 64

// pieceKind is the word that a declaration begins with; token.ILLEGAL for all else. A func declares something where a name
// and its parameters follow, for a method after the receiver.
func pieceKind(words []token.Token) token.Token {
	if len(words) == 0 {
		return token.ILLEGAL
	}
	switch words[0] {
	case token.IMPORT, token.TYPE, token.CONST, token.VAR:
		return words[0]
	case token.FUNC:
		if len(words) > 1 && words[1] == token.IDENT {
			return token.FUNC
		}
		depth := 0
		for i, word := range words[1:] {
			switch word {
			case token.LPAREN:
				depth++
			case token.RPAREN:
				depth--
			}
			if depth == 0 {
				rest := words[1+i+1:]
				if len(rest) > 1 && rest[0] == token.IDENT && rest[1] == token.LPAREN {
					return token.FUNC
				}
				break
			}
		}
	}
	return token.ILLEGAL
}

// only is a text in which all but some stretches, or these, are spaces.
func only(text string, stretches []stretch, keep bool) string {
	result := []byte(text)
	at := 0
	blank := func(from, to int) {
		for i := from; i < to; i++ {
			if result[i] != '\n' {
				result[i] = ' '
			}
		}
	}
	for _, s := range stretches {
		if keep {
			blank(at, s.from)
		} else {
			blank(s.from, s.to)
		}
		at = s.to
	}
	if keep {
		blank(at, len(result))
	}
	return string(result)
}

// names are the variables that the statements declare at the top level, with their lines.
func (b bare) names() map[string]int {
	found := map[string]int{}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "cell.go", packageClause+"func main() {"+b.statements+"\n}\n", parser.SkipObjectResolution)
	if err != nil {
		return found
	}
	add := func(name *ast.Ident) {
		if name.Name != "_" {
			found[name.Name] = files.PositionFor(name.Pos(), false).Line
		}
	}
	for _, statement := range file.Decls[0].(*ast.FuncDecl).Body.List {
		switch s := statement.(type) {
		case *ast.AssignStmt:
			for _, left := range s.Lhs {
				if name, ok := left.(*ast.Ident); ok && s.Tok == token.DEFINE {
					add(name)
				}
			}
		case *ast.DeclStmt:
			for _, spec := range s.Decl.(*ast.GenDecl).Specs {
				if values, ok := spec.(*ast.ValueSpec); ok {
					for _, name := range values.Names {
						add(name)
					}
				}
			}
		}
	}
	return found
}

// A Prepared is a cell as GoNB gets it: with func main around statements that stand outside of a function, and with what
// is known of variables that statements of earlier cells declared.
type Prepared struct {
	Cell
	Statements bool           // whether func main holds the statements of a cell
	Lines      map[string]int // the variables that these statements declare, with their lines in the cell
	Declared   []string       // what the cell declares outside of a function, by its names
}

// Prepare makes of a cell what GoNB gets. Carried are declarations that GoNB does not know yet.
func Prepare(c Cell, carried Carried) Prepared {
	b, ok := c.bare()
	if !ok {
		p := Prepared{Cell: c, Declared: declaredNames(declarations(c))}
		if len(carried.lines) > 0 && c.hasGo() {
			lines, own := strings.Split(c.Code, "\n"), origins(c.Count, 1, strings.Count(c.Code, "\n")+1)
			imports, rest := carried.split()
			at := importsEnd(c)
			p.compose(slices.Concat(imports.lines, lines[:at], rest.lines, lines[at:]), slices.Concat(imports.origin, own[:at], rest.origin, own[at:]))
		}
		return p
	}
	p := Prepared{Cell: c, Statements: true, Lines: b.names()}
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
	from, text = trimmed(b.statements)
	add(from, "func main() {")
	add(from, text...)
	add(from+len(text)-1, "}")
	p.compose(lines, origin)
	own := New(b.declarations, 0)
	own.commands = nil
	p.Declared = declaredNames(declarations(own))
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

func declaredNames(list []declaration) []string {
	var names []string
	for _, d := range list {
		if d.kind != "import" {
			names = append(names, d.names...)
		}
	}
	return names
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

// unclosedBracket is what is wrong with a cell of statements that lacks a bracket: GoNB would name the end of its file.
func (c Cell) unclosedBracket() (reason string, wrong bool) {
	text, ok := plainText(c)
	if !ok {
		return "", false
	}
	top := readTopLevel(text)
	if !top.statements || top.open.bracket == "" {
		return "", false
	}
	return fmt.Sprintf("line %d: the %s is not closed", top.open.line, top.open.bracket), true
}

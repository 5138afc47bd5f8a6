package cell

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"slices"
	"strings"
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
	unclosed     openBracket // the first bracket that is not closed; its text is empty when there is none
}

// bare tells a cell with statements outside of a function. Where declarations are all that it holds, var is one of them;
// beside statements it is one itself, since it may depend on those before it.
func (c Cell) bare() (b bare, ok bool) {
	text, ok := plainText(c, onlyMain)
	if !ok {
		return b, false
	}
	top := readTopLevel(text)
	if !top.statements || top.hasMain {
		return b, false
	}
	return top.bare(text), true
}

// lateImports tells a cell of declarations in which an import stands behind another one, where Go wants none.
func (c Cell) lateImports() (b bare, ok bool) {
	text, ok := plainText(c, onlyMain)
	if !ok {
		return b, false
	}
	top := readTopLevel(text)
	if top.statements {
		return b, false
	}
	isImport := func(s stretch) bool { return s.kind == token.IMPORT }
	first := slices.IndexFunc(top.declarations, func(s stretch) bool { return !isImport(s) })
	if first < 0 || !slices.ContainsFunc(top.declarations[first:], isImport) {
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

// plainText is a cell without its commands, each line where it stands; ok is false where one of refused is among them, or
// one that takes the rest of the cell as its text.
func plainText(c Cell, refused []string) (text string, ok bool) {
	lines := strings.Split(c.Code, "\n")
	for _, command := range c.commands {
		if command.mark == '%' && (slices.Contains(refused, command.name) || slices.Contains(cellCommands, "%"+command.name)) {
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
	file := token.NewFileSet().AddFile("cell.go", -1, len(text))
	r := topLevelReader{file: file}
	var s scanner.Scanner
	s.Init(file, []byte(text), nil, 0)
	for {
		at, tok, literal := s.Scan()
		if tok == token.EOF {
			return r.finish()
		}
		r.token(at, tok, literal)
	}
}

// topLevelReader reads tokens.
type topLevelReader struct {
	topLevel
	file  *token.File
	open  []openBracket
	words []token.Token // of what begins at from, as far as they decide what it is
	names []string      // among them
	from  int           // where the piece that is being read begins
	end   int           // of the last token
}

func (r *topLevelReader) token(at token.Pos, tok token.Token, literal string) {
	if tok == token.SEMICOLON && len(r.open) == 0 {
		if literal == ";" {
			r.end = r.file.Offset(at) + 1
		}
		r.flush()
		r.from = max(r.from, r.end)
		return
	}
	if literal == "" {
		literal = tok.String()
	}
	r.end = min(r.file.Offset(at)+len(literal), r.file.Size()) // a semicolon may be one that the end of the text means
	if len(r.words) < maxWords {
		r.words = append(r.words, tok)
		if tok == token.IDENT {
			r.names = append(r.names, literal)
		}
	}
	switch tok {
	case token.LPAREN, token.LBRACK, token.LBRACE:
		r.open = append(r.open, openBracket{tok.String(), r.file.Line(at)})
	case token.RPAREN, token.RBRACK, token.RBRACE:
		if len(r.open) > 0 {
			r.open = r.open[:len(r.open)-1]
		}
	}
}

// flush ends a piece.
func (r *topLevelReader) flush() {
	switch kind := pieceKind(r.words); {
	case len(r.words) == 0:
		return
	case kind == token.VAR:
		r.variables = append(r.variables, stretch{r.from, r.end, kind})
	case kind != token.ILLEGAL:
		r.declarations = append(r.declarations, stretch{r.from, r.end, kind})
		r.hasMain = r.hasMain || kind == token.FUNC && r.words[1] == token.IDENT && r.names[0] == "main"
	default:
		r.statements = true
	}
	r.from, r.words, r.names = r.end, nil, nil
}

func (r *topLevelReader) finish() topLevel {
	r.flush()
	top := r.topLevel
	if len(r.open) > 0 {
		top.unclosed = r.open[0]
	}
	if top.statements {
		top.variables = nil
		return top
	}
	top.declarations = append(top.declarations, top.variables...)
	slices.SortFunc(top.declarations, func(a, b stretch) int { return a.from - b.from })
	return top
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

// unclosedBracket is what is wrong with a cell of statements that lacks a bracket: GoNB would name the end of its file.
// Statements stand outside of a function, or below %% or %main.
func (c Cell) unclosedBracket() (reason string, wrong bool) {
	text, ok := plainText(c, nil)
	if !ok {
		return "", false
	}
	top := readTopLevel(text)
	if !top.statements && !c.HasMainLine() || top.unclosed.bracket == "" {
		return "", false
	}
	return fmt.Sprintf("line %d: the %s is not closed", top.unclosed.line, top.unclosed.bracket), true
}

// HasMainLine tells a cell in which a command makes a func main of the lines below it.
func (c Cell) HasMainLine() bool {
	return slices.ContainsFunc(c.commands, func(command command) bool {
		return command.mark == '%' && (command.name == "%" || command.name == "main")
	})
}

package cell

import (
	"errors"
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// indentUnit is what each open bracket indents the next line by: spaces, since Jupyter's console shows a tab as ^I, and four, as
// JupyterLab's editor makes of its Tab key.
const indentUnit = "    "

// Completeness says whether a stretch of a cell can run as it stands: Go's parser decides about Go, a command is complete
// when no backslash continues it, and a %%command when a line follows it.
func Completeness(code string) (status, indent string) {
	lines := strings.SplitAfter(code, "\n")
	if isCellCommand(lines[0]) {
		return bodyCompleteness(lines[1:])
	}
	var declarations, statements strings.Builder
	to, hasMain, unfinished := &declarations, false, false
	walk(code, func(line string) { to.WriteString(line) }, func(c walkedCommand) {
		unfinished = c.unfinished
		if c.main {
			to, hasMain = &statements, true
		}
	})
	if unfinished {
		return wire.Incomplete, ""
	}
	if hasMain && statements.Len() == 0 {
		return wire.Incomplete, ""
	}
	return goCompleteness(declarations.String(), statements.String(), hasMain)
}

func isCommandLine(text string) bool {
	return strings.HasPrefix(text, "%") || strings.HasPrefix(text, "!")
}

// isCellCommand tells a line of the form %%name, which takes the rest of the cell.
func isCellCommand(line string) bool {
	rest, ok := strings.CutPrefix(trimPrefix(line), "%%")
	return ok && rest != "" && !strings.ContainsAny(rest[:1], " \t\r\n\\") && !isMain(strings.TrimRight(line, "\r\n"))
}

// bodyCompleteness wants one line, which may be blank.
func bodyCompleteness(body []string) (status, indent string) {
	if strings.Join(body, "") == "" {
		return wire.Incomplete, ""
	}
	return wire.Complete, ""
}

// goCompleteness judges declarations and the statements below a bare %%, or declarations and statements in any order.
func goCompleteness(declarations, statements string, hasMain bool) (status, indent string) {
	status, indent = fragment{text: declarations, before: "package p;"}.judge()
	switch {
	case !hasMain && status != wire.Complete:
		if top := readTopLevel(declarations); top.statements {
			return top.bare(declarations).judge()
		}
		return status, indent
	case !hasMain || status == wire.Invalid:
		return status, indent
	case status == wire.Incomplete:
		return wire.Invalid, ""
	}
	return inMain(statements).judge()
}

func inMain(statements string) fragment {
	return fragment{text: statements, before: "package p; func main() {", after: "\n}"}
}

func (b bare) judge() (status, indent string) {
	status, indent = fragment{text: b.declarations, before: "package p;"}.judge()
	if status != wire.Complete {
		return status, indent
	}
	return inMain(b.statements).judge()
}

// isMain tells the line below which statements stand.
func isMain(line string) bool {
	name, _, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
	return name == "%%" || name == "%main" || name == "%%main"
}

// A fragment is Go code with what makes a file of it.
type fragment struct{ before, text, after string }

func (f fragment) judge() (status, indent string) {
	t := readTokens(f.text)
	switch {
	case t.unclosed:
		return wire.Incomplete, ""
	case !t.balanced:
		return wire.Invalid, ""
	}
	_, err := parser.ParseFile(token.NewFileSet(), "", f.before+f.text+f.after, parser.SkipObjectResolution)
	if err == nil {
		return wire.Complete, ""
	}
	var list scanner.ErrorList
	end := len(f.before) + len(strings.TrimRight(f.text, " \t\r\n"))
	if errors.As(err, &list) && list[0].Pos.Offset < end {
		return wire.Invalid, ""
	}
	if t.depth == 0 && t.ends {
		return wire.Invalid, "" // the next line cannot complete it: a semicolon stands between them
	}
	return wire.Incomplete, strings.Repeat(indentUnit, t.depth)
}

// tokens is what the tokens of a text tell.
type tokens struct {
	depth    int  // of the brackets that are open
	unclosed bool // a raw string or a comment is open
	balanced bool // every closing bracket closes one of its kind
	ends     bool // a line break ends the last statement
}

func readTokens(code string) tokens {
	closing := map[token.Token]token.Token{token.LPAREN: token.RPAREN, token.LBRACK: token.RBRACK, token.LBRACE: token.RBRACE}
	files := token.NewFileSet()
	var result tokens
	var s scanner.Scanner
	onError := func(_ token.Position, message string) {
		result.unclosed = result.unclosed || strings.HasPrefix(message, "raw string literal not terminated") || strings.HasPrefix(message, "comment not terminated")
	}
	s.Init(files.AddFile("", files.Base(), len(code)), []byte(code), onError, 0)
	var stack []token.Token
	for {
		_, tok, literal := s.Scan()
		switch tok {
		case token.EOF:
			result.depth, result.balanced = len(stack), true
			return result
		case token.LPAREN, token.LBRACK, token.LBRACE:
			stack = append(stack, closing[tok])
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if len(stack) == 0 || stack[len(stack)-1] != tok {
				return result
			}
			stack = stack[:len(stack)-1]
		}
		result.ends = tok == token.SEMICOLON && literal == "\n"
	}
}

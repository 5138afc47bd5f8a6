package session

import (
	"context"
	"errors"
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"

	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/magics"
)

func (s *Session) isComplete(_ context.Context, _ *request, content wire.IsCompleteRequest) any {
	status, indent := completeness(content.Code)
	return wire.IsCompleteReply{Status: status, Indent: indent}
}

// completeness says whether a cell can run as it stands. Lines of magics and of the shell, and all below a %%name, always
// can; Go's own parser decides about the rest.
func completeness(code string) (status, indent string) {
	// Every magic counts here, the engine's too; only %main is the engine's name for a bare %%.
	parts := magics.ParseCell(code, func(name string) bool { return name != "main" })
	if len(parts) == 0 { // nothing that runs, but perhaps a comment that is still open
		return goCompleteness(code)
	}
	for i, part := range parts {
		if part.IsMagic() {
			continue
		}
		status, indent = goCompleteness(part.Engine)
		if status == wire.Incomplete && i < len(parts)-1 {
			status, indent = wire.Invalid, ""
		}
		if status != wire.Complete {
			return status, indent
		}
	}
	return wire.Complete, ""
}

// goCompleteness judges declarations and, below a bare %%, statements.
func goCompleteness(text string) (status, indent string) {
	var declarations, statements strings.Builder
	to, hasMain := &declarations, false
	for line := range strings.Lines(text) {
		switch {
		case isMain(line):
			to, hasMain = &statements, true
		case strings.HasPrefix(line, "!"):
		default:
			to.WriteString(line)
		}
	}
	if !hasMain && isExpression(text) {
		return wire.Complete, ""
	}
	status, indent = fragment{text: declarations.String(), before: "package p;"}.judge()
	if !hasMain || status == wire.Invalid {
		return status, indent
	}
	if status == wire.Incomplete {
		return wire.Invalid, ""
	}
	return fragment{text: statements.String(), before: "package p; func main() {", after: "\n}"}.judge()
}

// isMain tells the line below which statements stand; all other magics' lines have been taken out.
func isMain(line string) bool {
	name, _, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
	return name == "%%" || name == "%main" || name == "%%main"
}

// A fragment is Go code and what makes a file of it.
type fragment struct{ before, text, after string }

func (f fragment) judge() (status, indent string) {
	depth, open, balanced := brackets(f.text)
	switch {
	case open:
		return wire.Incomplete, ""
	case !balanced:
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
	return wire.Incomplete, strings.Repeat("\t", depth)
}

// brackets counts how many brackets are open at the end of the code. Open says that a raw string or a comment is;
// balanced is false where a bracket closes another one or none.
func brackets(code string) (depth int, open, balanced bool) {
	closing := map[token.Token]token.Token{token.LPAREN: token.RPAREN, token.LBRACK: token.RBRACK, token.LBRACE: token.RBRACE}
	files := token.NewFileSet()
	var s scanner.Scanner
	onError := func(_ token.Position, message string) {
		open = open || strings.HasPrefix(message, "raw string literal not terminated") || strings.HasPrefix(message, "comment not terminated")
	}
	s.Init(files.AddFile("", files.Base(), len(code)), []byte(code), onError, 0)
	var stack []token.Token
	for {
		_, tok, _ := s.Scan()
		switch tok {
		case token.EOF:
			return len(stack), open, true
		case token.LPAREN, token.LBRACK, token.LBRACE:
			stack = append(stack, closing[tok])
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if len(stack) == 0 || stack[len(stack)-1] != tok {
				return 0, open, false
			}
			stack = stack[:len(stack)-1]
		}
	}
}

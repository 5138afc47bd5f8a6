// Package report turns the errors of Go tools into ones that point into the user's cells.
package report

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// Names of errors, as the ename of a reply.
const (
	compileError = "CompileError"
	syntaxError  = "SyntaxError"
	moduleError  = "ModuleError"
	testFailure  = "TestFailure"
	exitError    = "ExitError"
	// GoNBError is a failure of GoNB's own.
	GoNBError = "GoNBError"
)

// A problem is one message of a Go tool with the place that it points to.
type problem struct {
	at        *Position // nil where the message has no place in any cell
	message   string
	more      []string // the lines that belong to the message
	generated []string // the lines around it in the program that GoNB generated
}

var (
	// toolLine is a line of the compiler, the parser or goimports about the generated program.
	toolLine = regexp.MustCompile(`^(?:go: )?(?:\S*/)?main(?:_test)?\.go:(\d+):(\d+): (.*)$`)
	// cellLine is the line by which GoNB, with raw errors, says where in a cell a message belongs.
	cellLine = regexp.MustCompile(`^Cell\[(\d+)\]: Line (\d+)$`)
)

// describe turns an error reply of GoNB, which runs with -raw_error, into problems: evalue holds the lines of the tool,
// and traceback an entry for each of these lines, with the cell's line and the generated text around it.
func describe(reply wire.Error, cells *Sources) []problem {
	var problems []problem
	for i, line := range strings.Split(reply.EValue, "\n") {
		match := toolLine.FindStringSubmatch(line)
		switch {
		case match != nil:
			column, _ := strconv.Atoi(match[2])
			entry := ""
			if i < len(reply.Traceback) {
				entry = reply.Traceback[i]
			}
			problems = append(problems, locate(match[3], column, entry, cells))
		case strings.TrimSpace(line) == "", strings.HasPrefix(line, "# "): // the package, which the files of its errors show
		case strings.HasPrefix(line, "\t") && len(problems) > 0:
			last := &problems[len(problems)-1]
			last.more = append(last.more, line)
		default:
			problems = append(problems, problem{message: line})
		}
	}
	return problems
}

// locate builds the problem of one tool line from GoNB's traceback entry for it.
func locate(message string, column int, entry string, cells *Sources) problem {
	p := problem{message: strings.TrimSpace(message)}
	lines := strings.Split(entry, "\n")
	match := cellLine.FindStringSubmatch(lines[0])
	if match == nil {
		return p
	}
	id, _ := strconv.Atoi(match[1])
	line, _ := strconv.Atoi(match[2])
	at, ok := cells.find(id, line)
	if !ok {
		return p
	}
	caret := strings.Repeat(" ", max(column-1, 0)) + "^"
	for i, text := range lines[1:] {
		if text == caret && i > 0 {
			at.column = align(at.text, lines[i], column)
			p.generated = append([]string(nil), lines[1:len(lines)-1]...)
			break
		}
	}
	p.at = &at
	return p
}

// A Report is a failure as the user gets it: the content of the error message, and the same as HTML.
type Report struct {
	wire.Error
	HTML string // empty where it would say no more than the traceback
}

// toolReport reports the problems that a Go tool found in a cell.
func toolReport(name string, problems []problem) Report {
	if len(problems) == 0 {
		problems = []problem{{message: "the Go tools failed without a message"}}
	}
	r := Report{Error: wire.Error{EName: name, EValue: summary(problems)}}
	var body strings.Builder
	located := false
	for _, p := range problems {
		r.Traceback = append(r.Traceback, p.ansi())
		body.WriteString(p.html())
		located = located || len(p.generated) > 0
	}
	if !located {
		return r
	}
	r.HTML = "<details><summary>" + display.EscapeHTML(name+": "+r.EValue) + "</summary>" + body.String() + "</details>"
	return r
}

// summary is the first problem that has a place, and how many others there are.
func summary(problems []problem) string {
	first := problems[0]
	for _, p := range problems {
		if p.at != nil {
			first = p
			break
		}
	}
	text := first.message
	if first.at != nil {
		text = fmt.Sprintf("line %d: %s", first.at.Line, text)
	}
	switch n := len(problems) - 1; n {
	case 0:
		return text
	case 1:
		return text + " (and one more)"
	default:
		return fmt.Sprintf("%s (and %d more)", text, n)
	}
}

// ANSI colors, by their SGR parameters.
const (
	red   = "31"
	bold  = "1"
	faint = "2"
)

func color(code, text string) string { return "\x1b[" + code + "m" + text + "\x1b[0m" }

// ansi is the problem as a terminal and a notebook show it: the place, the message, the line with a caret below.
func (p problem) ansi() string {
	message := color(red, p.message)
	if p.at == nil {
		return strings.Join(append([]string{message}, p.more...), "\n")
	}
	lines := append([]string{color(bold, p.at.String()) + ": " + message}, p.more...)
	return strings.Join(append(lines, p.at.excerpt()...), "\n")
}

// excerpt is the line itself, and a caret below the column.
func (p Position) excerpt() []string {
	if strings.TrimSpace(p.text) == "" {
		return nil
	}
	const tab = "    "
	lines := []string{fmt.Sprintf("%s %s", color(faint, fmt.Sprintf("%5d |", p.Line)), strings.ReplaceAll(p.text, "\t", tab))}
	if p.column > 0 && p.column <= len(p.text)+1 {
		before := strings.ReplaceAll(p.text[:p.column-1], "\t", tab)
		lines = append(lines, fmt.Sprintf("%s %s%s", color(faint, "      |"), strings.Repeat(" ", len([]rune(before))), color(red, "^")))
	}
	return lines
}

// html is the problem with the lines around it in the generated program.
func (p problem) html() string {
	var b strings.Builder
	b.WriteString(`<div style="font-family: var(--jp-code-font-family, monospace); white-space: pre-wrap;">`)
	if p.at != nil {
		b.WriteString("<strong>" + display.EscapeHTML(p.at.String()) + "</strong>: ")
	}
	b.WriteString(display.EscapeHTML(strings.Join(append([]string{p.message}, p.more...), "\n")))
	if len(p.generated) > 0 {
		b.WriteString(`<pre style="margin: 0.3em 2em; opacity: 0.8;">`)
		b.WriteString(display.EscapeHTML(strings.TrimRight(strings.Join(p.generated, "\n"), "\n")) + "</pre>")
	}
	b.WriteString("</div>")
	return b.String()
}

var exitStatus = regexp.MustCompile(`^(?:exit status \d+|signal: .+)$`)

// IsExit tells the text of an error that only says how the program ended: it was built and ran.
func IsExit(value string) bool { return exitStatus.MatchString(value) }

// A Failure is what is known of a cell that did not end well.
type Failure struct {
	Reply     wire.Error // GoNB's
	Trace     string     // what the program wrote as it panicked, if it did
	Generated []string   // the lines of the program that GoNB made of the cell
	IsTest    bool
}

// Explain turns a failure into a report.
func Explain(f Failure, cells *Sources) Report {
	reply := f.Reply
	value := strings.TrimSpace(reply.EValue)
	switch {
	case exitStatus.MatchString(value):
		if r, ok := panicReport(f.Trace, f.Generated, cells); ok {
			return r
		}
		return exitReport(value, f.IsTest)
	case strings.HasPrefix(value, "# "):
		return toolReport(compileError, describe(reply, cells))
	case strings.Contains(value, `/go get`) && strings.HasPrefix(value, "failed to run"):
		_, output, _ := strings.Cut(value, "\n")
		return toolReport(moduleError, describe(wire.Error{EValue: output}, cells))
	}
	problems := describe(reply, cells)
	for _, p := range problems {
		if p.at != nil {
			return toolReport(syntaxError, problems[:lastMessage(problems)])
		}
	}
	return Plain(GoNBError, strings.TrimPrefix(value, "executing special commands in cell: "))
}

// Refused is the report of a program that did not run, from what it wrote about that: the line and the column in the generated
// program, and why. It has the name that the same problem has where it is found before the program is built.
func Refused(text string, generated []string, cells *Sources) Report {
	place, message, _ := strings.Cut(text, " ")
	p := problem{message: message}
	number, columns, _ := strings.Cut(place, ":")
	line, _ := strconv.Atoi(number)
	if line >= 1 && line <= len(generated) {
		if at, ok := cells.search(generated[line-1]); ok {
			column, _ := strconv.Atoi(columns)
			at.column = align(at.text, generated[line-1], column)
			p.at = &at
		}
	}
	return toolReport(compileError, []problem{p})
}

// lastMessage is the number of problems without the tool's own exit status after them.
func lastMessage(problems []problem) int {
	n := len(problems)
	for n > 1 && problems[n-1].at == nil && exitStatus.MatchString(problems[n-1].message) {
		n--
	}
	return n
}

func exitReport(status string, isTest bool) Report {
	if isTest && strings.HasPrefix(status, "exit status") {
		return Plain(testFailure, "a test failed; its output is above")
	}
	return Plain(exitError, "the program ended with "+status)
}

// Plain is an error of one sentence.
func Plain(name, value string) Report {
	return Report{Error: wire.Error{EName: name, EValue: value, Traceback: []string{color(red, name) + ": " + value}}}
}

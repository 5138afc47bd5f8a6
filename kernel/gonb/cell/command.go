package cell

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/kernel/gonb/report"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// lineCommands are the %commands of GoNB v0.11.4. It reports any other as a warning and goes on, with status ok, so they
// are checked before a cell is passed to it.
var lineCommands = []string{
	"%", "args", "autoget", "capture", "cd", "env", "exec", "goflags", "goworkfix", "help", "list", "ls", "main",
	"noautoget", "remove", "reset", "rm", "test", "track", "untrack", "version", "wasm", "widgets", "widgets_hb",
	"with_inputs", "with_password",
}

// cellCommands are the %%commands of GoNB that take the rest of the cell as their text.
var cellCommands = []string{"%%bash", "%%gx", "%%script", "%%sh", "%%writefile"}

// CommandNames are all of GoNB's commands, without their first percent sign.
func CommandNames() []string {
	names := slices.Clone(lineCommands)
	for _, name := range cellCommands {
		names = append(names, name[1:])
	}
	return names
}

// A command is one line, or several joined by a backslash at their end, that GoNB does not read as Go.
type command struct {
	line int    // of the cell, counted from 1
	mark byte   // '%' or '!'
	name string // the first word after a percent sign; empty after an exclamation mark
	args []string
}

// commands finds the lines of a cell that GoNB takes as its own commands, by GoNB's rules: it looks at the first byte of
// a line, inside strings and comments too. A cell that begins with a cell command has that one only.
func commands(code string) []command {
	lines := strings.Split(code, "\n")
	if first := strings.Fields(trimPrefix(lines[0])); len(first) > 0 && slices.Contains(cellCommands, first[0]) {
		return []command{{line: 1, mark: '%', name: first[0][1:], args: first[1:]}}
	}
	var found []command
	for i := 0; i < len(lines); i++ {
		text := trimPrefix(lines[i])
		if len(text) < 2 || text[0] != '%' && text[0] != '!' {
			continue
		}
		text, next := joined(lines, i)
		c := command{line: i + 1, mark: text[0]}
		i = next - 1
		words := strings.Fields(text[1:])
		if c.mark == '%' && len(words) > 0 {
			c.name, c.args = words[0], words[1:]
		} else {
			c.args = words
		}
		found = append(found, c)
	}
	return found
}

// CommandOn is the name of the %command that begins on a line of a cell, counted from 1, without its first percent sign.
func CommandOn(code string, line int) (name string, ok bool) {
	for _, c := range commands(code) {
		if c.line == line && c.mark == '%' {
			return c.name, true
		}
	}
	return "", false
}

// joined is the command that begins at lines[at], continued where a line ends in a backslash, and the index after it.
func joined(lines []string, at int) (text string, next int) {
	var b strings.Builder
	for {
		line := trimPrefix(lines[at])
		at++
		rest, continued := strings.CutSuffix(line, `\`)
		if !continued || at == len(lines) {
			b.WriteString(line)
			return b.String(), at
		}
		b.WriteString(rest)
		b.WriteByte(' ')
	}
}

// hiddenPrefix is the comment mark after which a command may hide from Go's tools.
const hiddenPrefix = "//gonb:"

func trimPrefix(line string) string { return strings.TrimPrefix(line, hiddenPrefix) }

func refuse(c command, reason string) *wire.Error {
	failure := report.Plain("UnknownMagic", fmt.Sprintf("line %d: %s", c.line, reason))
	return &failure.Error
}

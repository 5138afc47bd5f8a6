// Package help explains the commands of GoNB.
package help

import (
	"strings"

	"github.com/headstart-nb/headstart/kernel/gonb/cell"
)

// summaries say what GoNB's commands do.
var summaries = map[string]string{
	"%":             "%% [args]: the lines below are the body of func main, which runs with these arguments",
	"main":          "%main [args]: the same as %%",
	"args":          "%args [args]: the arguments that the cell's program runs with",
	"test":          "%test [-test.FLAG...]: build the cell with `go test` and run its tests and benchmarks, or those that -test.run and -test.bench name",
	"exec":          "%exec FUNCTION [args]: run a function that is defined in this or an earlier cell",
	"wasm":          "%wasm: build the cell for WebAssembly and run it in the browser",
	"goflags":       "%goflags [flags]: flags of `go build` for all cells from here on; without flags it shows them",
	"autoget":       "%autoget: run `go get` for what a cell imports (the default)",
	"noautoget":     "%noautoget: do not run `go get`",
	"env":           "%env NAME VALUE: set an environment variable for the cells",
	"cd":            "%cd [FOLDER]: change the working directory, or show it",
	"capture":       "%capture [-a] FILE: write the cell's output to a file as well",
	"ls":            "%ls: list the remembered declarations",
	"list":          "%list: list the remembered declarations",
	"rm":            "%rm NAME...: forget declarations",
	"remove":        "%remove NAME...: forget declarations",
	"reset":         "%reset [go.mod]: forget all declarations and begin a new go.mod, or the go.mod alone",
	"track":         "%track [FOLDER]: tell gopls about changes in a folder, or list the tracked ones",
	"untrack":       "%untrack FOLDER: stop tracking it; FOLDER... stops all below it",
	"goworkfix":     "%goworkfix: turn the `use` lines of go.work into `replace` lines of go.mod",
	"with_inputs":   "%with_inputs: the next ! line may ask for input",
	"with_password": "%with_password: the next ! line may ask for a password",
	"widgets":       "%widgets: connect widgets with the browser ahead of their first use",
	"widgets_hb":    "%widgets_hb: check the widgets' connection with the browser",
	"help":          "%help: what the magics do",
	"version":       "%version: the versions of GoNB and Go",
	"%writefile":    "%%writefile [-a] FILE: write the cell to a file",
	"%script":       "%%script PROGRAM [args]: pass the cell to a program's standard input",
	"%bash":         "%%bash: run the cell in bash",
	"%sh":           "%%sh: run the cell in sh",
	"%gx":           "%%gx: run the cell as GX code",
}

// CommandAt is the beginning of a command's name that ends at the cursor, with its percent signs.
func CommandAt(code string, cursor int) (word string, ok bool) {
	line := lineBefore(code, cursor)
	if !strings.HasPrefix(line, "%") || strings.ContainsAny(line, " \t") {
		return "", false
	}
	return line, true
}

// lineBefore is the cursor's line up to the cursor.
func lineBefore(code string, cursor int) string {
	runes := []rune(code)
	before := string(runes[:min(max(cursor, 0), len(runes))])
	return before[strings.LastIndexByte(before, '\n')+1:]
}

// Complete lists the commands that begin with a word.
func Complete(word string) []string {
	var matches []string
	for _, name := range cell.CommandNames() {
		if candidate := "%" + name; strings.HasPrefix(candidate, word) {
			matches = append(matches, candidate)
		}
	}
	return matches
}

// Inspect explains the command on the cursor's line.
func Inspect(code string, cursor int) (help string, ok bool) {
	line := 1 + strings.Count(string([]rune(code)[:min(max(cursor, 0), len([]rune(code)))]), "\n")
	name, ok := cell.CommandOn(code, line)
	if !ok {
		return "", false
	}
	help, ok = summaries[name]
	return help, ok
}

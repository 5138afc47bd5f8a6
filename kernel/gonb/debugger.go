package gonb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/headstart-nb/headstart/internal/goenv"
	"github.com/headstart-nb/headstart/kernel/gonb/cell"
	"github.com/headstart-nb/headstart/kernel/gonb/debug"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// newDebugger returns the debugger of the engine's cells.
func newDebugger(e *Engine) *debug.Debugger {
	delve := filepath.Join(e.options.BinDir, "dlv")
	if _, err := os.Stat(delve); err != nil {
		delve = find("dlv", goenv.Lookup(e.options.Env, "PATH"))
	}
	if _, err := os.Stat(filepath.Join(e.options.BinDir, "headstart-go")); err != nil {
		delve = "" // nothing would build the programs for it
	}
	return debug.New(debug.Options{
		Delve: delve, Folder: filepath.Join(e.options.RuntimeDir, "debug"), Log: e.options.Log,
		Variables: func() ([]debug.Variable, error) {
			kept, err := e.Variables()
			var list []debug.Variable
			for _, v := range kept {
				list = append(list, debug.Variable{Name: v.Name, Type: v.Type, Value: v.Value})
			}
			return list, err
		},
		Evaluate: e.evaluateNow,
	})
}

// errCellRuns is the answer about a variable whose value a cell may be about to change.
var errCellRuns = errors.New("a cell runs: ask again when it has ended, or stop it at a breakpoint")

// evaluateNow is Evaluate, but does not wait for a cell: requests behind it may be those that stop the cell.
func (e *Engine) evaluateNow(ctx context.Context, expression string) (map[string]any, error) {
	select {
	case <-e.work:
		e.release()
		return e.Evaluate(ctx, expression)
	default:
		return nil, fmt.Errorf("show %s: %w", expression, errCellRuns)
	}
}

// CanDebug reports whether Go cells can be debugged here.
func (e *Engine) CanDebug() bool { return e.debugger.Possible() }

// Debug answers a debug request.
func (e *Engine) Debug(ctx context.Context, request json.RawMessage, emit func(event json.RawMessage)) any {
	return e.debugger.Handle(ctx, request, emit)
}

// prepareDebugger tells the debugger which cell comes, and has its program debugged where a client asks for it. End has to
// be called when the cell has ended.
func (e *Engine) prepareDebugger(work string, c cell.Cell, io session.IO) (end func()) {
	text, ok := io.(session.CellText)
	if !ok || !hasLinesOf(c.Code, text.CellText()) || work == "" {
		return func() {} // %timeit measures what is built as always
	}
	file := e.debugger.Ran(text.CellText(), c.Code)
	e.mu.Lock()
	e.cells.AddFile(file, c.Count, c.Code)
	e.mu.Unlock()
	tell := func(text string) { _ = io.Stream(wire.Stderr, text+"\n") } // nobody reads it where it fails
	if c.IsWasm() {
		if e.debugger.On() {
			tell("The cell runs without the debugger: its program runs in the browser, whose own tools debug it.")
		}
		return func() {}
	}
	end, err := e.debugger.Prepare(work, tell)
	if err != nil {
		tell("The cell runs without the debugger: " + err.Error())
	}
	return end
}

// hasLinesOf reports whether the lines of what an engine runs are those of the user's cell, or blank: a magic may run code of
// its own.
func hasLinesOf(code, text string) bool {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, line := range strings.Split(code, "\n") {
		if strings.TrimSpace(line) != "" && (i >= len(lines) || lines[i] != line) {
			return false
		}
	}
	return true
}

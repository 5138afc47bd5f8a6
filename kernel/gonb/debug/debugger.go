package debug

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/kernel/gonb/linemap"
)

// A Variable is one that the kernel keeps between cells.
type Variable struct {
	Name, Type, Value string
}

// Options say what a debugger works with.
type Options struct {
	Delve  string // the program; empty where there is none
	Folder string // for this user alone: the files of cells, sockets; its path is short, as sockets need
	// Variables are those that last, to be shown while nothing is stopped.
	Variables func() ([]Variable, error)
	// Evaluate computes an expression while nothing is stopped.
	Evaluate func(ctx context.Context, expression string) (map[string]any, error)
	Log      *slog.Logger
}

// A Debugger is a kernel's. It is safe for concurrent use.
type Debugger struct {
	options Options
	check   func() error

	mu          sync.Mutex
	on          bool // a client debugs
	emit        func(json.RawMessage)
	cells       []cell                       // that have run, the newest last
	breakpoints map[string][]json.RawMessage // by the file of the cell, as the client set them
	program     *program                     // that runs; nil between cells
	programs    int
}

// A cell is what a user ran.
type cell struct {
	code string // all of it, which names its file
	text string // what is Go, on the same lines
}

// maxCells bounds the cells that are remembered; the oldest go first.
const maxCells = 1000

// answerPatience bounds one answer of Delve, so that an expression that never ends does not keep others from being answered.
const answerPatience = 10 * time.Second

// New returns a debugger that is off.
func New(options Options) *Debugger {
	return &Debugger{
		options: options, breakpoints: map[string][]json.RawMessage{}, emit: func(json.RawMessage) {},
		check: sync.OnceValue(func() error { return Check(options.Delve) }),
	}
}

// Possible reports whether programs can be debugged here.
func (d *Debugger) Possible() bool { return d.options.Delve != "" && d.check() == nil }

// On reports whether a client debugs.
func (d *Debugger) On() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.on
}

// Ran remembers a cell that is about to run: all its code, and what of it is Go, on the same lines. It returns the file that
// stands for the cell.
func (d *Debugger) Ran(code, text string) (file string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	added := cell{code, text}
	d.cells = append(slices.DeleteFunc(d.cells, func(c cell) bool { return c == added }), added)
	d.cells = slices.Delete(d.cells, 0, max(0, len(d.cells)-maxCells))
	return fileOf(d.folder(), code)
}

// describe are the cells as the stand-in for go needs them; their files are written, for front ends that show one.
func (d *Debugger) describe() ([]linemap.Cell, error) {
	var cells []linemap.Cell
	for _, c := range d.cells {
		file, err := d.dump(c.code)
		if err != nil {
			return nil, err
		}
		cells = append(cells, linemap.Cell{File: file, Text: c.text})
	}
	return cells, nil
}

// dump writes the file of a cell.
func (d *Debugger) dump(code string) (string, error) {
	file := fileOf(d.folder(), code)
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	if err := os.MkdirAll(d.folder(), 0o700); err != nil {
		return "", fmt.Errorf("write a cell for the debugger: %w", err)
	}
	if err := atomicfile.Write(file, []byte(code)); err != nil {
		return "", fmt.Errorf("write a cell for the debugger: %w", err)
	}
	return file, nil
}

func (d *Debugger) folder() string { return filepath.Join(d.options.Folder, "cells") }

// Handle answers one request of a client. Events go to emit, until the next request names another.
func (d *Debugger) Handle(ctx context.Context, request json.RawMessage, emit func(event json.RawMessage)) Response {
	var r Request
	if err := json.Unmarshal(request, &r); err != nil {
		return refuse(r, fmt.Errorf("read a debug request: %w", err))
	}
	d.mu.Lock()
	d.emit = emit
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, answerPatience)
	defer cancel()
	if answerOwn, ok := d.own()[r.Command]; ok {
		body, err := answerOwn(ctx, r)
		if err != nil {
			return refuse(r, err)
		}
		return answer(r, body)
	}
	return d.forward(ctx, r)
}

// A handler answers one command.
type handler func(context.Context, Request) (body any, err error)

// own are the commands that Delve is not asked for, or not alone.
func (d *Debugger) own() map[string]handler {
	return map[string]handler{
		"initialize":              d.initialize,
		"attach":                  d.attach,
		"configurationDone":       d.nothing,
		"setExceptionBreakpoints": d.nothing, // a panic always stops
		"debugInfo":               d.debugInfo,
		"dumpCell":                d.dumpCell,
		"setBreakpoints":          d.setBreakpoints,
		"source":                  d.source,
		"inspectVariables":        d.inspectVariables,
		"richInspectVariables":    d.richInspectVariables,
		"stackTrace":              d.stackTrace,
		"scopes":                  d.scopes,
		"threads":                 d.threads,
		"variables":               d.variables,
		"modules":                 d.modules,
		"copyToGlobals":           d.copyToGlobals,
		"disconnect":              d.disconnect,
		"terminate":               d.disconnect,
	}
}

func refuse(r Request, err error) Response {
	return Response{Type: "response", RequestSeq: r.Seq, Command: r.Command, Message: err.Error(), Body: json.RawMessage("{}")}
}

func answer(r Request, body any) Response {
	encoded, err := json.Marshal(body)
	if err != nil {
		return refuse(r, err)
	}
	return Response{Type: "response", RequestSeq: r.Seq, Success: true, Command: r.Command, Body: encoded}
}

// errNothingRuns is the answer to what only a program that runs can answer.
var errNothingRuns = errors.New("no cell is being debugged; run one while the debugger is on")

// forward asks Delve.
func (d *Debugger) forward(ctx context.Context, r Request) Response {
	undo := d.resume(r.Command)
	response, err := d.ask(ctx, r.Command, r.Arguments)
	if err != nil || !response.Success {
		undo()
	}
	if err != nil {
		return refuse(r, err)
	}
	response.Seq, response.RequestSeq = 0, r.Seq
	if !response.Success && len(response.Body) > 0 {
		response.Message = detail(response)
	}
	if r.Command == "evaluate" && strings.Contains(response.Message, noSymbol) {
		response.Message += "; a program has only those functions of cells and packages that it uses"
	}
	if len(response.Body) == 0 {
		response.Body = json.RawMessage("{}")
	}
	return response
}

// noSymbol is Delve's complaint about a name that the program has not.
const noSymbol = "could not find symbol"

// resume notes that a program goes on, before Delve can say that it has stopped again; undo takes that back.
func (d *Debugger) resume(command string) (undo func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.program
	if p == nil || !slices.Contains([]string{"continue", "next", "stepIn", "stepOut"}, command) {
		return func() {}
	}
	was := maps.Clone(p.stopped)
	clear(p.stopped)
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		maps.Copy(p.stopped, was)
	}
}

// detail is Delve's explanation of a failure.
func detail(response Response) string {
	var body struct {
		Error struct {
			Format string `json:"format"`
		} `json:"error"`
	}
	if json.Unmarshal(response.Body, &body) == nil && body.Error.Format != "" {
		return body.Error.Format
	}
	return response.Message
}

// ask sends a request to the program that runs.
func (d *Debugger) ask(ctx context.Context, command string, arguments any) (Response, error) {
	d.mu.Lock()
	p := d.program
	d.mu.Unlock()
	if p == nil {
		return Response{}, errNothingRuns
	}
	select {
	case <-p.ready:
		return p.delve.request(ctx, command, arguments)
	case <-p.over:
		return Response{}, errEnded
	case <-ctx.Done():
		return Response{}, ctx.Err()
	}
}

// stopped reports whether the program has stopped.
func (d *Debugger) stopped() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.program != nil && len(d.program.stopped) > 0
}

func (d *Debugger) initialize(context.Context, Request) (any, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.on = true
	return map[string]any{
		"supportsConfigurationDoneRequest": true, "supportsConditionalBreakpoints": true, "supportsHitConditionalBreakpoints": true,
		"supportsEvaluateForHovers": true, "supportsSetVariable": true, "supportsExceptionInfoRequest": true, "supportsLogPoints": true,
		"exceptionBreakpointFilters": []any{},
	}, nil
}

func (d *Debugger) attach(context.Context, Request) (any, error) {
	d.send(Event{Type: "event", Event: "initialized"})
	return struct{}{}, nil
}

func (d *Debugger) send(e Event) {
	text, err := json.Marshal(e)
	if err != nil {
		d.options.Log.Error("a debug event could not be encoded", "event", e.Event, "error", err)
		return
	}
	d.mu.Lock()
	emit := d.emit
	d.mu.Unlock()
	emit(text)
}

func (d *Debugger) nothing(context.Context, Request) (any, error) { return struct{}{}, nil }

func (d *Debugger) debugInfo(context.Context, Request) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	breakpoints := []sourceBreakpoints{}
	for _, source := range slices.Sorted(maps.Keys(d.breakpoints)) {
		breakpoints = append(breakpoints, sourceBreakpoints{source, d.breakpoints[source]})
	}
	threads := []int{}
	if d.program != nil {
		threads = append(threads, slices.Sorted(maps.Keys(d.program.stopped))...)
	}
	return map[string]any{
		"isStarted": d.on, "hashMethod": hashMethod, "hashSeed": hashSeed, "tmpFilePrefix": d.folder() + string(filepath.Separator),
		"tmpFileSuffix": fileSuffix, "breakpoints": breakpoints, "stoppedThreads": threads, "richRendering": true,
		"exceptionPaths": []string{}, "copyToGlobals": false,
	}, nil
}

func (d *Debugger) dumpCell(_ context.Context, r Request) (any, error) {
	var arguments struct {
		Code string `json:"code"`
	}
	if err := json.Unmarshal(r.Arguments, &arguments); err != nil {
		return nil, fmt.Errorf("read the cell: %w", err)
	}
	file, err := d.dump(arguments.Code)
	return map[string]string{"sourcePath": file}, err
}

// source is the text of a cell, or of a Go file that the call stack names.
func (d *Debugger) source(_ context.Context, r Request) (any, error) {
	var arguments breakpointArguments
	if err := json.Unmarshal(r.Arguments, &arguments); err != nil {
		return nil, fmt.Errorf("read the request for a source: %w", err)
	}
	path := arguments.Source.Path
	if !strings.HasSuffix(path, ".go") {
		return nil, fmt.Errorf("show %q: it is not a Go file", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("show a source: %w", err)
	}
	return map[string]string{"content": string(text), "mimeType": "text/x-go"}, nil
}

func (d *Debugger) modules(context.Context, Request) (any, error) {
	return map[string]any{"modules": []any{}, "totalModules": 0}, nil
}

func (d *Debugger) copyToGlobals(context.Context, Request) (any, error) {
	return nil, errors.New("copy a variable: Go has no such globals; assign it in a cell")
}

// disconnect turns the debugger off. A program that runs goes on without stopping.
func (d *Debugger) disconnect(ctx context.Context, _ Request) (any, error) {
	d.mu.Lock()
	d.on = false
	files := slices.Collect(maps.Keys(d.breakpoints))
	d.breakpoints = map[string][]json.RawMessage{}
	var threads []int
	if d.program != nil {
		threads = slices.Collect(maps.Keys(d.program.stopped))
	}
	d.mu.Unlock()
	for _, file := range files {
		var none breakpointArguments
		none.Source.Path, none.Breakpoints = file, []json.RawMessage{}
		if _, err := d.ask(ctx, "setBreakpoints", none); err != nil {
			break // nothing runs
		}
	}
	if len(threads) > 0 {
		_, _ = d.ask(ctx, "continue", map[string]int{"threadId": threads[0]}) // it may have ended
	}
	d.send(Event{Type: "event", Event: "terminated"})
	return struct{}{}, nil
}

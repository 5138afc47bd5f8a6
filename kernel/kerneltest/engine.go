package kerneltest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/kernel/registry"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// An Engine runs a small language, one command a line:
//
//	print TEXT | eprint TEXT   writes a line to standard output | standard error
//	lines N                    writes the lines 0 to N-1
//	display TEXT               shows TEXT
//	displays N                 shows the numbers below N, each as a display of its own
//	redisplay                  shows 1, updates it to 2 and 3, and shows 4 under the same id
//	result TEXT                is the value of the cell
//	clear                      clears the output
//	ask PROMPT                 asks the user and prints the answer
//	fail NAME TEXT             ends the cell with that error
//	break TEXT                 the engine itself fails
//	panic TEXT                 the engine panics
//	wait                       waits for an interrupt
//	deaf                       does not hear the interrupt
//	late TEXT                  prints TEXT after the cell has ended
//	comm ID                    opens a comm
type Engine struct {
	// Release ends what deaf started.
	Release chan struct{}
	// Late is closed when the late output was tried; its outcome is in LateErr.
	Late    chan struct{}
	LateErr error
	// LookupDelay is how long Complete and Inspect take. They do not hear their context.
	LookupDelay time.Duration

	mu    sync.Mutex
	comms []session.Comm
}

// NewEngine returns an engine.
func NewEngine() *Engine {
	return &Engine{Release: make(chan struct{}), Late: make(chan struct{})}
}

// Execute implements session.Engine.
func (e *Engine) Execute(ctx context.Context, request wire.ExecuteRequest, io session.IO) (wire.ExecuteReply, error) {
	for line := range strings.Lines(request.Code) {
		command, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		failure, err := e.command(ctx, command, rest, io)
		if err != nil {
			return wire.ExecuteReply{}, err
		}
		if failure != nil {
			return wire.ExecuteReply{Status: wire.StatusError, Error: failure}, nil
		}
	}
	return wire.ExecuteReply{Status: wire.StatusOK}, nil
}

func (e *Engine) command(ctx context.Context, command, rest string, io session.IO) (*wire.Error, error) {
	switch command {
	case "", "//":
		return nil, nil
	case "print":
		return nil, io.Stream(wire.Stdout, rest+"\n")
	case "eprint":
		return nil, io.Stream(wire.Stderr, rest+"\n")
	case "lines":
		return nil, lines(rest, io)
	case "display":
		return nil, io.Display(wire.DisplayData{Data: map[string]any{"text/plain": rest}})
	case "displays":
		return nil, displays(rest, io)
	case "redisplay":
		return nil, redisplay(io)
	case "result":
		return nil, io.Result(wire.ExecuteResult{Data: map[string]any{"text/plain": rest}})
	case "clear":
		return nil, io.Clear(true)
	case "ask":
		answer, err := io.Ask(ctx, rest, false)
		if err != nil {
			return nil, err
		}
		return nil, io.Stream(wire.Stdout, answer+"\n")
	case "fail":
		name, text, _ := strings.Cut(rest, " ")
		return &wire.Error{EName: name, EValue: text, Traceback: []string{text}}, nil
	case "break":
		return nil, fmt.Errorf("%s", rest)
	case "panic":
		panic(rest)
	case "wait":
		<-ctx.Done()
		return nil, ctx.Err()
	case "deaf":
		<-e.Release
		return nil, nil
	case "late":
		go func() {
			<-e.Release
			e.LateErr = io.Stream(wire.Stdout, rest)
			close(e.Late)
		}()
		return nil, nil
	case "comm":
		return nil, io.Comm(session.Comm{Type: "comm_open", ID: rest, Target: "engine"})
	}
	return &wire.Error{EName: "SyntaxError", EValue: "unknown command " + command, Traceback: []string{}}, nil
}

func displays(count string, io session.IO) error {
	n, err := strconv.Atoi(count)
	for i := 0; i < n && err == nil; i++ {
		err = io.Display(wire.DisplayData{Data: map[string]any{"text/plain": strconv.Itoa(i)}})
	}
	return err
}

func redisplay(io session.IO) error {
	data := func(text string) wire.DisplayData {
		return wire.DisplayData{Data: map[string]any{"text/plain": text}, Transient: wire.Transient{DisplayID: "same"}}
	}
	return errors.Join(io.Display(data("1")), io.Update(data("2")), io.Update(data("3")), io.Display(data("4")))
}

func lines(count string, io session.IO) error {
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	for i := range n {
		if err := io.Stream(wire.Stdout, strconv.Itoa(i)+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// Complete implements session.Engine: it offers all of the code twice over.
func (e *Engine) Complete(_ context.Context, code string, cursor int) (wire.CompleteReply, error) {
	time.Sleep(e.LookupDelay)
	return wire.CompleteReply{Matches: []string{code + code}, CursorStart: 0, CursorEnd: cursor}, nil
}

// Inspect implements session.Engine: it explains the code by itself.
func (e *Engine) Inspect(_ context.Context, code string, _, _ int) (wire.InspectReply, error) {
	time.Sleep(e.LookupDelay)
	return wire.InspectReply{Found: code != "", Data: map[string]any{"text/plain": code}}, nil
}

// Evaluate implements session.Evaluator: only what begins with a digit has a value, itself.
func (e *Engine) Evaluate(_ context.Context, expression string) (map[string]any, error) {
	if expression == "" || expression[0] < '0' || expression[0] > '9' {
		return nil, &wire.Error{EName: "NameError", EValue: expression, Traceback: []string{}}
	}
	return map[string]any{"text/plain": expression}, nil
}

// IsComplete implements session.Engine: a backslash at the end continues a line.
func (e *Engine) IsComplete(code string) (status, indent string) {
	if strings.HasSuffix(code, `\`) {
		return wire.Incomplete, "  "
	}
	return wire.Complete, ""
}

// Scanner implements session.Engine.
func (e *Engine) Scanner() registry.Scanner { return registry.Lines{} }

// Language implements session.Engine.
func (e *Engine) Language() (wire.LanguageInfo, []wire.HelpLink) {
	return wire.LanguageInfo{Name: "lines", Version: "1", MIMEType: "text/plain", FileExtension: ".txt"}, []wire.HelpLink{}
}

// Comm implements session.Commer: it knows the target "engine" and answers each message by its own data.
func (e *Engine) Comm(_ context.Context, comm session.Comm, io session.IO) (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if comm.Type == "comm_open" && comm.Target != "engine" {
		return false, nil
	}
	e.comms = append(e.comms, comm)
	if comm.Type == "comm_msg" {
		return true, io.Comm(session.Comm{Type: "comm_msg", ID: comm.ID, Data: comm.Data, Buffers: comm.Buffers})
	}
	return true, nil
}

// Comms are the comm messages that arrived.
func (e *Engine) Comms() []session.Comm {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]session.Comm(nil), e.comms...)
}

// Close implements session.Engine.
func (e *Engine) Close() error { return nil }

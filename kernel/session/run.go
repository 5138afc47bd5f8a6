package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/kernel/registry"
	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/magics"
)

// maxDepth bounds magics that run code that calls magics.
const maxDepth = 20

var errNoEvaluator = errors.New("evaluate the expression: the engine of this kernel cannot")

// runCode runs the parts of a cell in their order, up to the first that fails.
func (s *Session) runCode(ctx context.Context, c *cell, code string) *wire.Error {
	return s.runParts(ctx, c, code, 0)
}

func (s *Session) runParts(ctx context.Context, c *cell, code string, depth int) *wire.Error {
	if depth > maxDepth {
		return plainFailure("RecursionError", "a magic called itself again and again: it was stopped at depth %d", depth)
	}
	parts := s.Magics.ParseCell(code, s.Engine.Scanner())
	for _, part := range parts {
		if part.Err != nil {
			return magicFailure(ctx, part, part.Err)
		}
	}
	if !s.runsBeside(parts) {
		if failure := s.takeTurn(ctx, c); failure != nil {
			return failure
		}
	}
	for _, part := range parts {
		var failure *wire.Error
		if part.IsMagic() {
			failure = s.runMagic(ctx, c, part, depth)
		} else {
			failure = s.runEngine(ctx, c, part.Engine)
		}
		if failure != nil {
			return failure
		}
		if ctx.Err() != nil {
			return interruptFailure("the cell was interrupted")
		}
	}
	return nil
}

// runEngine runs a stretch of the cell that is not a magic.
func (s *Session) runEngine(ctx context.Context, c *cell, code string) *wire.Error {
	request := c.content
	request.Code = code
	var reply wire.ExecuteReply
	err := s.abandonable(ctx, func() (err error) {
		reply, err = s.Engine.Execute(ctx, request, c)
		return err
	})
	switch {
	case err != nil:
		return s.stopped(ctx, err)
	case reply.Status == wire.StatusOK:
		return nil
	case reply.Error == nil:
		return plainFailure("EngineError", "the engine reports the status %q without an error", reply.Status)
	}
	return reply.Error
}

// stopped is the failure of a cell whose engine returned an error, or nothing in time.
func (s *Session) stopped(ctx context.Context, err error) *wire.Error {
	if errors.Is(err, errAbandoned) {
		return interruptFailure("the cell was interrupted; the engine did not stop within %v and may still be at work", s.patience.cancel)
	}
	return asFailure(ctx, err)
}

// runMagic runs one magic.
func (s *Session) runMagic(ctx context.Context, c *cell, part registry.Part, depth int) *wire.Error {
	magic, ok := s.Magics.Lookup(part.Call.Name)
	if !ok { // its plugin was removed after the cell was split
		return magicFailure(ctx, part, s.Magics.Unknown(part.Call.Name))
	}
	err := s.abandonable(ctx, func() error {
		if _, raw := magic.(magics.RawLiner); !raw && s.Values != nil {
			line, err := magics.ExpandVariables(part.Call.Line, func(name string) (string, bool, error) { return s.Values.Images(ctx, name) })
			if err != nil {
				return fmt.Errorf("%%%s: %w", part.Call.Name, err)
			}
			part.Call.Line = line
		}
		return magics.Invoke(ctx, magic, part.Call, &host{cell: c, depth: depth})
	})
	switch {
	case errors.Is(err, errAbandoned):
		return interruptFailure("%%%s was interrupted; it did not stop within %v and may still be at work, its output is dropped", part.Call.Name, s.patience.cancel)
	case err != nil:
		return magicFailure(ctx, part, err)
	}
	return nil
}

// errAbandoned says that work did not stop after an interrupt, so that it is no longer waited for.
var errAbandoned = errors.New("abandoned")

// abandonable runs work and waits for it; after an interrupt only for some seconds more.
func (s *Session) abandonable(ctx context.Context, work func() error) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if cause := recover(); cause != nil {
				done <- fmt.Errorf("panic: %v", cause)
			}
		}()
		done <- work()
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	timer := time.NewTimer(s.patience.cancel)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return errAbandoned
	}
}

// asFailure makes an error of the protocol out of one of Go's. After an interrupt whatever went wrong did so because of it.
func asFailure(ctx context.Context, err error) *wire.Error {
	var failure *wire.Error
	switch {
	case errors.As(err, &failure):
		return failure
	case errors.Is(context.Cause(ctx), errInterrupted):
		return interruptFailure("%s", interruptText(err))
	case ctx.Err() != nil:
		return plainFailure("KernelStopped", "the kernel was stopped while the cell ran")
	}
	return plainFailure("Error", "%s", err)
}

// interruptText keeps what a stopped magic has to say, such as what it has saved.
func interruptText(err error) string {
	if text := err.Error(); text != context.Canceled.Error() && text != errInterrupted.Error() {
		return text
	}
	return "the cell was interrupted"
}

// magicFailure reports a magic's error with the line of the cell that called it.
func magicFailure(ctx context.Context, part registry.Part, err error) *wire.Error {
	failure := *asFailure(ctx, err)
	if failure.EName == "Error" {
		failure.EName = "MagicError"
	}
	call := strings.TrimSpace(part.Name() + " " + part.Call.Line)
	failure.Traceback = []string{
		fmt.Sprintf("\x1b[36mline %d:\x1b[0m %s", part.Line, call),
		colored(failure),
	}
	return &failure
}

func interruptFailure(format string, args ...any) *wire.Error {
	return plainFailure(KeyboardInterrupt, format, args...)
}

func plainFailure(name, format string, args ...any) *wire.Error {
	failure := wire.Error{EName: name, EValue: fmt.Sprintf(format, args...)}
	failure.Traceback = []string{colored(failure)}
	return &failure
}

// colored is the last line of a traceback: the error's name in red, and what it says.
func colored(failure wire.Error) string {
	return fmt.Sprintf("\x1b[1;31m%s\x1b[0m: %s", failure.EName, failure.EValue)
}

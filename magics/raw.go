package magics

import (
	"context"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// A RawCommand is a Command whose line is a language of its own, such as SQL: what follows its flags is handed over as
// written, in Invocation.Line. It takes no arguments and no Output.
type RawCommand[O any] Command[O]

var (
	_ Magic     = (*RawCommand[struct{}])(nil)
	_ Completer = (*RawCommand[struct{}])(nil)
	_ Inspector = (*RawCommand[struct{}])(nil)
	_ RawLiner  = (*RawCommand[struct{}])(nil)
)

func (c *RawCommand[O]) command() *Command[O] {
	command := Command[O](*c)
	command.raw = true
	return &command
}

// TakesRawLine marks the command as a RawLiner.
func (c *RawCommand[O]) TakesRawLine() {}

// Name is the first word of Use.
func (c *RawCommand[O]) Name() string { return c.command().Name() }

// Help is the summary, the usage, the flags, and the examples.
func (c *RawCommand[O]) Help() string { return c.command().Help() }

// Run parses the flags and runs the command.
func (c *RawCommand[O]) Run(ctx context.Context, call Call, host Host) error {
	return c.command().Run(ctx, call, host)
}

// Complete offers flags, or a flag's values.
func (c *RawCommand[O]) Complete(ctx context.Context, line string, cursor int) ([]string, error) {
	return c.command().Complete(ctx, line, cursor)
}

// Inspect explains the flag that the cursor is on, or the whole command.
func (c *RawCommand[O]) Inspect(ctx context.Context, line string, cursor int) (display.Bundle, error) {
	return c.command().Inspect(ctx, line, cursor)
}

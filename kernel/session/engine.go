package session

import (
	"context"
	"encoding/json"

	"github.com/headstart-nb/headstart/kernel/registry"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// Engine runs the cells that are not magics. GoNB is one.
//
// Execute is called by one goroutine at a time; the other methods at any time, also while it runs.
type Engine interface {
	// Execute runs code and returns how it ended; its output goes to io. An interrupt cancels the context: Execute stops
	// the work and returns, within a second where it can. How the user's code failed stands in the reply; an error means
	// that the engine itself could not do its work.
	Execute(ctx context.Context, request wire.ExecuteRequest, io IO) (wire.ExecuteReply, error)
	// Complete lists completions at cursor, in code points.
	Complete(ctx context.Context, code string, cursor int) (wire.CompleteReply, error)
	// Inspect explains what is at cursor, in code points.
	Inspect(ctx context.Context, code string, cursor int, detail int) (wire.InspectReply, error)
	// IsComplete says whether code, a cell or a part of one without magics, can run as it stands: wire.Complete,
	// wire.Incomplete with the indent of the next line, or wire.Invalid.
	IsComplete(code string) (status, indent string)
	// Scanner follows the engine's text through one cell, to tell it from magics.
	Scanner() registry.Scanner
	// Language is what kernel_info says about the language of the cells.
	Language() (wire.LanguageInfo, []wire.HelpLink)
	// Close ends the engine and all that it started.
	Close() error
}

// An Evaluator is an engine that computes user_expressions.
type Evaluator interface {
	// Evaluate returns the value of an expression by MIME type.
	Evaluate(ctx context.Context, expression string) (data map[string]any, err error)
}

// Values are variables of an engine's cells, as magics take them.
type Values interface {
	// Images makes a folder of the images that a variable stands for. Known is false where no variable of that name has a value.
	Images(ctx context.Context, name string) (folder string, known bool, err error)
	// Names are the variables that have a value.
	Names() []string
}

// A Commer is an engine with comm targets of its own. Messages arrive one at a time, in order, also while a cell runs.
type Commer interface {
	// Comm hands over comm_open, comm_msg or comm_close. What the engine does about it goes to io, whose parent is that
	// message; io stays usable until the session ends. Known is false where the engine has no such target or comm; the
	// session then answers with comm_close.
	Comm(ctx context.Context, comm Comm, io IO) (known bool, err error)
}

// A Debugger is an engine whose cells can be debugged.
type Debugger interface {
	// CanDebug reports whether they can here: a debugger is installed, and may trace programs.
	CanDebug() bool
	// Debug answers a request of the Debug Adapter Protocol by a response of it, also while a cell runs. Events go to emit,
	// also later.
	Debug(ctx context.Context, request json.RawMessage, emit func(event json.RawMessage)) any
}

// A CellText is an IO that knows the text of its cell. An engine gets that without the magics.
type CellText interface {
	// CellText is what the front end sent.
	CellText() string
}

// Comm is one comm message in either direction.
type Comm struct {
	Type     string // comm_open, comm_msg or comm_close
	ID       string
	Target   string // set for comm_open
	Data     json.RawMessage
	Metadata json.RawMessage
	Buffers  [][]byte
}

// IO is the cell as seen by what runs in it: output goes to the client, in order; input comes from it.
//
// Every method may be called by several goroutines. After the cell has ended output is dropped and ErrCellEnded returned.
// A method blocks while the clients cannot keep up, which throttles a flood at its source.
type IO interface {
	// Stream writes text to wire.Stdout or wire.Stderr.
	Stream(name, text string) error
	// Display shows a bundle; with Transient.DisplayID it can be updated later.
	Display(wire.DisplayData) error
	// Update replaces the bundle shown under Transient.DisplayID, in every cell.
	Update(wire.DisplayData) error
	// Result shows the cell's value; the execution count is filled in.
	Result(wire.ExecuteResult) error
	// Clear removes the cell's output, with wait only when the next output arrives.
	Clear(wait bool) error
	// Ask asks the user for a line. It fails at once where the client allows no input.
	Ask(ctx context.Context, prompt string, secret bool) (string, error)
	// Comm sends a comm message to the clients.
	Comm(Comm) error
}

// Package magics is the contract of a magic: a command that a notebook cell calls by name.
package magics

import (
	"context"
	"encoding/json"
	"io"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// A Magic is one command that a cell calls as %name or %%name.
type Magic interface {
	// Name is what stands after the percent signs.
	Name() string
	// Help is what %name --help shows; its first line is the summary that %help lists.
	Help() string
	// Run does the work. The context is cancelled by an interrupt. An error ends the cell with status error; its text
	// says what was attempted, on what, and what to do.
	Run(context.Context, Call, Host) error
}

// A Call is one use of a magic in a cell.
type Call struct {
	Name string   // without percent signs
	Args []string // the words after the name, split as a shell does (quotes, backslashes), nothing expanded
	Line string   // everything after the name, as written
	Body string   // for %%name: the cell below the first line; empty for %name
	Cell bool     // whether it was called as %%name
	Code string   // the text of the whole cell, for provenance
}

// Host is all that a magic may touch of the kernel.
type Host interface {
	display.Display
	// Stdout streams to the cell.
	Stdout() io.Writer
	// Stderr streams to the cell, shown apart from Stdout.
	Stderr() io.Writer
	// Ask prompts the user; with secret the answer is not echoed. It fails where the front end allows no input.
	Ask(prompt string, secret bool) (string, error)
	// Execute runs code as part of the cell that called the magic: Go, another magic, or a shell line.
	Execute(ctx context.Context, code string) error
}

// A Completer is a magic that completes its own arguments.
type Completer interface {
	// Complete returns the candidates for the word that ends at cursor, a byte offset in line. The line begins behind the
	// magic's name. Each candidate replaces that whole word.
	Complete(ctx context.Context, line string, cursor int) ([]string, error)
}

// An Inspector is a magic that explains the word under the cursor (a flag, a name of its own) better than its Help does.
type Inspector interface {
	// Inspect returns an empty bundle where it knows nothing.
	Inspect(ctx context.Context, line string, cursor int) (display.Bundle, error)
}

// A Responder is a magic that answers the notebook extension (a panel, a button) outside of any cell, also while a cell
// runs. Request and answer are JSON of the magic's own making.
type Responder interface {
	Respond(ctx context.Context, request json.RawMessage) (json.RawMessage, error)
}

// A RawLiner is a magic whose line may be a language of its own, with quotes that are no quotes of words.
type RawLiner interface {
	// TakesRawLine reports whether Call.Line counts alone, so that a line which SplitWords refuses is no error.
	TakesRawLine() bool
}

// A Listing names a command that is no Magic, such as one of the engine's own, for %help.
type Listing struct {
	Usage   string // as a cell has it: "%cd [DIR]", "!COMMAND"
	Summary string
}

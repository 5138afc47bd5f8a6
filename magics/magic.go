// Package magics is the contract of a magic: a command that a notebook cell calls by name.
//
// It is what an author reads, as database/sql/driver is for drivers. What only a kernel needs (the registry, the parsing
// of cells, processes) is below kernel/, and a plugin does not link it.
//
// The flags of a Command are a pflag.FlagSet, so pflag is part of this contract. That is deliberate: Flags takes one line
// for each flag, in the words of a package that most Go programmers know; a command-line program on cobra can register
// the same flags; and pflag's interface has been stable for years. A FlagSet of our own would be a copy of it, with
// conversions in both directions.
package magics

import (
	"context"
	"encoding/json"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// A Magic is one command that a cell calls as %name or %%name.
type Magic interface {
	// Name is what follows the percent signs.
	Name() string
	// Help is what %name --help shows; its first line is the summary that %help lists.
	Help() string
	// Run does the work. The context is canceled by an interrupt. An error ends the cell with status error; its text
	// says what was attempted, on what, and what to do.
	Run(context.Context, Call, Host) error
}

// A Call is one use of a magic in a cell.
type Call struct {
	Name string // without percent signs
	Line string // everything after the name, as written; SplitWords splits it as a shell does
	Body string // for %%name: the cell below the first line; empty for %name
	Cell bool   // whether it was called as %%name
	Code string // the text of the whole cell, for provenance
}

// A Completer is a magic that completes its own arguments.
type Completer interface {
	// Complete returns the candidates for the word that ends at cursor, a byte offset in line. The line begins after the
	// magic's name. Each candidate replaces that whole word; the kernel quotes what would split it, unless
	// the magic is a RawLiner.
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

// A Watcher is a Responder that tells the notebook extension by itself when what it answers has changed, so that a panel need not ask
// again and again.
type Watcher interface {
	// Watch tells how things stand, and again what has changed, as JSON of the magic's own making, until the context ends. It returns
	// before only where it cannot go on. Tell returns when the news are on their way, a few times a second at most: what changes
	// meanwhile is to be told together. An error of tell ends the watch.
	Watch(ctx context.Context, tell func(news json.RawMessage) error) error
}

// A RawLiner is a magic whose line is a language of its own. A kernel does not split such a line into words, so that a
// quote in it need not be closed.
type RawLiner interface {
	// TakesRawLine marks the magic; nothing calls it.
	TakesRawLine()
}

package magics

import (
	"context"
	"io"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// Display shows bundles in the cell.
type Display interface {
	// Show adds an output and returns the identifier to update it by. The context ends the wait for the kernel.
	Show(context.Context, display.Bundle) (display.ID, error)
	// Update replaces an output, in every cell that shows it; also after Run has returned. It may be called as often as the
	// work makes progress: the kernel sends a limited number of updates to the front end, and always the last.
	Update(context.Context, display.ID, display.Bundle) error
}

// Host is all that a magic may touch of the kernel. A host may also be a Clearer, a Counter, or a Runtime.
type Host interface {
	Display
	// Stdout streams to the cell.
	Stdout() io.Writer
	// Stderr streams to the cell, shown apart from Stdout.
	Stderr() io.Writer
	// Ask prompts the user until the context ends; with secret the answer is not echoed. It fails where the front end
	// allows no input.
	Ask(ctx context.Context, prompt string, secret bool) (string, error)
	// Execute runs code as part of the cell that called the magic: Go, another magic, or a shell line.
	Execute(ctx context.Context, code string) error
}

// A Clearer is a Host that can remove what its cell shows. The host of a magic in the kernel's process is one.
type Clearer interface {
	// Clear removes the output; with wait only when the next output arrives.
	Clear(wait bool) error
}

// A Counter is a Host that knows the number of its cell. The host of a magic in the kernel's process is one.
type Counter interface {
	// ExecutionCount is the number that the front end shows beside the cell.
	ExecutionCount() int
}

// A Runtime is a Host that has a folder for files which last as long as its kernel. A plugin's host is one, and so is the
// host of a magic in the kernel's process.
type Runtime interface {
	// RuntimeDir is the folder, which programs in Go cells find as HEADSTART_RUNTIME_DIR; empty where there is none.
	RuntimeDir() string
}

// RuntimeDir is the folder of a host for files which last as long as its kernel; empty where it has none.
func RuntimeDir(host Host) string {
	if runtime, ok := host.(Runtime); ok {
		return runtime.RuntimeDir()
	}
	return ""
}

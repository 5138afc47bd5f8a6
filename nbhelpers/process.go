package nbhelpers

import (
	"sync"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// output is where bundles go: a notebook or a terminal.
type output interface {
	// show adds an output, or replaces the one of that id; "" is an output that nothing will replace.
	show(b display.Bundle, id display.ID) error
	// ask prompts for a line.
	ask(prompt string, secret bool) (string, error)
}

// process returns the output of the process, as os.Stdout is one. It is the package's only variable that is not constant:
// GoNB gives a program one pipe, which carries one gob stream, and closing it or a second encoder would end the program's
// output. The environment decides what it is, at its first use; it is never replaced.
var process = sync.OnceValue(func() output { return open(environment()) })

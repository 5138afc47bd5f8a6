package main

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// Names of classes, files and models are a stranger's.
func TestEscapeSequencesDoNotReachTheTerminal(t *testing.T) {
	const name = "\x1b]0;owned\acat\u009b2J"
	var out, errors, figures bytes.Buffer
	host := newTerminal(&out, &errors, &figures)
	id, err := host.Show(t.Context(), display.Text("class "+name+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Update(t.Context(), id, display.Text("later "+name)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(host.Stdout(), "printed", name)
	fmt.Fprintln(host.Stderr(), "warned of", name)
	if err := host.settle(); err != nil {
		t.Fatal(err)
	}
	const shown = `\u001b]0;owned\u0007cat\u009b2J` + "\n"
	for want, got := range map[string]string{
		"printed " + shown:                  out.String(),
		"warned of " + shown:                errors.String(),
		"class " + shown + "later " + shown: figures.String(),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

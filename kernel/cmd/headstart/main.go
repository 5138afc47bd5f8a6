// Headstart is a Jupyter kernel for Go and transfer learning, and the command line of both.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/headstart-nb/headstart/internal/visible"
)

func main() {
	err := newRootCommand().ExecuteContext(context.Background())
	if err == nil {
		return
	}
	// A program that was run in our place has said what is wrong; one that is wrapped in an error was only a step of ours.
	if ended, ok := err.(*exec.ExitError); ok { //nolint:errorlint // wrapped ones are meant to be printed
		os.Exit(max(ended.ExitCode(), 1))
	}
	fmt.Fprintln(os.Stderr, "headstart: "+visible.Text(err.Error()))
	os.Exit(1)
}

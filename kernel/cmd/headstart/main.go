// Headstart is a Jupyter kernel for Go and transfer learning, and the command line of both.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
)

func main() {
	err := newRootCommand().ExecuteContext(context.Background())
	if err == nil {
		return
	}
	var ended *exec.ExitError
	if errors.As(err, &ended) { // a program that was run in our place has said what is wrong
		os.Exit(max(ended.ExitCode(), 1))
	}
	fmt.Fprintln(os.Stderr, "headstart: "+err.Error())
	os.Exit(1)
}

// Package command runs the commands of an installation, whose failures are told in one sentence with what to do.
package command

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/internal/goenv"
	"github.com/headstart-nb/headstart/internal/python"
	"github.com/headstart-nb/headstart/kernel/process"
)

// An Error is a command that failed, with the end of what it printed.
type Error struct {
	command string
	Output  string
	err     error
}

func (e *Error) Error() string {
	if e.Output == "" {
		return fmt.Sprintf("%s: %v", e.command, e.err)
	}
	return fmt.Sprintf("%s: %v: %s", e.command, e.err, tail(e.Output, 600))
}

func (e *Error) Unwrap() error { return e.err }

// tail keeps the end of a text as one line, from the start of a line where it can.
func tail(text string, limit int) string {
	text = strings.TrimSpace(text)
	if len(text) > limit {
		text = text[len(text)-limit:]
		if _, rest, ok := strings.Cut(text, "\n"); ok {
			text = rest
		}
	}
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}

// Environment is that of every command: go looks in every parent folder for a workspace, and other users may write to some
// of them, as to what variables name.
func Environment(more ...string) []string {
	return append(append(goenv.Own(os.Environ()), "GOWORK=off"), more...)
}

// Run runs a command to its end. Cancelling ctx ends it and all that it started; so does the end of this process.
func Run(ctx context.Context, dir string, env []string, name string, args ...string) error {
	var out bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = Environment(env...)
	cmd.Stdout, cmd.Stderr = &out, &out
	child, err := process.Start(cmd)
	if err == nil {
		select {
		case <-child.Done():
		case <-ctx.Done():
			child.Stop(context.WithoutCancel(ctx), time.Second)
		}
		err = child.Err()
	}
	if err != nil {
		return &Error{command: python.Show(name, args), Output: out.String(), err: err}
	}
	return ctx.Err()
}

// Output runs a command in a folder, or in the current one, and returns what it wrote to standard output.
func Output(ctx context.Context, dir, name string, args ...string) (string, error) {
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, Environment()
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		return "", &Error{command: python.Show(name, args), Output: errs.String(), err: err}
	}
	return out.String(), nil
}

package magics

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/headstart-nb/headstart/internal/homepath"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// An Output is where a cell sends what a command prints, written after the arguments:
//
//	%train --json > report.json       into a file
//	%train --json >> reports.jsonl    at the end of a file
//	%train --json | jq .accuracy      through a shell command, whose output the cell shows
//	%train --json => report           into a Go variable: var report string, in this cell and all later ones
//
// Only standard output goes there; figures and standard error stay in the cell.
type Output struct {
	Kind   OutputKind
	Target string // file, shell command, or variable
}

// OutputKind says what an Output's target is.
type OutputKind int

// What Output.Target is; ToCell has none.
const (
	ToCell OutputKind = iota
	ToFile
	ToFileEnd
	ToCommand
	ToVariable
)

// outputKind is the kind of output that an unquoted word begins.
func outputKind(word string) (kind OutputKind, ok bool) {
	kind, ok = map[string]OutputKind{">": ToFile, ">>": ToFileEnd, "|": ToCommand, "=>": ToVariable}[word]
	return kind, ok
}

// splitOutput splits a line into words, up to the first >, >>, | or => by itself outside of quotes.
func splitOutput(line string) ([]string, Output, error) {
	words, err := scanWords(line)
	if err != nil {
		return nil, Output{}, err
	}
	var texts []string
	for i, w := range words {
		kind, ok := outputKind(w.text)
		if !ok || w.quoted {
			texts = append(texts, w.text)
			continue
		}
		out := Output{Kind: kind}
		rest := words[i+1:]
		switch {
		case len(rest) == 0:
			return nil, out, fmt.Errorf("the target after %s is missing: name where the output goes, or quote the %s if it is an argument", w.text, w.text)
		case kind == ToCommand:
			out.Target = strings.TrimSpace(line[w.end:])
		case len(rest) > 1:
			return nil, out, fmt.Errorf("unexpected %q after %s %s: an output has one target; put the arguments before the %s", rest[1].text, w.text, rest[0].text, w.text)
		default:
			out.Target = rest[0].text
		}
		if kind == ToVariable && (!token.IsIdentifier(out.Target) || out.Target == "_") {
			return nil, out, fmt.Errorf("%q is not a valid name of a Go variable: use letters and digits, as in => report", out.Target)
		}
		return texts, out, nil
	}
	return texts, Output{}, nil
}

// capture runs a command with its standard output sent to the target.
func (o Output) capture(ctx context.Context, host Host, run func(context.Context, Host) error) error {
	switch o.Kind {
	case ToFile, ToFileEnd:
		return o.toFile(ctx, host, run)
	case ToCommand:
		return o.toCommand(ctx, host, run)
	case ToVariable:
		return o.toVariable(ctx, host, run)
	default:
		return run(ctx, host)
	}
}

func (o Output) toFile(ctx context.Context, host Host, run func(context.Context, Host) error) error {
	mode := os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	if o.Kind == ToFileEnd {
		mode = os.O_CREATE | os.O_WRONLY | os.O_APPEND
	}
	target, err := homepath.Expand(o.Target)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(target, mode|syscall.O_NONBLOCK, 0o666) // a pipe that nobody reads is an error
	if err != nil {
		return fmt.Errorf("send the output to %s: %w", o.Target, err)
	}
	err = run(ctx, withStdout(host, file))
	if closing := file.Close(); err == nil && closing != nil {
		err = fmt.Errorf("send the output to %s: %w", o.Target, closing)
	}
	return err
}

// toCommand keeps the output until the magic has ended, so that a magic that fails does not pass on half a result.
func (o Output) toCommand(ctx context.Context, host Host, run func(context.Context, Host) error) error {
	var output bytes.Buffer
	if err := run(ctx, withStdout(host, &output)); err != nil {
		return err
	}
	shell := exec.CommandContext(ctx, "sh", "-c", o.Target)
	shell.Stdin, shell.Stdout, shell.Stderr = &output, host.Stdout(), host.Stderr()
	if err := runGroup(ctx, shell); err != nil {
		return fmt.Errorf("send the output through %q: %w", o.Target, err)
	}
	return nil
}

// runGroup runs a command of exec.CommandContext whose end by the context is that of all that it has started: what would go
// on holds its output open. A process that has left the group is not waited for.
func runGroup(ctx context.Context, command *exec.Cmd) error {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	ended := make(chan error, 1)
	go func() { ended <- command.Run() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case <-ended:
	case <-time.After(time.Second): // not by WaitDelay, which would also cut off a shell's background job that still prints
	}
	return ctx.Err()
}

// toVariable writes a file and declares a Go variable that reads it: each Go cell is a process of its own, and the
// engine repeats the declaration in all of them.
func (o Output) toVariable(ctx context.Context, host Host, run func(context.Context, Host) error) error {
	runtime := RuntimeDir(host)
	if runtime == "" {
		return fmt.Errorf("send the output to the Go variable %s: there are no Go cells here; send it to a file, as in > FILE", o.Target)
	}
	var output bytes.Buffer
	if err := run(ctx, withStdout(host, &output)); err != nil {
		return err
	}
	folder := filepath.Join(runtime, "variables")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("send the output to the Go variable %s: %w", o.Target, err)
	}
	file := filepath.Join(folder, o.Target+".txt")
	if err := os.WriteFile(file, output.Bytes(), 0o600); err != nil {
		return fmt.Errorf("send the output to the Go variable %s: %w", o.Target, err)
	}
	code := fmt.Sprintf("import \"os\"\n\nvar %s = func() string {\n\ttext, err := os.ReadFile(%s)\n\tif err != nil {\n\t\tpanic(err)\n\t}\n\treturn string(text)\n}()\n",
		o.Target, strconv.Quote(file))
	if err := host.Execute(ctx, code); err != nil {
		return fmt.Errorf("declare the Go variable %s: %w", o.Target, err)
	}
	return nil
}

// withStdout is the host with its standard output replaced.
func withStdout(host Host, w io.Writer) Host { return redirected{host, w} }

type redirected struct {
	Host
	stdout io.Writer
}

func (r redirected) Stdout() io.Writer { return r.stdout }

// RuntimeDir implements Runtime.
func (r redirected) RuntimeDir() string { return RuntimeDir(r.Host) }

// Printf prints to where the command's output goes.
func (in *Invocation) Printf(format string, args ...any) error {
	_, err := fmt.Fprintf(in.Stdout(), format, args...)
	return err
}

// Result shows the command's result: as one line of JSON with --json, else as what show returns.
func (in *Invocation) Result(value any, show func() (display.Bundle, error)) error {
	if in.JSON {
		text, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("%%%s: cannot write the result as JSON: %w", in.Call.Name, err)
		}
		return in.Printf("%s\n", text)
	}
	bundle, err := show()
	if err != nil {
		return err
	}
	_, err = in.Show(in.ctx, bundle)
	return err
}

// Package magictest is a magics.Host that records, for the tests of magics.
package magictest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// A Host records what a magic does to its cell. The zero value is ready; it is safe for concurrent use.
type Host struct {
	// Answers are what Ask returns, in order; without one left, Ask fails as a front end without input does.
	Answers []string
	// OnExecute stands for the kernel; nil accepts all code.
	OnExecute func(ctx context.Context, code string) error
	// Folder is what RuntimeDir returns.
	Folder string

	mu             sync.Mutex
	stdout, stderr bytes.Buffer
	shown          []Shown
	executed       []string
	prompts        []string
}

// Shown is one output with all its states.
type Shown struct {
	ID      display.ID
	Bundles []display.Bundle // as shown, then each update
}

var (
	_ magics.Host    = (*Host)(nil)
	_ magics.Runtime = (*Host)(nil)
)

// RuntimeDir is Folder.
func (h *Host) RuntimeDir() string { return h.Folder }

// Show records a new output.
func (h *Host) Show(_ context.Context, b display.Bundle) (display.ID, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	id := display.ID(fmt.Sprintf("display-%d", len(h.shown)+1))
	h.shown = append(h.shown, Shown{ID: id, Bundles: []display.Bundle{b}})
	return id, nil
}

// Update records a new state of an output.
func (h *Host) Update(_ context.Context, id display.ID, b display.Bundle) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.shown {
		if h.shown[i].ID == id {
			h.shown[i].Bundles = append(h.shown[i].Bundles, b)
			return nil
		}
	}
	return fmt.Errorf("update output %q: there is no output with this identifier", id)
}

// Stdout records what is written, for Output.
func (h *Host) Stdout() io.Writer { return &lockedWriter{&h.mu, &h.stdout} }

// Stderr records what is written, for Errors.
func (h *Host) Stderr() io.Writer { return &lockedWriter{&h.mu, &h.stderr} }

// Ask gives the next of Answers.
func (h *Host) Ask(_ context.Context, prompt string, _ bool) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.prompts = append(h.prompts, prompt)
	if len(h.Answers) == 0 {
		return "", fmt.Errorf("ask %q: the front end allows no input", prompt)
	}
	answer := h.Answers[0]
	h.Answers = h.Answers[1:]
	return answer, nil
}

// Execute records the code and calls OnExecute.
func (h *Host) Execute(ctx context.Context, code string) error {
	h.mu.Lock()
	h.executed = append(h.executed, code)
	h.mu.Unlock()
	if h.OnExecute == nil {
		return nil
	}
	return h.OnExecute(ctx, code)
}

// Output is what was written to Stdout.
func (h *Host) Output() string { return h.locked(&h.stdout) }

// Errors is what was written to Stderr.
func (h *Host) Errors() string { return h.locked(&h.stderr) }

func (h *Host) locked(b *bytes.Buffer) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return b.String()
}

// Outputs lists what was shown, in order.
func (h *Host) Outputs() []Shown {
	h.mu.Lock()
	defer h.mu.Unlock()
	outputs := slices.Clone(h.shown)
	for i := range outputs {
		outputs[i].Bundles = slices.Clone(outputs[i].Bundles)
	}
	return outputs
}

// Executed lists the code that was handed to Execute.
func (h *Host) Executed() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.executed)
}

// Prompts lists what Ask was called with.
func (h *Host) Prompts() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.prompts)
}

// Run calls a magic as a cell with this text would: "%name line", or "%%name line" with a body below.
func (h *Host) Run(ctx context.Context, m magics.Magic, cell string) error {
	line, body, _ := strings.Cut(cell, "\n")
	rest, double := strings.CutPrefix(line, "%%")
	if !double {
		rest = strings.TrimPrefix(line, "%")
	}
	rest, ok := strings.CutPrefix(rest, m.Name())
	if !ok || !strings.HasPrefix(line, "%") || rest != "" && !strings.ContainsAny(rest[:1], " \t") || !double && strings.TrimSpace(body) != "" {
		return fmt.Errorf("the cell %q is not one use of %%%s", cell, m.Name())
	}
	call := magics.Call{Name: m.Name(), Line: strings.TrimSpace(rest), Cell: double, Code: cell}
	if double {
		call.Body = body
	}
	if _, raw := m.(magics.RawLiner); !raw {
		if _, err := magics.SplitWords(call.Line); err != nil {
			return fmt.Errorf("%s: %w", cell, err)
		}
	}
	return m.Run(ctx, call, h)
}

type lockedWriter struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// Package magictest is a magics.Host that records, for the tests of magics.
package magictest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
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

var _ magics.Host = (*Host)(nil)

// Show records a new output.
func (h *Host) Show(b display.Bundle) (display.ID, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	id := display.ID(fmt.Sprintf("display-%d", len(h.shown)+1))
	h.shown = append(h.shown, Shown{ID: id, Bundles: []display.Bundle{b}})
	return id, nil
}

// Update records a new state of an output.
func (h *Host) Update(id display.ID, b display.Bundle) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.shown {
		if h.shown[i].ID == id {
			h.shown[i].Bundles = append(h.shown[i].Bundles, b)
			return nil
		}
	}
	return fmt.Errorf("cannot update %q: no output has this identifier", id)
}

// Stdout records what is written, for Output.
func (h *Host) Stdout() io.Writer { return &lockedWriter{&h.mu, &h.stdout} }

// Stderr records what is written, for Errors.
func (h *Host) Stderr() io.Writer { return &lockedWriter{&h.mu, &h.stderr} }

// Ask gives the next of Answers.
func (h *Host) Ask(prompt string, _ bool) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.prompts = append(h.prompts, prompt)
	if len(h.Answers) == 0 {
		return "", fmt.Errorf("cannot ask %q: the front end allows no input", prompt)
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

// Run calls a magic as a cell with this line would: "%name args", or "%%name args" with a body below.
func (h *Host) Run(ctx context.Context, m magics.Magic, cell string) error {
	registry := magics.NewRegistry()
	if err := registry.Add("a test", m); err != nil {
		return err
	}
	parts := registry.ParseCell(cell)
	if len(parts) != 1 || !parts[0].IsMagic() {
		return fmt.Errorf("the cell %q is not one use of %%%s", cell, m.Name())
	}
	if parts[0].Err != nil {
		return parts[0].Err
	}
	return m.Run(ctx, parts[0].Call, h)
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

package session

import (
	"context"
	"io"

	"github.com/google/uuid"

	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// A host is what one call of a magic sees of the kernel.
type host struct {
	cell  *cell
	depth int // of calls within calls
}

var (
	_ magics.Host    = (*host)(nil)
	_ magics.Clearer = (*host)(nil)
	_ magics.Counter = (*host)(nil)
	_ magics.Runtime = (*host)(nil)
)

// Show implements magics.Host.
func (h *host) Show(ctx context.Context, bundle display.Bundle) (display.ID, error) {
	id := uuid.NewString()
	return display.ID(id), h.cell.display(ctx, displayData(bundle, id))
}

// Update implements magics.Host.
func (h *host) Update(_ context.Context, id display.ID, bundle display.Bundle) error {
	return h.cell.Update(displayData(bundle, string(id)))
}

func displayData(bundle display.Bundle, id string) wire.DisplayData {
	return wire.DisplayData{Data: bundle.Data, Metadata: bundle.Metadata, Transient: wire.Transient{DisplayID: id}}
}

// Stdout implements magics.Host.
func (h *host) Stdout() io.Writer { return streamWriter{h.cell, wire.Stdout} }

// Stderr implements magics.Host.
func (h *host) Stderr() io.Writer { return streamWriter{h.cell, wire.Stderr} }

// Ask implements magics.Host.
func (h *host) Ask(ctx context.Context, prompt string, secret bool) (string, error) {
	return h.cell.Ask(ctx, prompt, secret)
}

// Execute implements magics.Host.
func (h *host) Execute(ctx context.Context, code string) error {
	if failure := h.cell.session.runParts(ctx, h.cell, code, h.depth+1); failure != nil {
		return failure
	}
	return nil
}

// ExecutionCount implements magics.Counter.
func (h *host) ExecutionCount() int { return h.cell.count }

// RuntimeDir implements magics.Runtime.
func (h *host) RuntimeDir() string { return h.cell.session.RuntimeDir }

// Clear implements magics.Clearer.
func (h *host) Clear(wait bool) error { return h.cell.Clear(wait) }

type streamWriter struct {
	cell *cell
	name string
}

func (w streamWriter) Write(text []byte) (int, error) {
	if err := w.cell.stream(w.name, text); err != nil {
		return 0, err
	}
	return len(text), nil
}

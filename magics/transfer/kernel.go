package transfer

import (
	"context"
	"fmt"
	"slices"

	"github.com/headstart-nb/headstart/magics/transfer/modelserver"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
	"github.com/headstart-nb/headstart/nbhelpers/warm/server"
)

// Busy reports whether a training goes on that does not end with its kernel.
func (p *Presenter) Busy() bool {
	return slices.ContainsFunc(p.lab.Running(), func(r *lab.Run) bool { return !r.Tied() })
}

// Serve answers Go cells on the socket of a runtime folder until the context ends.
func (p *Presenter) Serve(ctx context.Context, runtimeDir string) error {
	listener, err := server.Listen(warm.SocketPath(runtimeDir))
	if err != nil {
		return fmt.Errorf("listen for Go cells: %w", err)
	}
	return server.Serve(ctx, listener, modelserver.Handler(p.lab))
}

// Attached serves the Go cells of a kernel that has come, on the socket of its runtime folder, instead of those of the
// kernel before. What was tied to that one ends; its best model is kept.
func (p *Presenter) Attached(runtimeDir string) {
	p.arriving.Lock()
	defer p.arriving.Unlock()
	if p.endService != nil {
		p.endService()
		for _, r := range p.lab.Running() {
			if r.Tied() {
				r.Stop()
			}
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	p.endService = func() {
		cancel()
		<-done // the socket's path may be the same again
	}
	go func() {
		defer close(done)
		if err := p.Serve(ctx, runtimeDir); err != nil {
			p.log.Error("Go cells cannot reach the warm models", "error", err)
		}
	}()
}

// Headstart-transfer is the plugin that provides the magics of transfer learning; run by hand, it is their command line.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/internal/visible"
	"github.com/headstart-nb/headstart/magics/commandline"
	"github.com/headstart-nb/headstart/magics/plugin"
	"github.com/headstart-nb/headstart/magics/transfer"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/lab"
)

func main() {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	home, err := paths.State()
	if err != nil {
		log.Warn("nothing is kept on disk", "error", err)
	}
	l := lab.New(home, accel.Options{}, log)
	if plugin.Started() {
		servePlugin(transfer.New(l, log), log)
		return
	}
	presenter := transfer.NewTerminal(l, log)
	// The first interrupt stops gently and keeps the best model; with the handler gone, the second ends the process.
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, cancel)
	err = rootCommand(presenter).ExecuteContext(ctx)
	if closeErr := presenter.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "headstart: "+visible.Text(err.Error()))
		os.Exit(commandline.ExitStatus(err))
	}
}

// servePlugin answers the magics of kernels and their Go cells. A training in the background may outlive its kernel, and
// the next one finds it again.
func servePlugin(p *transfer.Presenter, log *slog.Logger) {
	plugin.Program{Magics: p.Magics(), Busy: p.Busy, Attached: p.Attached}.Serve()
	if err := p.Close(); err != nil {
		log.Error("closing", "error", err)
	}
}

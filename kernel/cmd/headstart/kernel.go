package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart/kernel/gonb"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/kernel/zmq"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/builtin"
	"github.com/headstart-nb/headstart/magics/plugin"
)

// linger is how long plugins wait for the next kernel after this one was asked to restart, so that models stay warm.
const linger = 30 * time.Second

func newKernelCommand() *cobra.Command {
	var connectionFile, logLevel string
	command := &cobra.Command{
		Use:   "kernel --connection-file FILE",
		Short: "Run the kernel; Jupyter calls this",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			var level slog.Level
			if err := level.UnmarshalText([]byte(logLevel)); err != nil {
				return fmt.Errorf("run the kernel: --log-level %s: use debug, info, warn or error", logLevel)
			}
			log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
			return runKernel(command.Context(), connectionFile, log)
		},
	}
	command.Flags().StringVarP(&connectionFile, "connection-file", "f", "", "the file in which Jupyter says which sockets to open")
	command.Flags().StringVar(&logLevel, "log-level", "warn", "what to log on standard error: debug, info, warn or error")
	if err := command.MarkFlagRequired("connection-file"); err != nil {
		panic(err) // the flag is declared above
	}
	return command
}

// runKernel wires the kernel's parts and runs it until a client shuts it down, its parent dies, or it is told to end.
func runKernel(ctx context.Context, connectionFile string, log *slog.Logger) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	ctx, stopWatching := withParent(ctx, parentPoll)
	defer stopWatching()

	connection, err := wire.ReadConnection(connectionFile)
	if err != nil {
		return err
	}
	signer, err := wire.NewSigner(connection.SignatureScheme, connection.Key)
	if err != nil {
		return err
	}
	places, err := findPlaces(connectionFile)
	if err != nil {
		return err
	}
	var drops dropRelay
	server, err := zmq.Listen(connection, zmq.Options{Dropped: drops.add})
	if err != nil {
		return err
	}
	defer server.Close() // what it could not send, nobody waits for

	registry := magics.NewRegistry()
	plugins := plugin.NewManager(registry, plugin.Options{
		Home: places.home, Shipped: []string{filepath.Join(places.bin, transferProgram)},
		Runtime: places.runtime, Env: places.env(), Log: log,
	})
	engine := gonb.New(gonb.Options{
		BinDir: places.bin, Env: append(os.Environ(), places.env()...), Dir: places.work, RuntimeDir: places.runtime,
		KernelID: kernelID(connectionFile), SourceDir: places.source, CacheDir: filepath.Join(places.home, "cache"), Log: log,
	})
	err = registry.Add("headstart", builtin.Magics(builtin.Config{
		Registry: registry, Engine: gonb.Listings(), Plugins: plugins,
	})...)
	if err != nil {
		return err
	}
	ready := make(chan struct{})
	s := session.New(session.Config{
		Transport: server, Signer: signer, Engine: engine, Magics: registry, Ready: ready,
		Connection: server.Connection(), Version: version, GoVersion: strings.TrimPrefix(runtime.Version(), "go"),
		HistoryFile: filepath.Join(places.home, "history.jsonl"), Log: log,
	})
	drops.to(s.Dropped)
	relaySignals(ctx, s)
	go prepare(ctx, plugins, engine, ready, log)

	err = s.Run(ctx)
	var pause time.Duration
	if s.Restarting() {
		pause = linger
	}
	return closeAll(err, places, pause, engine, plugins)
}

// prepare does what a first cell needs, while the kernel already answers. Cells wait for the magics, not for GoNB.
func prepare(ctx context.Context, plugins *plugin.Manager, engine *gonb.Engine, ready chan<- struct{}, log *slog.Logger) {
	if err := plugins.Load(ctx); err != nil {
		log.Warn("some plugins cannot be used", "error", err)
	}
	close(ready)
	if err := engine.Warm(ctx); err != nil && ctx.Err() == nil {
		log.Warn("Go cells cannot run yet", "error", err)
	}
}

// relaySignals makes SIGINT an interrupt of the cell. SIGPIPE, from a log that nobody reads any more, is not to end the
// kernel.
func relaySignals(ctx context.Context, s *session.Session) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGPIPE)
	go func() {
		defer signal.Stop(signals)
		for {
			select {
			case sig := <-signals:
				if sig == syscall.SIGINT {
					s.Interrupt()
				}
			case <-ctx.Done():
				return
			}
		}
	}()
}

// kernelID is Jupyter's id of this kernel, which it puts into the connection file's name.
func kernelID(connectionFile string) string {
	name := strings.TrimSuffix(filepath.Base(connectionFile), ".json")
	return strings.TrimPrefix(name, "kernel-")
}

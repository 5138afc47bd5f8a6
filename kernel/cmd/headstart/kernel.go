package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart/kernel/gonb"
	"github.com/headstart-nb/headstart/kernel/gonb/help"
	"github.com/headstart-nb/headstart/kernel/plugins"
	"github.com/headstart-nb/headstart/kernel/registry"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/session/drops"
	"github.com/headstart-nb/headstart/kernel/usage"
	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/kernel/zmq"
	"github.com/headstart-nb/headstart/magics/builtin"
	"github.com/headstart-nb/headstart/magics/commandline"
	"github.com/headstart-nb/headstart/notebooks"
)

// sessionNameVar is what a Jupyter server sets for the kernels of its sessions: the notebook's path.
const sessionNameVar = "JPY_SESSION_NAME"

// linger is how long plugins wait for the next kernel after this one was asked to restart, so that models stay warm.
const linger = 30 * time.Second

func newKernelCommand() *cobra.Command {
	var connectionFile, logLevel string
	command := &cobra.Command{
		Use:     "kernel --connection-file FILE",
		Short:   "Run the kernel; Jupyter calls this",
		Example: "  headstart kernel --connection-file /run/user/1000/jupyter/kernel-1.json --log-level debug",
		// jupyter run --kernel=headstart FILE passes FILE on to the kernel, and sends its content as a cell.
		Args: cobra.ArbitraryArgs,
		RunE: func(command *cobra.Command, ignored []string) error {
			if connectionFile == "" {
				return commandline.Usagef("run the kernel: --connection-file is missing; Jupyter gives it")
			}
			var level slog.Level
			if err := level.UnmarshalText([]byte(logLevel)); err != nil {
				return commandline.Usagef("run the kernel: --log-level %s: use debug, info, warn or error", logLevel)
			}
			log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
			if len(ignored) > 0 {
				log.Info("arguments of the front end were ignored", "arguments", ignored)
			}
			return runKernel(command.Context(), connectionFile, log)
		},
	}
	command.Flags().StringVarP(&connectionFile, "connection-file", "f", "", "the file in which Jupyter says which sockets to open")
	command.Flags().StringVar(&logLevel, "log-level", "warn", "what to log on standard error: debug, info, warn or error")
	return command
}

// runKernel runs a kernel until a client shuts it down, its parent dies, or it is told to end.
func runKernel(ctx context.Context, connectionFile string, log *slog.Logger) error {
	slog.SetDefault(log) // for what has no logger of its own
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	ctx, stopWatching := withParent(ctx, parentPoll)
	defer stopWatching()
	k, err := newKernel(connectionFile, log)
	if err != nil {
		return err
	}
	relaySignals(ctx, k.session)
	go k.prepare(ctx)
	err = k.session.Run(ctx)
	return errors.Join(err, k.close())
}

// A kernel is its parts, wired.
type kernel struct {
	places  places
	log     *slog.Logger
	server  *zmq.Server
	plugins *plugins.Manager
	engine  *gonb.Engine
	ready   chan struct{} // closed when the magics are known
	session *session.Session
}

func newKernel(connectionFile string, log *slog.Logger) (*kernel, error) {
	connection, err := wire.ReadConnection(connectionFile)
	if err != nil {
		return nil, err
	}
	signer, err := wire.NewSigner(connection.SignatureScheme, connection.Key)
	if err != nil {
		return nil, err
	}
	k := &kernel{log: log, ready: make(chan struct{})}
	if k.places, err = findPlaces(connectionFile); err != nil {
		return nil, err
	}
	for _, notice := range k.places.notices {
		log.Warn(notice)
	}
	goVersion := strings.TrimPrefix(runtime.Version(), "go")
	magics := registry.New()
	magics.SetEngine(help.Listings())
	k.plugins = plugins.NewManager(magics, plugins.Options{
		Home: k.places.home, Shipped: []string{filepath.Join(k.places.bin, transferProgram)},
		Runtime: k.places.runtime.path, Env: k.places.env(), Log: log,
	})
	k.engine = gonb.New(gonb.Options{
		BinDir: k.places.bin, Env: append(os.Environ(), k.places.env()...), Dir: k.places.work, RuntimeDir: k.places.runtime.path,
		TempDir: k.places.tempDir(), KernelID: kernelID(connectionFile), SourceDir: k.places.source, CacheDir: filepath.Join(k.places.home, "cache"), Log: log,
		ImageDir: filepath.Join(k.places.home, "images"), StoreDir: filepath.Join(k.places.home, "variables"),
		Unknown: magics.Unknown, GoVersion: goVersion,
	})
	if err := magics.Add(builtin.Origin, builtin.Magics(builtin.Config{
		Registry: magics, Engine: help.Listings(), Plugins: k.plugins, Variables: k.engine, Stored: k.engine, Doctor: examineForMagic(carriedAssets()),
		Versions: versionsForMagic(k.places.bin), Lessons: notebooks.Lessons(),
	})...); err != nil {
		return nil, err
	}
	refused := drops.New(log)
	if k.server, err = zmq.Listen(connection, zmq.Options{Dropped: refused.Add}); err != nil {
		return nil, err
	}
	if bound := k.server.Connection(); bound != connection { // ports were left to be chosen
		if err := bound.Write(connectionFile); err != nil {
			return nil, errors.Join(err, k.server.Close())
		}
	}
	meter := usage.NewMeter()
	k.session = session.New(session.Config{
		Transport: k.server, Signer: signer, Engine: k.engine, Values: values{k.engine}, Magics: magics, Ready: k.ready, Drops: refused,
		Connection: k.server.Connection(), Version: version, RuntimeDir: k.places.runtime.path,
		Banner:      fmt.Sprintf("Headstart %s: Go %s and transfer learning. %%help lists the magics.", version, goVersion),
		HistoryFile: filepath.Join(k.places.home, "history.jsonl"), Notices: k.places.notices, Log: log,
		Serverside: ofServer(connectionFile),
		Usage:      func() wire.UsageReply { return meter.Measure(k.pluginPids()...) },
	})
	return k, nil
}

// pluginPids are the processes of plugins, which may be older than this kernel and not its children.
func (k *kernel) pluginPids() []int {
	var pids []int
	for _, p := range k.plugins.Plugins() {
		if p.Pid != 0 {
			pids = append(pids, p.Pid)
		}
	}
	return pids
}

// prepare does what a first cell needs, while the kernel already answers. Cells wait for the magics, not for GoNB.
func (k *kernel) prepare(ctx context.Context) {
	if err := k.plugins.Load(ctx); err != nil {
		k.log.Warn("some plugins cannot be used", "error", err)
	}
	close(k.ready)
	if err := k.engine.Warm(ctx); err != nil && ctx.Err() == nil {
		k.log.Warn("Go cells cannot run yet", "error", err)
	}
	if err := k.places.sweep(); err != nil {
		k.log.Warn("a folder of another kernel was not removed", "error", err)
	}
}

// close ends the kernel's children. Plugins may wait for the next kernel, and then their sockets stay.
func (k *kernel) close() error {
	var pause time.Duration
	if k.session.Restarting() {
		pause = linger
	}
	var closing sync.WaitGroup
	var engineErr, serverErr error
	closing.Go(func() { k.plugins.Close(pause) })
	closing.Go(func() { engineErr = k.engine.Close() })
	closing.Go(func() { serverErr = k.server.Close() })
	closing.Wait()
	return errors.Join(engineErr, serverErr, k.places.close())
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

// ofServer reports whether a program that has many kernels, as Jupyter servers are, has started this one. It names a kernel's
// connection file by a UUID; nbclient, say, has one kernel, whose file has a temporary name.
func ofServer(connectionFile string) bool {
	_, err := uuid.Parse(kernelID(connectionFile))
	return err == nil || os.Getenv(sessionNameVar) != ""
}

// kernelID is Jupyter's id of this kernel, which it puts into the connection file's name.
func kernelID(connectionFile string) string {
	name := strings.TrimSuffix(filepath.Base(connectionFile), ".json")
	return strings.TrimPrefix(name, "kernel-")
}

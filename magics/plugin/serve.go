// Package plugin makes a program a plugin: a process of its own that provides magics to a kernel.
//
// It is the author's half. The kernel's half is the package kernel/plugins; a plugin does not link it. Between the two
// stands hashicorp/go-plugin with the gRPC service of magicpb/magic.proto, which other languages can serve as well.
//
// A plugin ends with its kernel, unless it asks to outlive it.
package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/plugin/magicpb"
)

// Serve makes the program that calls it a plugin with these magics. It returns when the kernel needs it no more:
//
//	func main() { plugin.Serve(shout) }
func Serve(list ...magics.Magic) { Program{Magics: list}.Serve() }

// A Program is a plugin with more to say than its magics.
type Program struct {
	Magics []magics.Magic
	// Version is shown by %plugins; empty means the version of the program's module.
	Version string
	// Busy, when it is not nil, asks that the plugin may outlive its kernel: it reports whether there is work in the
	// background that should go on then. The program ends when there is none and no new kernel has attached.
	Busy func() bool
	// Attached, when it is not nil, is called for each kernel that comes, with its HEADSTART_RUNTIME_DIR, where programs of
	// that kernel look for sockets. For a plugin that outlives kernels it changes.
	Attached func(runtimeFolder string)
}

// Started reports whether a kernel has started this process as a plugin, for programs that are something else besides.
func Started() bool { return magicpb.Started() }

// Serve makes the program a plugin. It returns when the kernel needs it no more, so that main can close what it opened;
// it exits with an explanation when no kernel has started the program.
func (p Program) Serve() {
	if !Started() {
		fmt.Fprintf(os.Stderr, "%s is a Headstart plugin, which only a kernel can start: install it with headstart plugin install, then call its magics in a notebook\n", os.Args[0])
		os.Exit(2)
	}
	signal.Ignore(syscall.SIGPIPE) // the kernel may be gone while background work still prints
	s := newServer(p, os.Stderr, os.Getenv(runtimeVar))
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: magicpb.Handshake(),
		Plugins:         plugin.PluginSet{magicpb.Service: magicpb.Bridge{Magics: s}},
		Logger:          hclog.NewNullLogger(),
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			opts = append(opts, grpc.MaxRecvMsgSize(magicpb.MaxMessage))
			g := grpc.NewServer(append(opts, guards()...)...)
			go s.kernel.stopWhenGone(g)
			return g
		},
	})
}

// runtimeVar is where the kernel puts its folder at the start of a program; its first notice has it too.
const runtimeVar = "HEADSTART_RUNTIME_DIR"

// server is the plugin's side of the service.
type server struct {
	magicpb.UnimplementedMagicsServer
	program Program
	magics  map[string]magics.Magic
	kernel  *kernelWatch
	stderr  *os.File
	prints  sync.Once
}

func newServer(p Program, stderr *os.File, runtimeDir string) *server {
	s := &server{program: p, magics: map[string]magics.Magic{}, stderr: stderr}
	s.kernel = newKernelWatch(p.Busy, runtimeDir)
	for _, m := range p.Magics {
		s.magics[m.Name()] = m
	}
	return s
}

// printToLog sends what the program prints by itself to its log. go-plugin has replaced both files by pipes which
// nobody empties once the kernel is gone, so that a print would block forever.
func (s *server) printToLog() {
	s.prints.Do(func() { os.Stdout, os.Stderr = s.stderr, s.stderr })
}

func (s *server) Describe(context.Context, *magicpb.DescribeRequest) (*magicpb.Description, error) {
	s.printToLog()
	d := &magicpb.Description{Version: magicpb.Text(s.program.Version), OutlivesKernel: s.program.Busy != nil}
	if d.Version == "" {
		d.Version = moduleVersion()
	}
	for _, m := range s.program.Magics {
		_, completes := m.(magics.Completer)
		_, inspects := m.(magics.Inspector)
		_, responds := m.(magics.Responder)
		_, raw := m.(magics.RawLiner)
		_, watches := m.(magics.Watcher)
		var concurrent magics.Calls
		if c, ok := m.(magics.Concurrent); ok {
			concurrent = c.ConcurrentCalls()
		}
		d.Magics = append(d.Magics, &magicpb.Magic{
			Name: magicpb.Text(m.Name()), Help: magicpb.Text(m.Help()), Completes: completes, Inspects: inspects, Responds: responds,
			TakesRawLine: raw, Watches: watches, Concurrent: concurrent.All, ConcurrentCommands: concurrent.Commands,
		})
	}
	return d, nil
}

func moduleVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

func (s *server) Attach(stream grpc.BidiStreamingServer[magicpb.KernelNotice, magicpb.BackgroundUpdate]) error {
	s.printToLog()
	updates := newUpdates(backgroundInterval, func(id string, b *magicpb.Bundle) {
		// A failed send means that the stream has ended, which Recv reports below.
		_ = stream.Send(&magicpb.BackgroundUpdate{DisplayId: id, Bundle: b})
	})
	defer updates.close()
	leave := s.kernel.arrive(updates)
	defer leave()
	for {
		notice, err := stream.Recv()
		if err != nil {
			return nil // the kernel is gone, which is not a failure
		}
		if folder := notice.GetRuntimeFolder(); folder != "" {
			s.attached(folder)
		}
		s.kernel.lingerFor(time.Duration(notice.GetLingerSeconds()) * time.Second)
	}
}

// attached takes over the folder of a kernel's sockets. The environment is for programs that the plugin starts.
func (s *server) attached(folder string) {
	s.kernel.setRuntimeDir(folder)
	if err := os.Setenv(runtimeVar, folder); err != nil {
		slog.Error("runtime folder not taken over", "folder", folder, "error", err)
	}
	if s.program.Attached != nil {
		s.program.Attached(folder)
	}
}

func (s *server) Run(stream grpc.BidiStreamingServer[magicpb.ToMagic, magicpb.FromMagic]) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	start := first.GetStart()
	m, ok := s.magics[start.GetName()]
	if !ok {
		return status.Errorf(codes.NotFound, "the plugin has no magic %q", start.GetName())
	}
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	s.kernel.await(ctx)
	host := newCellHost(stream, s.kernel)
	go host.receive(cancel)
	err = magics.Invoke(ctx, m, magicpb.ToCall(start), host)
	host.end()
	done := &magicpb.Done{}
	if err != nil {
		done.Error, done.Cancelled = magicpb.Text(err.Error()), errors.Is(err, context.Canceled)
		if done.Error == "" {
			done.Error = "the magic failed without saying why"
		}
	}
	return host.send(&magicpb.FromMagic{Message: &magicpb.FromMagic_Done{Done: done}})
}

func (s *server) Complete(ctx context.Context, at *magicpb.Position) (*magicpb.Candidates, error) {
	completer, ok := s.magics[at.GetName()].(magics.Completer)
	if !ok {
		return &magicpb.Candidates{}, nil
	}
	words, err := completer.Complete(ctx, at.GetLine(), int(at.GetCursor()))
	// What is not UTF-8 cannot be typed in a notebook, and a replaced character would name another file.
	words = slices.DeleteFunc(slices.Clone(words), func(word string) bool { return !utf8.ValidString(word) })
	return &magicpb.Candidates{Words: words}, err
}

func (s *server) Inspect(ctx context.Context, at *magicpb.Position) (*magicpb.Bundle, error) {
	inspector, ok := s.magics[at.GetName()].(magics.Inspector)
	if !ok {
		return &magicpb.Bundle{}, nil
	}
	b, err := inspector.Inspect(ctx, at.GetLine(), int(at.GetCursor()))
	if err != nil {
		return nil, err
	}
	return magicpb.FromBundle(b)
}

func (s *server) Respond(ctx context.Context, r *magicpb.Request) (*magicpb.Response, error) {
	responder, ok := s.magics[r.GetName()].(magics.Responder)
	if !ok {
		return nil, status.Errorf(codes.Unimplemented, "%%%s does not answer requests", r.GetName())
	}
	answer, err := responder.Respond(ctx, r.GetJson())
	return &magicpb.Response{Json: answer}, err
}

func (s *server) Watch(r *magicpb.WatchRequest, stream grpc.ServerStreamingServer[magicpb.News]) error {
	watcher, ok := s.magics[r.GetName()].(magics.Watcher)
	if !ok {
		return status.Errorf(codes.Unimplemented, "%%%s does not tell what changes", r.GetName())
	}
	return watcher.Watch(stream.Context(), func(news json.RawMessage) error { return stream.Send(&magicpb.News{Json: news}) })
}

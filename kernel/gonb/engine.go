// Package gonb runs Go cells: it drives GoNB, a Go kernel, as a child process that it speaks to as a Jupyter client.
package gonb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/internal/goenv"
	"github.com/headstart-nb/headstart/kernel/gonb/cell"
	"github.com/headstart-nb/headstart/kernel/gonb/debug"
	"github.com/headstart-nb/headstart/kernel/gonb/report"
	"github.com/headstart-nb/headstart/kernel/registry"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/magics"
)

// Options say how GoNB is run.
type Options struct {
	BinDir     string   // holds gonb, goimports, gopls and headstart-go
	Env        []string // the environment of GoNB and so of the cells, but for PATH's first folders
	Dir        string   // the working directory
	RuntimeDir string   // a folder for this user alone, for sockets; its path is short, as sockets need
	TempDir    string   // temporary files of GoNB and the cells, for this user alone; made where it is missing; default: below RuntimeDir
	KernelID   string   // Jupyter's id of this kernel, hexadecimal digits and dashes; GoNB's widgets look for it
	SourceDir  string   // this project's module, for cells to import; empty where there is none
	CacheDir   string   // what builds of cells leave for later ones
	ImageDir   string   // folders of images that variables stand for; empty where there are none
	StoreDir   string   // values of variables that outlast the kernel; empty where none can
	GoVersion  string   // what kernel_info says, without "go"

	// Unknown is the error for a line that begins with % and a name that is neither a magic's nor one of others, GoNB's.
	Unknown func(name string, others ...string) error
	Log     *slog.Logger
}

// Engine is a session.Engine over GoNB. GoNB is started at the first use, or by Warm, and started again when it has
// died; what it remembered of earlier cells is then brought back.
type Engine struct {
	options  Options
	debugger *debug.Debugger
	work     chan struct{} // holds a token while nobody talks to GoNB

	mu       sync.Mutex // guards what follows
	current  *instance
	closed   bool
	cells    report.Sources
	memory   cell.Memory
	standard standardLibrary
	comms    comms
	values   values
	leftOver string // the work folder of a GoNB that died, until its module files have been taken over
}

// New returns an engine that has started nothing yet.
func New(options Options) *Engine {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Unknown == nil {
		options.Unknown = registry.New().Unknown
	}
	if options.TempDir == "" {
		options.TempDir = filepath.Join(options.RuntimeDir, "tmp")
	}
	e := &Engine{options: options, work: make(chan struct{}, 1)}
	e.debugger = newDebugger(e)
	e.values.folder = filepath.Join(options.TempDir, "values")
	if realGo := find("go", goenv.Lookup(options.Env, "PATH")); realGo != "" {
		if realGo, err := filepath.EvalSymlinks(realGo); err == nil {
			e.standard.root = filepath.Join(filepath.Dir(filepath.Dir(realGo)), "src")
		}
	}
	e.work <- struct{}{}
	return e
}

// errClosed is returned by every method after Close.
var errClosed = errors.New("run Go code: the kernel is shutting down")

// Warm starts GoNB ahead of its first use, and some seconds later gopls.
func (e *Engine) Warm(ctx context.Context) error {
	if err := e.acquire(ctx); err != nil {
		return err
	}
	_, err := e.instance(ctx, nil)
	e.release()
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(languageDelay):
		e.languageServer(ctx)
		return nil
	}
}

func (e *Engine) acquire(ctx context.Context) error {
	select {
	case <-e.work:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *Engine) release() { e.work <- struct{}{} }

// instance returns the running GoNB, or starts one and gives it what the one before remembered. Called with the token
// of e.work held. Notices about what could not be restored go to io, which may be nil.
func (e *Engine) instance(ctx context.Context, io session.IO) (*instance, error) {
	e.mu.Lock()
	current, closed := e.current, e.closed
	e.mu.Unlock()
	switch {
	case closed:
		return nil, errClosed
	case current != nil && !current.hasEnded():
		return current, nil
	case current != nil:
		e.discard(current)
	}
	fresh, err := start(ctx, e.options)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		fresh.close()
		return nil, errClosed
	}
	e.current = fresh
	e.mu.Unlock()
	err = e.restore(ctx, fresh)
	if fresh.moved != "" {
		err = errors.Join(err, errors.New(fresh.moved))
	}
	if err != nil && io != nil {
		_ = io.Stream(wire.Stderr, "Go cells: "+err.Error()+"\n") // the cell's own fate does not hang on this notice
	}
	return fresh, nil
}

// answering is a GoNB that has just answered. One that was killed while nobody used it seems to run for about 0.1 s, and a cell
// that it was given could not be repeated: nothing tells whether it has begun.
func (e *Engine) answering(ctx context.Context, io session.IO) (*instance, error) {
	in, err := e.instance(ctx, io)
	if err != nil || in.answers(ctx) {
		return in, err
	}
	e.discard(in)
	return e.instance(ctx, io)
}

// answers reports whether GoNB answers, or still may: it is not ended for being slow.
func (in *instance) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, answerPatience)
	defer cancel()
	return in.settle(ctx) == nil || ctx.Err() != nil && !in.hasEnded()
}

// answerPatience is how long GoNB may take to answer before a cell is sent to it all the same.
const answerPatience = 2 * time.Second

func (in *instance) hasEnded() bool {
	select {
	case <-in.process.Done():
		return true
	default:
		return false
	}
}

// discard closes a GoNB that has died or that does not come back, and remembers its work folder.
func (e *Engine) discard(in *instance) {
	e.mu.Lock()
	if e.current == in {
		e.current = nil
	}
	if folder := in.output.work(); folder != "" {
		e.leftOver = folder
	}
	e.mu.Unlock()
	in.kill()
}

// kill ends GoNB at once, so that it does not clean up its work folder.
func (in *instance) kill() {
	now, cancel := context.WithCancel(context.Background())
	cancel()
	in.process.Stop(now, 0)
	in.close()
}

// Execute runs a cell of Go code, of shell lines, or of GoNB's own commands.
func (e *Engine) Execute(ctx context.Context, request wire.ExecuteRequest, io session.IO) (wire.ExecuteReply, error) {
	c := cell.New(request.Code, executionCount(io))
	if failure := c.Check(e.options.Unknown); failure != nil {
		return failed(failure), nil
	}
	if err := e.acquire(ctx); err != nil {
		return failed(&interrupted("waiting for its turn").Error), nil
	}
	defer e.release()
	in, err := e.answering(ctx, io)
	if err != nil {
		if ctx.Err() != nil {
			return failed(&interrupted("starting GoNB").Error), nil
		}
		return wire.ExecuteReply{}, err
	}
	r := e.runCell(ctx, in, c, io)
	if r.failure == nil {
		return wire.ExecuteReply{Status: wire.StatusOK}, nil
	}
	if r.failure.HTML != "" {
		_ = io.Display(wire.DisplayData{Data: map[string]any{"text/html": r.failure.HTML}}) // the error says it as text
	}
	return failed(&r.failure.Error), nil
}

// executionCount asks the cell for its number, where it knows it.
func executionCount(io session.IO) int {
	if counter, ok := io.(magics.Counter); ok {
		return counter.ExecutionCount()
	}
	return 0
}

func failed(failure *wire.Error) wire.ExecuteReply {
	return wire.ExecuteReply{Status: wire.StatusError, Error: failure}
}

// interrupted is the report of a cell that the user stopped.
func interrupted(doing string) *report.Report {
	r := report.Plain("KeyboardInterrupt", "the cell was interrupted while "+doing)
	return &r
}

// Scanner follows the Go text of one cell.
func (e *Engine) Scanner() registry.Scanner { return cell.NewScanner() }

// IsComplete says whether a stretch of a cell can run as it stands.
func (e *Engine) IsComplete(code string) (status, indent string) { return cell.Completeness(code) }

// Close ends GoNB and all that it started.
func (e *Engine) Close() error {
	e.mu.Lock()
	current, leftOver := e.current, e.leftOver
	e.current, e.closed, e.leftOver = nil, true, ""
	e.mu.Unlock()
	if current != nil {
		current.close()
	}
	if leftOver == "" {
		return nil
	}
	if err := os.RemoveAll(leftOver); err != nil {
		return fmt.Errorf("remove the work folder of a GoNB that died: %w", err)
	}
	return nil
}

// died is the report of a cell during which GoNB ended.
func died(in *instance) *report.Report {
	how := "it ended"
	if err := in.process.Err(); err != nil {
		how = err.Error()
	}
	r := report.Plain("GoNBDied", fmt.Sprintf("GoNB, which runs Go cells, died while the cell ran (%s); "+
		"the next cell starts it again with all that it remembered%s", how, in.output.fatal()))
	return &r
}

// fatal is GoNB's own panic, where its log holds one.
func (t *logTail) fatal() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at := strings.LastIndex(string(t.tail), "panic: "); at >= 0 {
		line, _, _ := strings.Cut(string(t.tail[at:]), "\n")
		return "; " + line
	}
	return ""
}

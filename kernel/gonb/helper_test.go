package gonb_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/kernel/gonb"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// A recorder is a cell that keeps its output.
type recorder struct {
	mu       sync.Mutex
	stdout   strings.Builder
	stderr   strings.Builder
	shown    []wire.DisplayData
	updated  []wire.DisplayData
	comms    []session.Comm
	prompts  []string
	lines    []string // what the user answers; none means that input is not allowed
	count    int
	onStream func()
}

var errNoInput = errors.New("this client takes no input")

func (r *recorder) ExecutionCount() int { return r.count }

func (r *recorder) Stream(name, text string) error {
	r.mu.Lock()
	if name == wire.Stdout {
		r.stdout.WriteString(text)
	} else {
		r.stderr.WriteString(text)
	}
	hook := r.onStream
	r.mu.Unlock()
	if hook != nil {
		hook()
	}
	return nil
}

func (r *recorder) Display(data wire.DisplayData) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shown = append(r.shown, data)
	return nil
}

func (r *recorder) Update(data wire.DisplayData) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.updated = append(r.updated, data)
	return nil
}

func (r *recorder) Result(value wire.ExecuteResult) error {
	return r.Display(wire.DisplayData{Data: value.Data, Metadata: value.Metadata})
}

func (r *recorder) Clear(bool) error { return nil }

func (r *recorder) Ask(_ context.Context, prompt string, _ bool) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.prompts = append(r.prompts, prompt)
	if len(r.lines) == 0 {
		return "", errNoInput
	}
	line := r.lines[0]
	r.lines = r.lines[1:]
	return line, nil
}

func (r *recorder) Comm(comm session.Comm) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.comms = append(r.comms, comm)
	return nil
}

// scripts is the number of displays, new or updated.
func (r *recorder) scripts() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.shown) + len(r.updated)
}

// bin is the folder that holds gonb and goimports.
func bin(t testing.TB) string {
	t.Helper()
	checkout, err := filepath.Abs("../../.headstart/bin")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{os.Getenv("HEADSTART_BIN"), checkout} {
		if _, err := os.Stat(filepath.Join(folder, "gonb")); folder != "" && err == nil {
			return folder
		}
	}
	path, err := exec.LookPath("gonb")
	if err != nil {
		need.Lack(t, need.Setup, "no gonb: make setup")
	}
	return filepath.Dir(path)
}

// A notebook runs cells in one engine.
type notebook struct {
	t      testing.TB
	engine *gonb.Engine
	count  int
}

func open(t testing.TB) *notebook {
	t.Helper()
	return openWith(t, func(*gonb.Options) {})
}

func openWith(t testing.TB, change func(*gonb.Options)) *notebook {
	t.Helper()
	folder := bin(t)
	// Socket paths are short, t.TempDir's are not.
	runtime, err := os.MkdirTemp("", "gonb-test-")
	if err != nil {
		t.Fatal(err)
	}
	source, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	options := gonb.Options{
		BinDir: folder, Env: os.Environ(), Dir: t.TempDir(), RuntimeDir: runtime, KernelID: "0123-abcd",
		SourceDir: source, CacheDir: t.TempDir(),
	}
	change(&options)
	engine := gonb.New(options)
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
		if err := os.RemoveAll(runtime); err != nil {
			t.Error(err)
		}
	})
	return &notebook{t: t, engine: engine}
}

// try runs a cell and returns its output and how it ended.
func (n *notebook) try(ctx context.Context, code string, lines ...string) (*recorder, wire.ExecuteReply) {
	n.t.Helper()
	n.count++
	cell := &recorder{count: n.count, lines: lines}
	return cell, n.run(ctx, code, cell)
}

func (n *notebook) run(ctx context.Context, code string, cell *recorder) wire.ExecuteReply {
	n.t.Helper()
	reply, err := n.engine.Execute(ctx, wire.ExecuteRequest{Code: code, StoreHistory: true, AllowStdin: cell.lines != nil}, cell)
	if err != nil {
		n.t.Fatalf("cell %q: %v", code, err)
	}
	return reply
}

// ok runs a cell that has to end well and returns what it wrote to standard output.
func (n *notebook) ok(code string) string {
	n.t.Helper()
	cell, reply := n.try(n.t.Context(), code)
	if reply.Status != wire.StatusOK {
		n.t.Fatalf("cell %q: %v\n%s", code, reply.Error, cell.stderr.String())
	}
	return cell.stdout.String()
}

// fails runs a cell that has to end with an error.
func (n *notebook) fails(code string) (*recorder, *wire.Error) {
	n.t.Helper()
	cell, reply := n.try(n.t.Context(), code)
	if reply.Status != wire.StatusError || reply.Error == nil {
		n.t.Fatalf("cell %q ended with status %q, wanted an error", code, reply.Status)
	}
	return cell, reply.Error
}

var sgr = regexp.MustCompile("\x1b\\[[0-9;]*m")

func uncoloured(text string) string { return sgr.ReplaceAllString(text, "") }

func (n *notebook) interrupt(code string, after time.Duration) {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), after)
	defer cancel()
	begun := time.Now()
	cell, reply := n.try(ctx, code)
	if reply.Error == nil || reply.EName != "KeyboardInterrupt" {
		n.t.Errorf("cell %q, interrupted after %v, ended with %v", code, after, reply.Error)
	}
	if cell.stdout.Len() > 0 && strings.Contains(cell.stdout.String(), "no") {
		n.t.Errorf("cell %q went on after its interrupt: %q", code, cell.stdout.String())
	}
	n.t.Logf("%q after %v: %v, %v late", code, after, reply.EValue, time.Since(begun)-after)
}

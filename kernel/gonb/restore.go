package gonb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// restore gives a fresh GoNB what the one before had: the module's files, and what it remembered of the cells.
func (e *Engine) restore(ctx context.Context, in *instance) error {
	e.mu.Lock()
	old := e.leftOver
	e.leftOver = ""
	replay, ok := e.memory.Replay()
	e.mu.Unlock()
	var problem error
	if old != "" {
		if err := moveModule(old, in.waitForWork(ctx)); err != nil {
			problem = fmt.Errorf("the module files of before GoNB's restart could not be taken over: %w; repeat your `go get` lines", err)
		}
	}
	if !ok {
		return problem
	}
	r := e.run(ctx, in, replay, silence{})
	if r.failure != nil {
		return errors.Join(problem, fmt.Errorf("some declarations of earlier cells could not be restored after GoNB's restart (%s); run their cells again",
			r.failure.EValue))
	}
	return problem
}

// waitForWork is the folder that GoNB works in, once it has said so.
func (in *instance) waitForWork(ctx context.Context) string {
	for range 100 {
		if folder := in.output.work(); folder != "" {
			return folder
		}
		select {
		case <-ctx.Done():
			return ""
		case <-time.After(20 * time.Millisecond):
		}
	}
	return ""
}

// generatedFiles are those that GoNB writes anew for every cell.
var generatedFiles = []string{"main.go", "main_test.go", "other.go"}

// moveModule takes over what the user changed of the module: go.mod, go.sum, go.work and source files of their own.
func moveModule(from, to string) error {
	if to == "" {
		return errors.New("GoNB does not say where it works")
	}
	entries, err := os.ReadDir(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var problems []error
	for _, entry := range entries {
		name := entry.Name()
		ours := strings.HasSuffix(name, ".go") || strings.HasPrefix(name, "go.")
		if !entry.Type().IsRegular() || !ours || slices.Contains(generatedFiles, name) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(from, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), data, 0o600)
		}
		problems = append(problems, err)
	}
	return errors.Join(append(problems, os.RemoveAll(from))...)
}

// silence is the session.IO of a cell that nobody sees.
type silence struct{}

func (silence) Stream(string, string) error     { return nil }
func (silence) Display(wire.DisplayData) error  { return nil }
func (silence) Update(wire.DisplayData) error   { return nil }
func (silence) Result(wire.ExecuteResult) error { return nil }
func (silence) Clear(bool) error                { return nil }
func (silence) Comm(session.Comm) error         { return nil }
func (silence) Ask(context.Context, string, bool) (string, error) {
	return "", errors.New("a replayed declaration cannot ask the user")
}

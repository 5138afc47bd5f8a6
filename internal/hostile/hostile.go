// Package hostile plants files that make a careless program wait, for tests.
package hostile

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// patience is how long a call may take that must not wait for a file: much longer than it needs on a busy machine.
const patience = 20 * time.Second

// plants are what a stranger may put in a file's place, by name. Each function makes it at a path.
func plants() map[string]func(path string) error {
	return map[string]func(path string) error{
		"a pipe":             func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a link to a device": func(path string) error { return os.Symlink("/dev/zero", path) },
	}
}

// Each calls test with one planted file of each kind, named name in a folder of its own.
func Each(t *testing.T, name string, test func(t *testing.T, path string)) {
	t.Helper()
	for kind, plant := range plants() {
		t.Run(kind, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			if err := plant(path); err != nil {
				t.Fatal(err)
			}
			test(t, path)
		})
	}
}

// InTime returns what do returns, and fails the test where do hangs.
func InTime(t *testing.T, what string, do func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
		t.Fatalf("%s: it hangs", what)
		return nil
	}
}

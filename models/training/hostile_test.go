package training

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/training/checkpoint"
)

// inTime fails the test where a file that never ends, or that nobody writes, is waited for.
func inTime(t *testing.T, what string, do func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-time.After(10 * time.Second):
		t.Fatalf("%s: it hangs", what)
		return nil
	}
}

func TestARunOfPipesIsRefused(t *testing.T) {
	home := t.TempDir()
	folder := filepath.Join(runsDir(home), "theirs")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{runFile, outcomeFile, "lock"} {
		if err := syscall.Mkfifo(filepath.Join(folder, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := inTime(t, "the run", func() error { _, err := ReadRun(home, "theirs"); return err }); !errors.Is(err, safefile.ErrNotRegular) {
		t.Errorf("the run: %v", err)
	}
	_ = inTime(t, "whether a process works on it", func() error { checkpoint.Busy(runsDir(home), "theirs"); return nil })
	_ = inTime(t, "taking it over", func() error {
		dir, err := checkpoint.Open(runsDir(home), "theirs")
		if err == nil {
			err = dir.Close()
		}
		return err
	})
}

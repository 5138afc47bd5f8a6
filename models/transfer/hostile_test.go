package transfer

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/run"
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

func TestAModelOfPipesAndDevicesIsRefused(t *testing.T) {
	for name, plant := range map[string]func(file string) error{
		"a pipe":             func(file string) error { return syscall.Mkfifo(file, 0o600) },
		"a link to a device": func(file string) error { return os.Symlink("/dev/zero", file) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := plant(filepath.Join(dir, modelFile)); err != nil {
				t.Fatal(err)
			}
			err := inTime(t, modelFile, func() error { _, err := Load(t.Context(), nil, dir, LoadOptions{}); return err })
			if !errors.Is(err, safefile.ErrNotRegular) {
				t.Errorf("%s: %v", modelFile, err)
			}
			image := filepath.Join(dir, "image.jpg")
			if err := plant(image); err != nil {
				t.Fatal(err)
			}
			err = inTime(t, "an image's digest", func() error { _, err := fileDigest(image); return err })
			if !errors.Is(err, safefile.ErrNotRegular) {
				t.Errorf("an image's digest: %v", err)
			}
		})
	}
}

func TestARunOfPipesIsRefused(t *testing.T) {
	home := t.TempDir()
	folder := filepath.Join(runsDir(home), "theirs")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{runFile, claimFile, "lock"} {
		if err := syscall.Mkfifo(filepath.Join(folder, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := inTime(t, "the run", func() error { _, err := ReadRun(home, "theirs"); return err }); !errors.Is(err, safefile.ErrNotRegular) {
		t.Errorf("the run: %v", err)
	}
	_ = inTime(t, "whether a process works on it", func() error { run.Busy(runsDir(home), "theirs"); return nil })
	_ = inTime(t, "taking it over", func() error {
		dir, err := run.Open(runsDir(home), "theirs")
		if err == nil {
			err = dir.Close()
		}
		return err
	})
}

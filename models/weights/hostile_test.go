package weights

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/internal/safefile"
)

func TestWeightsThatArePipesOrDevicesAreRefused(t *testing.T) {
	dir := t.TempDir()
	pipe, device := filepath.Join(dir, "pipe.safetensors"), filepath.Join(dir, "device.safetensors")
	if err := errors.Join(syscall.Mkfifo(pipe, 0o600), os.Symlink("/dev/zero", device)); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{pipe, device} {
		for name, read := range map[string]func() error{
			"digest":      func() error { _, err := Digest(t.Context(), file); return err },
			"safetensors": func() error { _, err := openSafetensors(file); return err },
		} {
			done := make(chan error, 1)
			go func() { done <- read() }()
			select {
			case err := <-done:
				if !errors.Is(err, safefile.ErrNotRegular) {
					t.Errorf("%s of %s: %v", name, file, err)
				}
			case <-time.After(5 * time.Second):
				t.Errorf("%s of %s hangs", name, file)
			}
		}
		if _, err := Open(file); err == nil {
			t.Errorf("%s was opened", file)
		}
	}
}

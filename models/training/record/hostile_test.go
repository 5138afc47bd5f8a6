package record

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/headstart-nb/headstart/internal/hostile"
	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/training/checkpoint"
	"github.com/headstart-nb/headstart/models/weights"
)

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
	if err := hostile.InTime(t, "the run", func() error { _, err := ReadRun(home, "theirs"); return err }); !errors.Is(err, safefile.ErrNotRegular) {
		t.Errorf("the run: %v", err)
	}
	_ = hostile.InTime(t, "whether a process works on it", func() error { checkpoint.Busy(runsDir(home), "theirs"); return nil })
	_ = hostile.InTime(t, "taking it over", func() error {
		dir, err := checkpoint.Open(runsDir(home), "theirs")
		if err == nil {
			err = dir.Close()
		}
		return err
	})
}

// A checkpoint of PyTorch may have many tensors of few numbers: in the place of a file that this program wrote it is not read.
func TestARunsWeightsThatAreACheckpointOfPyTorch(t *testing.T) {
	file, err := os.ReadFile(filepath.Join("..", "..", "weights", "checkpoint", "testdata", "types-legacy.pth"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "epoch.safetensors")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readCheckpoint(path); !errors.Is(err, weights.ErrNotSafetensors) {
		t.Error(err)
	}
}

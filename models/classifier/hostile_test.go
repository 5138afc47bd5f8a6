package classifier

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/internal/hostile"
	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/weights"
)

func TestAModelOfPipesAndDevicesIsRefused(t *testing.T) {
	hostile.Each(t, modelFile, func(t *testing.T, path string) {
		err := hostile.InTime(t, modelFile, func() error {
			_, err := Load(t.Context(), nil, filepath.Dir(path), LoadOptions{})
			return err
		})
		if !errors.Is(err, safefile.ErrNotRegular) {
			t.Errorf("%s: %v", modelFile, err)
		}
	})
}

// A checkpoint of PyTorch may have many tensors of few numbers: in the place of a file that this program wrote it is not read.
func TestAHeadThatIsACheckpointOfPyTorch(t *testing.T) {
	file, err := os.ReadFile(filepath.Join("..", "weights", "checkpoint", "testdata", "types-legacy.pth"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), headFile)
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readState(path); !errors.Is(err, weights.ErrNotSafetensors) {
		t.Error(err)
	}
}

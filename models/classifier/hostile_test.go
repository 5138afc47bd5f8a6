package classifier

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/internal/hostile"
	"github.com/headstart-nb/headstart/internal/safefile"
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

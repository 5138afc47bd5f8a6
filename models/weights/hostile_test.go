package weights

import (
	"errors"
	"testing"

	"github.com/headstart-nb/headstart/internal/hostile"
	"github.com/headstart-nb/headstart/internal/safefile"
)

func TestWeightsThatArePipesOrDevicesAreRefused(t *testing.T) {
	hostile.Each(t, "model.safetensors", func(t *testing.T, path string) {
		err := hostile.InTime(t, path, func() error { _, err := openSafetensors(path); return err })
		if !errors.Is(err, safefile.ErrNotRegular) {
			t.Error(err)
		}
		if _, err := Open(path); err == nil {
			t.Error("it was opened")
		}
	})
}

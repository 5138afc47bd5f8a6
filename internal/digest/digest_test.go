package digest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/internal/hostile"
	"github.com/headstart-nb/headstart/internal/safefile"
)

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "abc")
	if err := os.WriteFile(path, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	// The first example of FIPS 180-2.
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if sum, size, err := File(t.Context(), path); sum != want || size != 3 || err != nil {
		t.Errorf("got %s, %d bytes, %v", sum, size, err)
	}
	if sum, err := FileWithin(t.Context(), path, 3); sum != want || err != nil {
		t.Errorf("within 3 bytes: %s, %v", sum, err)
	}
	if _, err := FileWithin(t.Context(), path, 2); !errors.As(err, new(*safefile.TooLargeError)) {
		t.Errorf("within 2 bytes: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := File(ended, path); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
	if _, _, err := File(t.Context(), filepath.Dir(path)); err == nil {
		t.Error("a folder has a digest")
	}
}

func TestPipesAndDevicesAreRefused(t *testing.T) {
	hostile.Each(t, "image.jpg", func(t *testing.T, path string) {
		err := hostile.InTime(t, path, func() error { _, _, err := File(t.Context(), path); return err })
		if !errors.Is(err, safefile.ErrNotRegular) {
			t.Error(err)
		}
		err = hostile.InTime(t, path, func() error { _, err := FileWithin(t.Context(), path, 3); return err })
		if !errors.Is(err, safefile.ErrNotRegular) {
			t.Error(err)
		}
	})
}

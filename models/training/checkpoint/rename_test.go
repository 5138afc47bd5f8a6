package checkpoint

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestRename(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"first", "second"} {
		d, err := Create(root, name)
		if err == nil {
			err = errors.Join(os.WriteFile(filepath.Join(d.Path(), "file"), []byte(name), 0o600), d.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := Rename(root, "first", "second"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("to a name that is taken: %v", err)
	}
	for _, name := range []string{"", "..", "a/b", ".hidden"} {
		if err := Rename(root, "first", name); err == nil {
			t.Errorf("to %q: no error", name)
		}
	}
	busy, err := Open(root, "first")
	if err != nil {
		t.Fatal(err)
	}
	if err := Rename(root, "first", "third"); !errors.Is(err, ErrBusy) {
		t.Errorf("of a run that is worked on: %v", err)
	}
	if err := busy.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Rename(root, "first", "third"); err != nil {
		t.Fatal(err)
	}
	names, err := List(root)
	if data, readErr := os.ReadFile(filepath.Join(root, "third", "file")); err != nil || readErr != nil || string(data) != "first" || len(names) != 2 {
		t.Errorf("there are %q, and the renamed run has %q, %v, %v", names, data, err, readErr)
	}
}

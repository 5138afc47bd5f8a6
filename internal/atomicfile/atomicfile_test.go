package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestAFailedWriteLeavesTheOldContent(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	put := func(text string, fail error) error {
		return WriteFile(path, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return errors.Join(err, fail)
		})
	}
	if err := put("old", nil); err != nil {
		t.Fatal(err)
	}
	full := errors.New("the disk is full")
	if err := put("ne", full); !errors.Is(err, full) {
		t.Errorf("a write that fails gave %v", err)
	}
	if raw, err := os.ReadFile(path); err != nil || string(raw) != "old" {
		t.Errorf("after a write that failed the file holds %q, %v", raw, err)
	}
	if err := put("new", nil); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if raw, _ := os.ReadFile(path); err != nil || string(raw) != "new" || len(entries) != 1 {
		t.Errorf("the folder holds %v, the file %q, %v", entries, raw, err)
	}
}

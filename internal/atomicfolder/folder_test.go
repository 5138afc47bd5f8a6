package atomicfolder

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func put(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// listed is what a folder holds, as name=content.
func listed(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, entry.Name()+"="+string(content))
	}
	return strings.Join(list, " ")
}

func TestAFolderIsReplacedAsAWhole(t *testing.T) {
	parent := t.TempDir()
	path := filepath.Join(parent, "model")
	own := []string{"a", "b"}
	write := func(content map[string]string) func(string) error {
		return func(dir string) error {
			for name, text := range content {
				put(t, dir, name, text)
			}
			return nil
		}
	}
	if err := Replace(path, own, write(map[string]string{"a": "1", "b": "1"})); err != nil || listed(t, path) != "a=1 b=1" {
		t.Fatalf("a new folder has %s: %v", listed(t, path), err)
	}
	put(t, path, "notes", "mine")
	if err := os.Chmod(path, 0o700); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(parent, "link")
	if err := os.Symlink("model", link); err != nil {
		t.Fatal(err)
	}
	// What is no longer part of the content goes, and what never was stays.
	if err := Replace(link, own, write(map[string]string{"a": "2"})); err != nil || listed(t, path) != "a=2 notes=mine" {
		t.Errorf("replaced it has %s: %v", listed(t, path), err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("its mode is %v: %v", info.Mode(), err)
	}
	failed := errors.New("full")
	err := Replace(path, own, func(dir string) error {
		put(t, dir, "a", "3")
		return failed
	})
	if !errors.Is(err, failed) || listed(t, path) != "a=2 notes=mine" {
		t.Errorf("after a failure it has %s: %v", listed(t, path), err)
	}
	put(t, parent, "file", "")
	if err := Replace(filepath.Join(parent, "file"), own, write(nil)); err == nil {
		t.Error("a file was replaced by a folder")
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) != 3 {
		t.Errorf("left are %v: %v", left, err)
	}
}

func TestFoldersAreExchangedInTwoSteps(t *testing.T) {
	parent := t.TempDir()
	a, b := filepath.Join(parent, "a"), filepath.Join(parent, "b")
	for _, dir := range []string{a, b} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		put(t, dir, "was", filepath.Base(dir))
	}
	if err := inTwoSteps(a, b); err != nil || listed(t, a) != "was=b" || listed(t, b) != "was=a" {
		t.Errorf("a has %s, b has %s: %v", listed(t, a), listed(t, b), err)
	}
	if err := inTwoSteps(filepath.Join(parent, "none"), b); err == nil || listed(t, b) != "was=a" {
		t.Errorf("after a failure b has %s: %v", listed(t, b), err)
	}
}

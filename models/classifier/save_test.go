package classifier

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAFolderIsMadeInPlaceOfNothing: what is there stays, whatever it is, and is refused before the work as after it.
func TestAFolderIsMadeInPlaceOfNothing(t *testing.T) {
	root := t.TempDir()
	at := func(name string) string { return filepath.Join(root, name) }
	put := func(name string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(at(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at(name), []byte("precious"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("notes.txt")
	put("full/file")
	if err := os.Mkdir(at("empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"link": "empty", "to-file": "notes.txt"} {
		if err := os.Symlink(target, at(link)); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"notes.txt": "it is a file", "to-file": "it is a file", "full": "is not empty", "notes.txt/model": "not a directory",
		"new": "", "above/it/new": "", "link": "",
	} {
		early := CheckFolder(at(name))
		late := writeFolder("save the model", at(name), func(dir string) error { return os.WriteFile(filepath.Join(dir, cardFile), nil, 0o644) })
		for _, err := range []error{early, late} {
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		}
	}
	for _, name := range []string{"notes.txt", "full/file"} {
		if text, err := os.ReadFile(at(name)); string(text) != "precious" {
			t.Errorf("%s holds %q, %v", name, text, err)
		}
	}
	for _, name := range []string{"new", "above/it/new", "empty"} {
		if _, err := os.Stat(filepath.Join(at(name), cardFile)); err != nil {
			t.Error(err)
		}
	}
	if entries, err := os.ReadDir(root); err != nil || len(entries) != 7 {
		t.Errorf("left are %v, %v", entries, err)
	}
}

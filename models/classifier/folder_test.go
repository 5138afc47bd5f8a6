package classifier

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write puts a card into a folder, as Save does.
func writeCard(dir string) error {
	return os.WriteFile(filepath.Join(dir, cardFile), []byte("a card"), 0o600)
}

// A folder is made where there is nothing, or an empty folder. A file in its place was removed.
func TestAModelTakesNoFilesPlace(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(at("photo.jpg"), []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(at("empty"), 0o700); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"to-file": "photo.jpg", "to-empty": "empty", "to-nothing": "unmounted/models"} {
		if err := os.Symlink(target, at(link)); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"photo.jpg": "is not a folder", "to-file": "is not a folder", "to-nothing": "is a link that leads to nothing", "photo.jpg/model": "not a directory",
	} {
		for what, err := range map[string]error{"saved": writeFolder("save the model", at(name), writeCard), "checked": CheckFolder(at(name))} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s to %s: %v, want %q", what, name, err, want)
			}
		}
	}
	if text, err := os.ReadFile(at("photo.jpg")); err != nil || string(text) != "precious" {
		t.Errorf("the file is %q, %v", text, err)
	}
	for _, name := range []string{"to-empty", "new/model"} {
		if err := CheckFolder(at(name)); err != nil {
			t.Errorf("checked %s: %v", name, err)
		}
		if err := writeFolder("save the model", at(name), writeCard); err != nil {
			t.Errorf("saved to %s: %v", name, err)
		}
		if err := CheckFolder(at(name)); err == nil || !strings.Contains(err.Error(), "the folder is not empty; choose another") {
			t.Errorf("checked %s again: %v", name, err)
		}
	}
	if target, err := os.Readlink(at("to-empty")); err != nil || target != "empty" {
		t.Errorf("the link leads to %q, %v", target, err)
	}
	left, err := filepath.Glob(at(".saving-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// An empty folder that is there stays the one that it is: it may be where a disk is mounted, or one that a group shares.
func TestAnEmptyFolderIsFilled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "model")
	if err := os.Mkdir(dir, 0o770); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".saving-1", lostAndFound} { // of a save that was killed, and of a new file system
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	before, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	failed := errors.New("the disk is full")
	if err := writeFolder("save the model", dir, func(dir string) error { return errors.Join(writeCard(dir), failed) }); !errors.Is(err, failed) {
		t.Errorf("a failure is %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := writeFolder("save the model", dir, writeCard); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(dir)
	if err != nil || !os.SameFile(before, after) || after.Mode() != before.Mode() {
		t.Errorf("the folder is another: %v, %v", after, err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 3 || files[1].Name() != cardFile {
		t.Errorf("it holds %v, %v", files, err)
	}
}

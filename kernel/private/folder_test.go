package private_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/kernel/private"
)

func TestFolder(t *testing.T) {
	base := t.TempDir()
	path := filepath.Join(base, "a", "b")
	for range 2 { // it is made, and then found
		if err := private.Folder(path); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(base, "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	open := filepath.Join(base, "open")
	if err := os.Mkdir(open, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o770); err != nil {
		t.Fatal(err)
	}
	others := map[string]string{"a link": link, "a folder for the group": open}
	if os.Getuid() == 0 {
		theirs := filepath.Join(base, "theirs")
		if err := os.Mkdir(theirs, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(theirs, 12345, 12345); err != nil {
			t.Fatal(err)
		}
		others["another user's folder"] = theirs
	}
	var shared *private.SharedError
	for what, folder := range others {
		if err := private.Folder(folder); !errors.As(err, &shared) {
			t.Errorf("%s is taken for a private one: %v", what, err)
		}
	}
}

package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
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

// TestADeviceIsNotReplaced with the devices of this machine, which those who are not root could not replace, and with a pipe and links.
func TestADeviceIsNotReplaced(t *testing.T) {
	dir := t.TempDir()
	pipe, toPipe, toNull, toOpen := filepath.Join(dir, "pipe"), filepath.Join(dir, "to pipe"), filepath.Join(dir, "null"), filepath.Join(dir, "stdout")
	err := errors.Join(syscall.Mkfifo(pipe, 0o600), os.Symlink("pipe", toPipe), os.Symlink(os.DevNull, toNull), os.Symlink("/proc/self/fd/1", toOpen))
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.Lstat(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	hello := func(w io.Writer) error { _, err := io.WriteString(w, "hello"); return err }
	for _, path := range []string{pipe, toPipe, toNull, toOpen} {
		for _, err := range []error{WriteFile(path, hello), WriteResult(path, hello), Write(path, nil)} {
			if !errors.Is(err, ErrNotFile) {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	if err := Replaceable(os.DevNull); !errors.Is(err, ErrNotFile) { // before it is tried below
		t.Fatal(err)
	}
	if err := WriteResult(os.DevNull, hello); err != nil {
		t.Error(err)
	}
	if after, err := os.Lstat(os.DevNull); err != nil || after.Mode() != before.Mode() {
		t.Errorf("%v became %v, %v", before.Mode(), after.Mode(), err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 4 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

// Who exports a model for a server that runs as another user does not have to change the file's mode first.
func TestAResultHasTheUsersMode(t *testing.T) {
	dir := t.TempDir()
	nothing := func(io.Writer) error { return nil }
	plain, path := filepath.Join(dir, "plain"), filepath.Join(dir, "result")
	if err := errors.Join(os.WriteFile(plain, nil, 0o666), WriteResult(path, nothing)); err != nil {
		t.Fatal(err)
	}
	mode := func(path string) os.FileMode {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode()
	}
	if got, want := mode(path), mode(plain); got != want {
		t.Errorf("the mode is %v, and that of a plain file %v", got, want)
	}
	if err := errors.Join(os.Chmod(path, 0o640), WriteResult(path, nothing)); err != nil || mode(path) != 0o640 {
		t.Errorf("the mode of a file that is replaced becomes %v: %v", mode(path), err)
	}
	if err := WriteFile(path, nothing); err != nil || mode(path) != 0o600 {
		t.Errorf("the mode of what is the program's own is %v: %v", mode(path), err)
	}
}

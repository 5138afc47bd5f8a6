package safefile

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/headstart-nb/headstart/internal/hostile"
)

// withoutWaiting fails the test where an open blocks, as that of a pipe does.
func withoutWaiting(t *testing.T, what string, open func() (*os.File, error)) error {
	t.Helper()
	return hostile.InTime(t, what, func() error {
		file, err := open()
		if err == nil {
			_ = file.Close() // only opened
		}
		return err
	})
}

func TestOnlyRegularFilesAreOpened(t *testing.T) {
	folder := t.TempDir()
	pipe := filepath.Join(folder, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(folder, "link")
	if err := os.Symlink(pipe, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, link, folder, "/dev/zero"} {
		err := withoutWaiting(t, path, func() (*os.File, error) { return Open(path) })
		if !errors.Is(err, ErrNotRegular) {
			t.Errorf("%s: %v", path, err)
		}
		err = withoutWaiting(t, path, func() (*os.File, error) { return OpenUnlinked(path, os.O_RDWR|os.O_CREATE, 0o600) })
		if !errors.Is(err, ErrNotRegular) && !errors.Is(err, ErrLink) {
			t.Errorf("%s, to write: %v", path, err)
		}
		// What the look before the open missed is found by the look after it.
		err = withoutWaiting(t, path, func() (*os.File, error) { return open(path, os.O_RDONLY, 0) })
		if !errors.Is(err, ErrNotRegular) {
			t.Errorf("%s, replaced after the first look: %v", path, err)
		}
	}
}

func TestLinksAreNotFollowedWhereTheyMustNotBe(t *testing.T) {
	folder := t.TempDir()
	target, link, dangling := filepath.Join(folder, "target"), filepath.Join(folder, "link"), filepath.Join(folder, "dangling")
	if err := os.WriteFile(target, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{link: target, dangling: filepath.Join(folder, "new")} {
		if err := os.Symlink(to, name); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenUnlinked(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600); !errors.Is(err, ErrLink) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "new")); err == nil {
		t.Error("the target of a dangling link was made")
	}
	if data, err := ReadFile(link, 4); err != nil || string(data) != "text" {
		t.Errorf("a link that a person named: %q, %v", data, err)
	}
}

func TestReadingIsBounded(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	var large *TooLargeError
	if _, err := ReadFile(file, 4); !errors.As(err, &large) {
		t.Errorf("5 bytes with a limit of 4: %v", err)
	}
	if data, err := ReadFile(file, 5); err != nil || string(data) != "12345" {
		t.Errorf("5 bytes with a limit of 5: %q, %v", data, err)
	}
	// A file below /proc has the size 0 until it is read.
	if _, err := ReadFile("/proc/self/status", 10); !errors.As(err, &large) {
		if _, statErr := os.Stat("/proc/self/status"); statErr == nil {
			t.Errorf("a file that grows: %v", err)
		}
	}
}

func TestNamesOfAFolder(t *testing.T) {
	folder := t.TempDir()
	pipe := filepath.Join(folder, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{pipe, "/dev/zero", filepath.Join(folder, "nowhere")} {
		if err := hostile.InTime(t, dir, func() error { _, err := Names(dir, 10); return err }); err == nil {
			t.Errorf("%s was listed", dir)
		}
	}
	if names, err := Names(folder, 10); err != nil || len(names) != 1 {
		t.Errorf("%v, %v", names, err)
	}
	if names, err := Names(t.TempDir(), 10); err != nil || len(names) != 0 {
		t.Errorf("an empty folder: %v, %v", names, err)
	}
	for _, name := range []string{"a", "b", "c"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if names, err := Names(folder, 2); err != nil || len(names) != 2 {
		t.Errorf("more than asked for: %v, %v", names, err)
	}
}

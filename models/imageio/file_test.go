package imageio

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(path("image"), []byte("pixels"), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := ReadFile(path("image")); err != nil || !bytes.Equal(data, []byte("pixels")) {
		t.Errorf("got %q, %v", data, err)
	}
	if err := os.WriteFile(path("huge"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path("huge"), maxFileMiB<<20+1); err != nil { // a hole, which takes no space
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"nowhere": "no such file", ".": "not a regular file", "pipe": "not a regular file", "huge": "at most 512 MiB",
	} {
		if _, err := ReadFile(path(name)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error about %q", name, err, want)
		}
	}
}

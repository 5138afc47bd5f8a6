package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTemporaryFolderIsMissing(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	if err := ensureTemp(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if !isFolder(os.TempDir()) {
		t.Errorf("TMPDIR names %s, which is missing", os.TempDir())
	}
}

func TestTemporaryFilesOfCells(t *testing.T) {
	useTemporaryBase(t)
	home, err := os.MkdirTemp("", "home") // short, for sockets
	if err != nil {
		t.Fatal(err)
	}
	long := filepath.Join(home, strings.Repeat("long", 20))
	for _, test := range []struct {
		home    string
		inState bool
	}{{home, true}, {long, false}, {filepath.Join(os.DevNull, "home"), false}} {
		p := places{home: test.home, runtime: openFolder(t, "kernel-1.json")}
		p.temp = openTemp(p.home, "kernel-1.json")
		if got := strings.HasPrefix(p.tempDir(), test.home); got != test.inState {
			t.Errorf("with the state in %s: %s", test.home, p.tempDir())
		}
		if err := p.close(); err != nil {
			t.Error(err)
		}
		for _, folder := range p.folders() {
			if isFolder(folder.path) {
				t.Errorf("%s is still there", folder.path)
			}
		}
	}
}

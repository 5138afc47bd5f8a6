package command

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheLineForPath(t *testing.T) {
	root := t.TempDir()
	bin, other, links := filepath.Join(root, "its bin"), filepath.Join(root, "other"), filepath.Join(root, "links")
	for _, folder := range []string{bin, other, links} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, folder := range []string{bin, other} {
		if err := os.WriteFile(filepath.Join(folder, "headstart"), []byte("#!/bin/sh\necho "+filepath.Base(folder)+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(bin, "headstart"), filepath.Join(links, "headstart")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{bin, "/usr/bin:" + links} {
		if got := PathLine(bin, path); got != "" {
			t.Errorf("with PATH=%s: %q", path, got)
		}
	}
	if got := PathLine(bin, other+":"+bin); !strings.HasPrefix(got, "headstart on PATH is another one, "+other) {
		t.Errorf("behind another one: %q", got)
	}
	got := PathLine(bin, "/usr/bin:/bin")
	_, line, found := strings.Cut(got, ": ")
	line, _, _ = strings.Cut(line, ";")
	if !found {
		t.Fatalf("it says %q", got)
	}
	command := exec.Command("sh", "-c", line+" && headstart") // the line does what it says
	command.Env = []string{"PATH=/usr/bin:/bin"}
	if output, err := command.CombinedOutput(); err != nil || string(output) != "its bin\n" {
		t.Errorf("%s: %q, %v", line, output, err)
	}
}

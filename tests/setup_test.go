package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheImagesCommandIsOnPATH runs the script that the images are built by, with stand-ins for Go, Python and what they build: the job of
// docker/hub, and people in a terminal of JupyterLab, call headstart by its name.
func TestTheImagesCommandIsOnPATH(t *testing.T) {
	folder := t.TempDir()
	at := func(names ...string) string { return filepath.Join(append([]string{folder}, names...)...) }
	script := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	script(at("prefix", "lib", "headstart", "bin", "headstart"), "echo headstart \"$@\"\n")
	script(at("bin", "python"), "echo "+at("prefix")+"\n")
	script(at("bin", "chown"), "")
	script(at("bin", "go"), `case "$*" in
*kernel/cmd/headstart*)
	while [ "$1" != -o ]; do shift; done
	mkdir -p "$2"
	printf '#!/bin/sh\n' >"$2/headstart"
	chmod +x "$2/headstart" ;;
env*) echo off ;;
esac
`)
	for _, name := range []string{"links", "source", "mod/cache/download", "build"} {
		if err := os.MkdirAll(at(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	setup, err := os.ReadFile("../docker/setup.sh")
	if err != nil {
		t.Fatal(err)
	}
	// What it removes at its end is the image's.
	run := exec.CommandContext(t.Context(), "bash", "-c", strings.ReplaceAll(string(setup), "/root/.cache", at("root cache")))
	run.Env = append(os.Environ(), "PATH="+at("bin")+":"+os.Getenv("PATH"), "SOURCE="+at("source"), "PYTHON="+at("bin", "python"), "LINKS="+at("links"),
		"GOMODCACHE="+at("mod"), "GOCACHE="+at("build"), "OWNER=nobody", "TMPDIR="+folder)
	if output, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	said, err := exec.CommandContext(t.Context(), "sh", "-c", "PATH="+at("links")+":/usr/bin:/bin; headstart train").CombinedOutput()
	if err != nil || string(said) != "headstart train\n" {
		t.Errorf("%v: %s", err, said)
	}
}

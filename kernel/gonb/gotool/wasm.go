package gotool

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/headstart-nb/headstart/internal/goenv"
)

// goRoot answers `go env GOROOT` for GoNB, which looks there for misc/wasm/wasm_exec.js: since Go 1.24 the file lies in
// lib/wasm. The answer is a folder that looks like GOROOT and has the file in the old place as well. It returns false
// where the real answer will do, or where it is not GoNB that asks.
func (t *Tool) goRoot() (status int, done bool) {
	work := t.getenv(WorkVar)
	if work == "" || !t.calledByGoNB() {
		return 0, false
	}
	// GoNB asks in the notebook's folder, which may lie in a stranger's module.
	t.Env = goenv.Anywhere(t.Env)
	var out strings.Builder
	if t.run(&out, t.Stderr, "env", "GOROOT") != 0 {
		return 0, false
	}
	root := strings.TrimSpace(out.String())
	shadow := filepath.Join(work, ".headstart-goroot")
	if !exists(shadow) {
		script := filepath.Join(root, "lib", "wasm", "wasm_exec.js")
		if exists(filepath.Join(root, "misc", "wasm", "wasm_exec.js")) || !exists(script) {
			return 0, false
		}
		if err := shadowRoot(root, script, shadow); err != nil {
			return 0, false
		}
	}
	fmt.Fprintln(t.Stdout, shadow)
	return 0, true
}

// calledByGoNB tells a call of GoNB's own from one of a shell line: a shell names the program that it starts in the
// variable _.
func (t *Tool) calledByGoNB() bool {
	name, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(os.Getppid()), "comm"))
	return err == nil && strings.TrimSpace(string(name)) == "gonb" && filepath.Base(t.getenv("_")) != "go"
}

// shadowRoot makes a folder of links to what GOROOT holds, and of one more.
func shadowRoot(root, script, shadow string) error {
	entries, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(shadow, "misc", "wasm"), 0o700); err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Name() == "misc" {
			continue
		}
		if err := os.Symlink(filepath.Join(root, entry.Name()), filepath.Join(shadow, entry.Name())); err != nil {
			return err
		}
	}
	return os.Symlink(script, filepath.Join(shadow, "misc", "wasm", "wasm_exec.js"))
}

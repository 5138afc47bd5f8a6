package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/internal/paths"
)

// allowedSkips are tests of what the specification leaves to a kernel.
var allowedSkips = []string{
	"No code page something", // payloads are deprecated: "Payloads (DEPRECATED)" in the specification
}

// TestJupyter drives the real kernel with Jupyter's own programs. Its scripts are in kernel/kerneltest/jupyter.
func TestJupyter(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short: takes more than a minute")
	}
	python, environment := jupyter(t)
	for _, script := range []string{"conformance", "stock", "survival", "tools", "debugger", "subshells"} {
		t.Run(script, func(t *testing.T) {
			t.Parallel() // they mostly wait
			runJupyterScript(t, python, environment, script)
		})
	}
}

func allowed(reason string) bool {
	return slices.ContainsFunc(allowedSkips, func(allowed string) bool { return strings.Contains(reason, allowed) })
}

// runJupyterScript runs one of the scripts in kernel/kerneltest/jupyter and returns what it prints.
func runJupyterScript(t *testing.T, python string, environment []string, name string) string {
	t.Helper()
	script := exec.Command(python, filepath.Join("..", "..", "kerneltest", "jupyter", name+".py"))
	script.Env = environment
	output, err := script.CombinedOutput()
	if err != nil || !strings.Contains(string(output), "\nOK") {
		t.Errorf("%s.py: %v\n%s", name, err, output)
	}
	for line := range strings.Lines(string(output)) {
		// unittest quotes the reason.
		if test, reason, skipped := strings.Cut(strings.TrimSpace(line), " ... skipped "); skipped && !allowed(reason) {
			need.Relay(t, test, strings.Trim(reason, `'"`))
		}
	}
	return string(output)
}

// jupyter builds the kernel, installs it for this test alone, and returns a Python that has Jupyter, and the environment
// to run it in.
func jupyter(t *testing.T) (python string, environment []string) {
	t.Helper()
	tools := os.Getenv("HEADSTART_BIN")
	python = filepath.Join(filepath.Dir(tools), "venv", "bin", "python")
	if _, err := os.Stat(python); tools == "" || err != nil {
		need.Lack(t, need.Setup, "no Jupyter and GoNB: make setup")
	}
	if _, err := os.Stat(filepath.Join(tools, "dlv")); err != nil {
		need.Lack(t, need.Setup, "no Delve: make setup")
	}
	folder := t.TempDir()
	bin := filepath.Join(folder, "bin")
	for _, program := range []string{"headstart", "headstart-go"} {
		build := exec.Command("go", "build", "-o", filepath.Join(bin, program), "../"+program)
		if output, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
	}
	for _, program := range []string{"gonb", "goimports", "gopls", "dlv"} {
		if err := os.Symlink(filepath.Join(tools, program), filepath.Join(bin, program)); err != nil {
			t.Fatal(err)
		}
	}
	installKernelspec(t, folder, bin)
	return python, append(os.Environ(),
		"JUPYTER_PATH="+folder, "JUPYTER_RUNTIME_DIR="+filepath.Join(folder, "run"), "PYDEVD_DISABLE_FILE_VALIDATION=1")
}

func installKernelspec(t *testing.T, folder, bin string) {
	t.Helper()
	spec, err := json.Marshal(map[string]any{
		"argv":           []string{filepath.Join(bin, "headstart"), "kernel", "--connection-file", "{connection_file}"},
		"display_name":   "Go (Headstart)",
		"language":       "go",
		"interrupt_mode": "message",
		"env":            map[string]string{paths.HomeVar: filepath.Join(folder, "home")},
	})
	if err != nil {
		t.Fatal(err)
	}
	kernel := filepath.Join(folder, "kernels", "headstart")
	if err := os.MkdirAll(kernel, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(kernel, "kernel.json"), spec, 0o644); err != nil {
		t.Fatal(err)
	}
}

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/paths"
)

// allowedSkips are tests of what the specification leaves to a kernel.
var allowedSkips = []string{
	"No code page something", // payloads are deprecated: "Payloads (DEPRECATED)" in the specification
}

// TestJupyter drives the real kernel with Jupyter's own programs. Its scripts are in kernel/kerneltest/jupyter.
func TestJupyter(t *testing.T) {
	if testing.Short() {
		t.Skip("takes more than a minute")
	}
	python, environment := jupyter(t)
	for _, script := range []string{"conformance", "survival", "tools"} {
		t.Run(script, func(t *testing.T) {
			t.Parallel() // they mostly wait
			command := exec.Command(python, filepath.Join("..", "..", "kerneltest", "jupyter", script+".py"))
			command.Env = environment
			output, err := command.CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, output)
			}
			for line := range strings.Lines(string(output)) {
				if _, reason, skipped := strings.Cut(line, " ... skipped "); skipped && !allowed(reason) {
					t.Errorf("skipped: %s", line)
				}
			}
		})
	}
}

func allowed(reason string) bool {
	for _, allowed := range allowedSkips {
		if strings.Contains(reason, allowed) {
			return true
		}
	}
	return false
}

// jupyter builds the kernel, installs it for this test alone, and returns a Python that has Jupyter, and the environment
// to run it in.
func jupyter(t *testing.T) (python string, environment []string) {
	t.Helper()
	tools := os.Getenv("HEADSTART_BIN")
	python = filepath.Join(filepath.Dir(tools), "venv", "bin", "python")
	if _, err := os.Stat(python); tools == "" || err != nil {
		t.Skip("needs Jupyter and GoNB: make setup")
	}
	folder := t.TempDir()
	bin := filepath.Join(folder, "bin")
	for _, program := range []string{"headstart", "headstart-go"} {
		build := exec.Command("go", "build", "-o", filepath.Join(bin, program), "../"+program)
		if output, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
	}
	for _, program := range []string{"gonb", "goimports", "gopls"} {
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

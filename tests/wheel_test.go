package tests

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/internal/python"
)

// An environment is a fresh virtual environment on a machine that has Python alone: no Go, no C compiler, no network.
type environment struct{ folder, home, goCache, modules string }

// newEnvironment makes one beside a folder of wheels.
func newEnvironment(t *testing.T, wheels string) environment {
	t.Helper()
	modules, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	cache, err := filepath.Abs(filepath.Join(wheels, "..", "cache", "wheel-go")) // kept, since the first build takes minutes
	if err != nil {
		t.Fatal(err)
	}
	e := environment{filepath.Join(t.TempDir(), "venv"), t.TempDir(), cache, strings.TrimSpace(string(modules))}
	if output, err := exec.Command("python3", python.Module("venv", e.folder)...).CombinedOutput(); err != nil {
		need.Lack(t, need.Setup, "no python3 with venv: "+string(output))
	}
	return e
}

func (e environment) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(e.folder, "bin", name), args...)
	cmd.Env = []string{
		"HOME=" + e.home, "PATH=/nonexistent", "PIP_NO_INDEX=1", "PIP_DISABLE_PIP_VERSION_CHECK=1",
		// Modules and what was built from them come from this machine; a user fetches them once.
		"GOPROXY=off", "GOMODCACHE=" + e.modules, "GOCACHE=" + e.goCache,
	}
	return cmd
}

func (e environment) run(t *testing.T, name string, args ...string) string {
	t.Helper()
	output, err := e.command(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, output)
	}
	return string(output)
}

// wheels are the wheel and the folder of those that it depends on.
func wheels(t *testing.T) (own, folder string) {
	t.Helper()
	if testing.Short() {
		t.Skip("left out by -short: installs 1.5 GB and trains models")
	}
	built, err := filepath.Glob(filepath.Join("..", "dist", "headstart_kernel-*.whl"))
	folder = os.Getenv("HEADSTART_WHEELS")
	if err != nil || len(built) != 1 || folder == "" {
		need.Lack(t, need.Wheel, "dist has not one wheel, or HEADSTART_WHEELS names no folder of wheels: make wheel-test")
	}
	if own, err = filepath.Abs(built[0]); err != nil {
		t.Fatal(err)
	}
	return own, folder
}

// mostWheel is what a wheel may weigh: the usual limit of package indexes for one file.
const mostWheel = 100_000_000

func TestWheelIsSmall(t *testing.T) {
	built, err := filepath.Glob(filepath.Join("..", "dist", "headstart_kernel-*.whl"))
	if err != nil || len(built) == 0 {
		need.Lack(t, need.Wheel, "dist has no wheel: make wheel")
	}
	for _, file := range built {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > mostWheel {
			t.Errorf("%s has %d bytes, more than %d", file, info.Size(), mostWheel)
		}
	}
}

// TestWheel installs the wheel, runs notebooks with magics and with Go cells, and removes it.
func TestWheel(t *testing.T) {
	own, folder := wheels(t)
	e := newEnvironment(t, folder)
	e.run(t, "pip", "install", "--quiet", "--no-compile", "--find-links", folder, own+"[lab,go,cc]")

	if report := e.run(t, "headstart", "doctor"); strings.Contains(report, "failed") || !strings.Contains(report, "xla:cpu") ||
		!strings.Contains(report, filepath.Join("libexec", "zig-cc")) {
		t.Errorf("the doctor says\n%s", report)
	}
	for _, name := range []string{"01_quickstart", "03_in_go"} {
		out := filepath.Join(t.TempDir(), name+".ipynb")
		said := e.run(t, "headstart", "run", filepath.Join("..", "notebooks", name+".ipynb"), "--out", out, "--timeout", "20m")
		if !strings.Contains(said, "backend=xla:cpu") {
			t.Errorf("%s ran without XLA:\n%s", name, said)
		}
	}

	e.run(t, "pip", "uninstall", "--quiet", "--yes", "headstart_kernel")
	err := filepath.WalkDir(e.folder, func(file string, _ fs.DirEntry, err error) error {
		if strings.Contains(filepath.Base(file), "headstart") {
			t.Errorf("pip left %s behind", file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestWheelThroughUvx runs a notebook in an environment that uvx makes and forgets, as the README has it for JupyterLab.
func TestWheelThroughUvx(t *testing.T) {
	own, folder := wheels(t)
	e := newEnvironment(t, folder)
	e.run(t, "pip", "install", "--quiet", "--no-compile", "--find-links", folder, "uv")
	notebook := filepath.Join(t.TempDir(), "uvx.ipynb")
	withoutOutputs(t, filepath.Join("..", "notebooks", "01_quickstart.ipynb"), notebook)
	// The launcher that uv writes is a script where its path is too long for the first line of a Python file.
	tools := t.TempDir()
	for _, name := range []string{"realpath", "dirname"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(tools, name)); err != nil {
			t.Fatal(err)
		}
	}
	uvx := e.command(t.Context(), "uvx", "--offline", "--no-index", "--find-links", folder, "--cache-dir", filepath.Join(e.home, "uv"), "--python", filepath.Join(e.folder, "bin", "python"),
		"--from", "nbclient", "--with", own+"[go,cc]", "jupyter-execute", "--inplace", notebook)
	uvx.Env = append(uvx.Env, "PATH="+tools)
	if output, err := uvx.CombinedOutput(); err != nil {
		t.Fatalf("uvx: %v\n%s", err, output)
	}
	data, err := os.ReadFile(notebook)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(data); !strings.Contains(text, "measured once") || strings.Contains(text, `"output_type": "error"`) {
		t.Errorf("the notebook ended as\n%s", text[max(0, len(text)-2000):])
	}
}

// withoutOutputs copies a notebook without what its cells have shown.
func withoutOutputs(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	var notebook map[string]any
	if err := json.Unmarshal(data, &notebook); err != nil {
		t.Fatal(err)
	}
	for _, cell := range notebook["cells"].([]any) {
		if cell := cell.(map[string]any); cell["cell_type"] == "code" {
			cell["outputs"], cell["execution_count"] = []any{}, nil
		}
	}
	if data, err = json.Marshal(notebook); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

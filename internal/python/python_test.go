package python_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/internal/python"
)

// hostile is a folder whose modules leave a mark when they are imported.
func hostile(t *testing.T, modules ...string) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range modules {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("print('HOSTILE', __name__)\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestNothingOfTheCurrentFolderRuns(t *testing.T) {
	interpreter, err := exec.LookPath("python3")
	if err != nil {
		need.Lack(t, need.Setup, "no python3 on PATH")
	}
	folder := hostile(t, "json.py", "runpy.py", "site.py", "encodings/__init__.py", "sitecustomize.py", "tool.py", "venv/__init__.py", "venv/__main__.py")
	for name, args := range map[string][]string{
		"code":   python.Code("import json, sys; print(json.dumps(sys.argv[1:]))", "a", "-c"),
		"module": python.Module("json.tool", "--help"),
		"venv":   python.Module("venv", "--help"),
	} {
		cmd := exec.Command(interpreter, args...)
		cmd.Dir = folder
		out, err := cmd.CombinedOutput()
		if err != nil || strings.Contains(string(out), "HOSTILE") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		if name == "code" && strings.TrimSpace(string(out)) != `["a", "-c"]` {
			t.Errorf("the script's arguments: %s", out)
		}
	}
	cmd := exec.Command(interpreter, python.Module("there_is_no_such_module")...)
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "No module named there_is_no_such_module") {
		t.Errorf("a module that is missing: %v\n%s", err, out)
	}
}

func TestShow(t *testing.T) {
	for want, args := range map[string][]string{
		"python3 -P -m pip download x": python.Module("pip", "download", "x"),
		"python3 -P -c ... x":          python.Code("pass", "x"),
		"python3 --version":            {"--version"},
	} {
		if got := python.Show("python3", args); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

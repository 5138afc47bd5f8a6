package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
)

// TestServerProxyEntryPoint imports the entry point as jupyter-server-proxy does, in a copy that looks installed, and reads the
// command for a port.
func TestServerProxyEntryPoint(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		need.Lack(t, need.Setup, "no python3")
	}
	_, names, _ := strings.Cut(entryPoints, "[jupyter_serverproxy_servers]\nheadstart = ")
	module, function, _ := strings.Cut(strings.TrimSpace(names), ":")
	prefix := t.TempDir()
	site := filepath.Join(prefix, "lib", "python3", "site-packages")
	if err := os.MkdirAll(site, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(site, "headstart_kernel"), os.DirFS(filepath.Join("..", "..", "python", "headstart_kernel"))); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(prefix, "lib", "headstart", "wheel.json"), []byte("{}"), 0o644)
	work := t.TempDir()
	for _, model := range []string{"trash", "models/trash", "models/sign ü", "models/{x}", ".hidden/m", "a/b/c/d"} {
		put(t, filepath.Join(work, model, "model.json"), []byte("{}"), 0o644)
		put(t, filepath.Join(work, model, "head.safetensors"), nil, 0o644)
	}
	ask := `import importlib, sys
setup = getattr(importlib.import_module(sys.argv[1]), sys.argv[2])()
other = getattr(importlib.import_module(sys.argv[1]), sys.argv[2])()
token = setup["environment"]["HEADSTART_SERVE_TOKEN"]
assert len(token) > 20 and token != other["environment"]["HEADSTART_SERVE_TOKEN"]
assert setup["request_headers_override"] == {"Authorization": "Bearer " + token}
assert setup["launcher_entry"]["title"] and token not in str(setup["command"](8123))
print("\n".join(setup["command"](8123)))`
	run := func(dir, models string) string {
		command := exec.CommandContext(t.Context(), python, "-P", "-c", ask, module, function)
		command.Dir = dir
		command.Env = append(os.Environ(), "PYTHONPATH="+site, "PYTHONDONTWRITEBYTECODE=1", "HEADSTART_SERVE="+models)
		output, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
		return string(output)
	}
	found := run(work, "")
	for _, want := range []string{filepath.Join("lib", "headstart", "bin", "headstart") + "\nserve\n--port\n8123\n", "trash=", "trash-2=", filepath.Join(work, "models", "{{x}}"), "sign--=" + filepath.Join(work, "models", "sign ü")} {
		if !strings.Contains(found, want) {
			t.Errorf("the command lacks %q:\n%s", want, found)
		}
	}
	if strings.Contains(found, "hidden") || strings.Contains(found, "a/b/c/d") {
		t.Errorf("it serves what is hidden or deep:\n%s", found)
	}
	if named := run(work, "x=/models/x:/models/y"); !strings.HasSuffix(named, "--\nx=/models/x\n/models/y\n") {
		t.Errorf("HEADSTART_SERVE gives\n%s", named)
	}
	if none := run(t.TempDir(), ""); !strings.Contains(none, "there is none below") {
		t.Errorf("without a model:\n%s", none)
	}
}

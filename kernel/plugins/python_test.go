package plugins

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// TestPythonPlugin runs a plugin that shares nothing with this package but the proto file.
func TestPythonPlugin(t *testing.T) {
	python := pythonWithGRPC(t)
	proto, err := filepath.Abs("../../magics/plugin/magicpb")
	if err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("testdata/headstart-reverse")
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	if err := os.MkdirAll(Folder(home), 0o700); err != nil {
		t.Fatal(err)
	}
	start := "#!/bin/sh\nexec " + magics.QuoteWord(python) + " " + magics.QuoteWord(script) + "\n"
	if err := os.WriteFile(filepath.Join(Folder(home), "headstart-reverse"), []byte(start), 0o700); err != nil {
		t.Fatal(err)
	}
	k := newKernel(t, home)
	k.options.Env = []string{"HEADSTART_PROTO_PATH=" + proto}
	k.options.StartTimeout = time.Minute // Python imports for seconds on a busy machine
	if err := k.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := &magictest.Host{Answers: []string{"yes"}}
	if err := k.run(t.Context(), h, "%reverse stressed"); err != nil {
		t.Fatal(err)
	}
	want := []magictest.Shown{{ID: h.Outputs()[0].ID, Bundles: []display.Bundle{display.Text("desserts"), display.Text("stressed")}}}
	if diff := cmp.Diff(want, h.Outputs()); diff != "" {
		t.Error(diff)
	}
	if out := k.mustRun(t, "%reversed").Output(); out != "1 times\n" {
		t.Errorf("the state is lost: %q", out)
	}
	wantError(t, k.run(t.Context(), &magictest.Host{}, "%reverse"), "there is nothing to turn round")
	m, _ := k.registry.Lookup("reverse")
	if words, err := m.(magics.Completer).Complete(t.Context(), "pal", 3); err != nil || !cmp.Equal(words, []string{"palindrome"}) {
		t.Errorf("completion: %q, %v", words, err)
	}
	pid := k.Plugins()[0].Pid
	k.Close(0)
	eventually(t, "the program ends with its kernel", func() bool { return !exists(pid) })
}

// pythonWithGRPC is a Python that has grpcio-tools.
func pythonWithGRPC(t *testing.T) string {
	t.Helper()
	for _, python := range []string{os.Getenv("HEADSTART_PYTHON"), "../../.headstart/venv/bin/python", "python3"} {
		path, err := exec.LookPath(python)
		if err != nil {
			continue
		}
		if path, err = filepath.Abs(path); err == nil && exec.Command(path, "-P", "-c", "import grpc_tools").Run() == nil {
			return path
		}
	}
	need.Lack(t, need.Grpcio, "no Python with the package grpcio-tools: HEADSTART_PYTHON names one")
	return ""
}

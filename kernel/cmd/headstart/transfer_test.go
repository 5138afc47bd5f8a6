package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
)

// TestTransferInJupyter drives the real kernel with the magics of transfer learning, on small images.
func TestTransferInJupyter(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short: takes a minute")
	}
	python, environment := transferInJupyter(t)
	runJupyterScript(t, python, environment, "transfer")
}

// TestRealData trains on photographs with weights from ImageNet and with random ones. The features stay in the checkout's
// cache, so that the next time takes seconds.
func TestRealData(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short: takes minutes the first time")
	}
	if _, err := os.Stat(filepath.Join(os.Getenv("HEADSTART_SHARED"), "data", "resnet50-caffe-partial")); err != nil {
		need.Lack(t, need.Data, "the photographs and weights beside the checkout: "+err.Error())
	}
	python, environment := transferInJupyter(t)
	cache := filepath.Join(filepath.Dir(os.Getenv("HEADSTART_BIN")), "cache", "features")
	if err := os.MkdirAll(cache, 0o700); err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(kernelHome(environment), "cache", "features")
	if err := os.MkdirAll(filepath.Dir(own), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(cache, own); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(runJupyterScript(t, python, environment, "realdata")) {
		if strings.Contains(line, "real data:") || strings.Contains(line, "ten classes:") {
			t.Log(strings.TrimSpace(line))
		}
	}
}

// TestServersThatExecuteCells runs notebooks by Jupyter servers that execute cells without a browser, for their users and for
// agents: what is in the notebooks at the end, and what an agent reads of them.
func TestServersThatExecuteCells(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short: takes minutes")
	}
	servers := serversPython(t)
	_, environment := transferInJupyter(t)
	runJupyterScript(t, servers, environment, "serverside")
}

// TestProgramsOfCells runs Go programs in jupytext's percent format as notebooks.
func TestProgramsOfCells(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short: takes half a minute")
	}
	servers := serversPython(t)
	_, environment := jupyter(t)
	runJupyterScript(t, servers, environment, "percent")
}

// serversPython is a Python with the servers and jupytext.
func serversPython(t *testing.T) string {
	t.Helper()
	python := os.Getenv("HEADSTART_SERVERS_PYTHON")
	if python == "" {
		need.Lack(t, need.Peers, "HEADSTART_SERVERS_PYTHON does not name a Python with the packages of kernel/kerneltest/jupyter/servers.txt: make servers-test")
	}
	return python
}

// transferInJupyter is what jupyter returns, with the plugin beside the kernel.
func transferInJupyter(t *testing.T) (python string, environment []string) {
	t.Helper()
	if os.Getenv("PJRT_PLUGIN_LIBRARY_PATH") == "" {
		need.Lack(t, need.Setup, "no PJRT CPU plugin: make setup")
	}
	python, environment = jupyter(t)
	program := filepath.Join(filepath.Dir(kernelHome(environment)), "bin", transferProgram)
	build := exec.Command("go", "build", "-o", program, "../../../magics/cmd/headstart-transfer")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return python, environment
}

// kernelHome is the state folder of the kernel that jupyter has installed.
func kernelHome(environment []string) string {
	for _, variable := range environment {
		if path, ok := strings.CutPrefix(variable, "JUPYTER_PATH="); ok {
			return filepath.Join(path, "home")
		}
	}
	return ""
}

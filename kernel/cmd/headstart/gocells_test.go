package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart"
)

// TestGoCellsInJupyter drives the real kernel with Go cells that import this module's packages from the source that the
// program carries, and with the warm model that magics make for them.
func TestGoCellsInJupyter(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short: takes half a minute")
	}
	python, environment := transferInJupyter(t)
	source := filepath.Join(filepath.Dir(kernelHome(environment)), "src")
	if err := os.CopyFS(source, headstart.Source()); err != nil {
		t.Fatal(err)
	}
	runJupyterScript(t, python, append(environment, sourceVar+"="+source), "gocells")
}

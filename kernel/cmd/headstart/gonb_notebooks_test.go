package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
)

// plainNotebooks are those of GoNB's own examples that need no browser and no input. gotest is equal too, and left out for its
// benchmarks, which take a minute.
func plainNotebooks() []string {
	return []string{"hello", fetching, "init", "vartuple", "writefile", "bash_script", "script", "goflags", "errors", "capture", "gonbui"}
}

// fetching is the one for which GoNB fetches a module; this kernel brings it.
const fetching, fetched = "functions", "golang.org/x/exp"

// TestNotebooksOfGoNB runs GoNB's examples through GoNB alone and through this kernel: each cell shows the same.
func TestNotebooksOfGoNB(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short: takes half a minute")
	}
	python, environment := jupyter(t)
	output, err := exec.Command("go", "list", "-f", "{{.Module.Dir}}", "github.com/janpfeifer/gonb/gonbui").Output()
	if err != nil {
		t.Fatalf("find GoNB's examples: %v", err)
	}
	examples := filepath.Join(strings.TrimSpace(string(output)), "examples", "tests")
	if _, err := os.Stat(examples); err != nil {
		need.Lack(t, need.Setup, "no sources of GoNB: make setup")
	}
	tools := os.Getenv("HEADSTART_BIN")
	spec, err := json.Marshal(map[string]any{
		"argv": []string{filepath.Join(tools, "gonb"), "--kernel", "{connection_file}"}, "display_name": "Go (GoNB)", "language": "go",
		// GoNB fetches what a cell imports, and brings no checksums: here, from what the module cache has.
		"env": map[string]string{"PATH": tools + string(os.PathListSeparator) + os.Getenv("PATH"), "GOPROXY": cachedModules(t), "GOSUMDB": "off"},
	})
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.MkdirAll(filepath.Join(folder, "kernels", "gonb"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "kernels", "gonb", "kernel.json"), spec, 0o644); err != nil {
		t.Fatal(err)
	}
	for i, entry := range environment {
		if path, ok := strings.CutPrefix(entry, "JUPYTER_PATH="); ok {
			environment[i] = "JUPYTER_PATH=" + folder + string(os.PathListSeparator) + path
		}
	}
	names := plainNotebooks()
	look := exec.Command("go", "mod", "download", fetched+"@latest")
	look.Dir = folder
	if output, err := look.CombinedOutput(); err != nil {
		names = slices.DeleteFunc(names, func(name string) bool { return name == fetching })
		t.Run(fetching, func(t *testing.T) {
			need.Lack(t, need.Network, fmt.Sprintf("the go command does not get %s: %s", fetched, output))
		})
	}
	compare := exec.Command(python, append([]string{"-P", filepath.Join("..", "..", "kerneltest", "jupyter", "gonbnotebooks.py"), examples}, names...)...)
	compare.Env = environment
	if output, err := compare.CombinedOutput(); err != nil || !strings.Contains(string(output), "\nOK") {
		t.Errorf("%v\n%s", err, output)
	}
}

// cachedModules is a GOPROXY that looks into Go's module cache first.
func cachedModules(t *testing.T) string {
	t.Helper()
	output, err := exec.Command("go", "env", "GOMODCACHE", "GOPROXY").Output()
	if err != nil {
		t.Fatalf("ask the go command for its module cache: %v", err)
	}
	cache, proxy, _ := strings.Cut(strings.TrimSpace(string(output)), "\n")
	return "file://" + filepath.ToSlash(filepath.Join(cache, "cache", "download")) + "," + proxy
}

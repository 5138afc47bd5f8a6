package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
)

// comparedNotebooks are those of GoNB's own examples that are compared, with the number of cells where not all are: gotest ends with
// benchmarks, which take a minute.
func comparedNotebooks() []string {
	return []string{"hello", fetching, "init", "vartuple", "writefile", "bash_script", "script", "goflags", "errors", "capture", "gonbui",
		"gowork", "input_boxes", "gotest:7"}
}

// otherNotebooks are those that are not, with the reason.
func otherNotebooks() map[string]string {
	const browser = "its cells wait for what their JavaScript sends from a browser"
	return map[string]string{
		"comms": browser, "dom": browser, "widgets": browser,
		"wasm": "it compiles Go's library for WebAssembly, which takes a minute, and what it shows is made by a browser",
	}
}

// TestNotebooksOfGoNBAreKnown finds an example that is neither compared nor left out for a reason.
func TestNotebooksOfGoNBAreKnown(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(gonbModule(t), "examples", "tests", "*.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	var found, known []string
	for _, file := range files {
		found = append(found, strings.TrimSuffix(filepath.Base(file), ".ipynb"))
	}
	for _, name := range comparedNotebooks() {
		name, _, _ = strings.Cut(name, ":")
		known = append(known, name)
	}
	known = slices.Sorted(slices.Values(append(known, slices.Collect(maps.Keys(otherNotebooks()))...)))
	if !slices.Equal(found, known) {
		t.Errorf("GoNB has the examples %v; those that are compared or left out are %v", found, known)
	}
}

// gonbModule is the folder of GoNB's sources.
func gonbModule(t *testing.T) string {
	t.Helper()
	output, err := exec.Command("go", "list", "-f", "{{.Module.Dir}}", "github.com/janpfeifer/gonb/gonbui").Output()
	if err != nil {
		t.Fatalf("find GoNB's examples: %v", err)
	}
	folder := strings.TrimSpace(string(output))
	if _, err := os.Stat(filepath.Join(folder, "examples", "tests")); err != nil {
		need.Lack(t, need.Setup, "no sources of GoNB: make setup")
	}
	return folder
}

// fetching is the one for which GoNB fetches a module; this kernel brings it. gotest has it as well.
const fetching, fetched = "functions", "golang.org/x/exp"

// TestNotebooksOfGoNB runs GoNB's examples through GoNB alone and through this kernel: each cell shows the same.
func TestNotebooksOfGoNB(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short: takes most of a minute")
	}
	python, environment := jupyter(t)
	module := gonbModule(t)
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
	names := comparedNotebooks()
	look := exec.Command("go", "mod", "download", fetched+"@latest")
	look.Dir = folder
	if output, err := look.CombinedOutput(); err != nil {
		names = slices.DeleteFunc(names, func(name string) bool { return name == fetching || strings.HasPrefix(name, "gotest") })
		t.Run(fetching, func(t *testing.T) {
			need.Lack(t, need.Network, fmt.Sprintf("the go command does not get %s: %s", fetched, output))
		})
	}
	compare := exec.Command(python, append([]string{"-P", filepath.Join("..", "..", "kerneltest", "jupyter", "gonbnotebooks.py"), filepath.Join(module, "examples", "tests")}, names...)...)
	compare.Env = append(environment, "GONB_GIT_ROOT="+module) // some examples use it as a part of their workspace
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

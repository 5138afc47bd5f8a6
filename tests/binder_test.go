package tests

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const postBuild = ".binder/postBuild"

// TestScriptsAreRead: bash understands every script, those that Binder and Colab run too.
func TestScriptsAreRead(t *testing.T) {
	scripts := map[string]string{"the first cell of the notebook of Colab": firstCellOfColab(t)}
	for _, pattern := range []string{".binder/postBuild", ".ci/*", "scripts/*.sh", "docker/*.sh", "kernel/workshop/*.sh"} {
		files, err := filepath.Glob(filepath.Join("..", pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("found no %s: %v", pattern, err)
		}
		for _, file := range files {
			scripts[file] = readText(t, file)
		}
	}
	for name, text := range scripts {
		check := exec.CommandContext(t.Context(), "bash", "-n")
		check.Stdin = strings.NewReader(text)
		if output, err := check.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, output)
		}
	}
}

// TestTheFirstCellOfColabInstalls: it runs the script that Binder runs, from a checkout of this repository, and asks for no kernel that is
// installed only then. That script builds programs that are here, and installs with flags that there are.
func TestTheFirstCellOfColabInstalls(t *testing.T) {
	cell := firstCellOfColab(t)
	found := regexp.MustCompile(`git clone \S.* https://github\.com/headstart-nb/headstart (\S+)\).*bash (\S+)\)$`).FindStringSubmatch(cell)
	if found == nil || found[2] != found[1]+"/"+postBuild {
		t.Errorf("the first cell does not run %s of a clone: %s", postBuild, cell)
	}
	text := readText(t, filepath.Join("..", postBuild))
	programs := regexp.MustCompile(` \./((?:kernel|magics)/\S+)`).FindAllStringSubmatch(text, -1)
	if len(programs) == 0 {
		t.Error("the script builds nothing")
	}
	for _, p := range programs {
		if _, err := os.Stat(filepath.Join("..", p[1], "main.go")); err != nil {
			t.Errorf("the script builds %s: %v", p[1], err)
		}
	}
	help, err := exec.CommandContext(t.Context(), program(t, "headstart"), "install", "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	_, install, ok := strings.Cut(text, `/headstart" install `)
	if !ok {
		t.Fatal("the script does not install")
	}
	for _, flag := range regexp.MustCompile(`--[a-z-]+`).FindAllString(install, -1) {
		if !bytes.Contains(help, []byte(flag+" ")) {
			t.Errorf("headstart install has no %s", flag)
		}
	}
}

// firstCellOfColab is the first code cell of the notebook of Colab, as its shell gets it.
func firstCellOfColab(t *testing.T) string {
	t.Helper()
	var notebook struct {
		Cells []struct {
			Kind   string `json:"cell_type"`
			Source string `json:"source"`
		}
	}
	if err := json.Unmarshal([]byte(readText(t, filepath.Join("..", "docker", "colab", "headstart.ipynb"))), &notebook); err != nil {
		t.Fatal(err)
	}
	for _, cell := range notebook.Cells {
		if cell.Kind == "code" {
			text, ok := strings.CutPrefix(cell.Source, "!")
			if !ok || strings.Contains(text, "\n") {
				t.Fatalf("the first cell is not one line for the shell, which every kernel understands: %s", cell.Source)
			}
			return text
		}
	}
	t.Fatal("there is no code cell")
	return ""
}

func readText(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

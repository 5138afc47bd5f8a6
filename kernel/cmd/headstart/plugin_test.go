package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/kernel/plugins"
	"github.com/headstart-nb/headstart/kernel/registry"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// terminal is a shell in which headstart is installed, with a state folder of its own.
type terminal struct {
	dir  string
	home string
	env  []string
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	checkout, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	bin, home := t.TempDir(), t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(bin, "headstart"), ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return &terminal{dir: t.TempDir(), home: home, env: append(os.Environ(),
		"PATH="+bin+":"+os.Getenv("PATH"), paths.HomeVar+"="+home, sourceVar+"="+checkout, "GOFLAGS=", "GOWORK=off")}
}

// run runs a script and stays in the folder in which it ends.
func (s *terminal) run(script string) (string, error) {
	where := filepath.Join(s.home, "pwd")
	cmd := exec.Command("sh", "-ec", script+"\npwd > "+where)
	cmd.Dir, cmd.Env = s.dir, s.env
	out, err := cmd.CombinedOutput()
	if dir, reading := os.ReadFile(where); err == nil {
		s.dir, err = strings.TrimSpace(string(dir)), reading
	}
	return string(out), err
}

func (s *terminal) mustRun(t *testing.T, script string) string {
	t.Helper()
	out, err := s.run(script)
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return out
}

// kernel loads the installed plugins as a kernel does.
func (s *terminal) kernel(t *testing.T) (*registry.Registry, *plugins.Manager) {
	t.Helper()
	registry := registry.New()
	manager := plugins.NewManager(registry, plugins.Options{Home: s.home})
	t.Cleanup(func() { manager.Close(0) })
	if err := manager.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return registry, manager
}

// show runs a cell and returns what it shows: text, figures, and the error.
func show(t *testing.T, known *registry.Registry, cell string) string {
	t.Helper()
	host := &magictest.Host{}
	err := errors.New("the cell is not a magic")
	for _, part := range known.ParseCell(cell, registry.Lines{}) {
		if err = part.Err; err != nil {
			break
		}
		m, ok := known.Lookup(part.Call.Name)
		if !ok {
			t.Fatalf("%q is not a magic", cell)
		}
		if err = magics.Invoke(t.Context(), m, part.Call, host); err != nil {
			break
		}
	}
	text := host.Output()
	for _, shown := range host.Outputs() {
		plain, _ := shown.Bundles[0].Data[display.MIMEText].(string)
		text += plain + "\n"
	}
	if err != nil {
		text += err.Error() + "\n"
	}
	return text
}

var fence = regexp.MustCompile("(?s)```(\\w+)(?: file=(\\S+))?\n(.*?)```")

// TestTutorial does what the page "Write a magic in five minutes" says.
func TestTutorial(t *testing.T) {
	page, err := os.ReadFile("../../../magics/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, steps, _ := strings.Cut(string(page), "\n## Write a magic in five minutes\n")
	steps, _, _ = strings.Cut(steps, "\n## ")
	term := newTerminal(t)
	var known *registry.Registry
	shown, kinds := "", map[string]int{}
	for _, block := range fence.FindAllStringSubmatch(steps, -1) {
		kind, file, text := block[1], block[2], block[3]
		kinds[kind]++
		switch kind {
		case "sh":
			term.mustRun(t, text)
		case "go":
			if err := os.WriteFile(filepath.Join(term.dir, file), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		case "cell":
			if known == nil {
				known, _ = term.kernel(t)
			}
			shown = show(t, known, strings.TrimSpace(text))
		case "output":
			if strings.TrimSpace(text) != strings.TrimSpace(shown) {
				t.Errorf("the page shows:\n%s\nthe cell shows:\n%s", text, shown)
			}
		default:
			t.Errorf("the page has a block %q, which nobody runs", kind)
		}
	}
	if kinds["sh"] < 3 || kinds["go"] < 2 || kinds["cell"] < 3 || kinds["output"] != kinds["cell"] {
		t.Errorf("the page has lost its steps: %v", kinds)
	}
}

func TestPluginCommands(t *testing.T) {
	term := newTerminal(t)
	out := term.mustRun(t, "headstart plugin new two-words && cd headstart-two-words && go test . && go vet . && headstart plugin install . && cd ..")
	if !strings.Contains(out, "installed the plugin two-words (devel) with %two-words") {
		t.Errorf("install says:\n%s", out)
	}
	if deps := term.mustRun(t, "(cd headstart-two-words && go list -deps .)"); strings.Contains(deps, module+"/kernel/") || !strings.Contains(deps, module+"/magics/plugin") {
		t.Errorf("a plugin links a part of the kernel:\n%s", deps)
	}
	var listed []listedPlugin
	if err := json.Unmarshal([]byte(term.mustRun(t, "headstart plugin list --json")), &listed); err != nil {
		t.Fatal(err)
	}
	if len(listed) != 1 || listed[0].Name != "two-words" || listed[0].Magics[0] != "two-words" || listed[0].Error != "" {
		t.Errorf("list: %+v", listed)
	}
	known, _ := term.kernel(t)
	if got := show(t, known, "%two-words a b"); got != "A B!\n" {
		t.Errorf("the cell shows %q", got)
	}

	t.Run("refusals", func(t *testing.T) {
		term.mustRun(t, "cp -r headstart-two-words headstart-copy; printf 'no program' > text; printf '#!/bin/sh\\nexit 3\\n' > script; chmod +x script")
		for command, want := range map[string]string{
			"plugin new 'two words'":         "the name of a magic must begin with a letter",
			"plugin new two-words":           "file exists",
			"plugin new x --source /nowhere": "/nowhere is not a checkout of Headstart",
			"plugin install nowhere":         "no such file or directory",
			"plugin install text":            "neither a folder with a Go program nor a program",
			"plugin install script":          "has to call plugin.Serve",
			"plugin install headstart-copy":  "the plugin copy provides %two-words, which the plugin two-words (",
			"plugin remove two-word":         "did you mean two-words?",
			"plugin remove something-else":   "headstart plugin list shows them",
		} {
			out, err := term.run("headstart " + command)
			if err == nil || !strings.Contains(out, want) {
				t.Errorf("headstart %s does not say %q, but (%v):\n%s", command, want, err, out)
			}
		}
		left, err := filepath.Glob(filepath.Join(term.home, "plugins", ".*"))
		if err != nil || len(left) != 0 {
			t.Errorf("installing left behind %v, %v", left, err)
		}
	})

	// Again replaces it, with a TMPDIR that is too long for sockets, as a cell's may be.
	term.mustRun(t, "mkdir "+strings.Repeat("long", 25)+" && TMPDIR=$PWD/"+strings.Repeat("long", 25)+" headstart plugin install headstart-two-words")
	// So does a file of the same name with an extension.
	term.mustRun(t, "cp $HEADSTART_HOME/plugins/headstart-two-words headstart-two-words.v2 && headstart plugin install headstart-two-words.v2")
	if out := term.mustRun(t, "ls $HEADSTART_HOME/plugins"); out != "headstart-two-words.v2\n" {
		t.Errorf("the plugins are then:\n%s", out)
	}
	term.mustRun(t, "cp headstart-two-words.v2 $HEADSTART_HOME/plugins/headstart-two-words")
	if out := term.mustRun(t, "headstart plugin remove two-words && headstart plugin list"); strings.Contains(out, "%two-words") {
		t.Errorf("after the removal:\n%s", out)
	}
}

// TestPluginsInJupyter drives the real kernel with two plugins: the test binary of package plugins, which is what its file
// is called.
func TestPluginsInJupyter(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short: takes half a minute")
	}
	python, environment := jupyter(t)
	var folder string
	for _, variable := range environment {
		if path, ok := strings.CutPrefix(variable, "JUPYTER_PATH="); ok {
			folder = path
		}
	}
	plugins := plugins.Folder(filepath.Join(folder, "home"))
	if err := os.MkdirAll(plugins, 0o700); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "test", "-c", "-o", filepath.Join(plugins, "headstart-toy"), "../../../kernel/plugins")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.Symlink("headstart-toy", filepath.Join(plugins, "headstart-background")); err != nil {
		t.Fatal(err)
	}
	runJupyterScript(t, python, environment, "plugins")
}

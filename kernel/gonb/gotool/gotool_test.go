package gotool

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
)

// A workspace is a folder as GoNB makes it for the programs of cells.
type workspace struct {
	t     *testing.T
	dir   string
	plans string
	env   []string
}

func newWorkspace(t *testing.T) *workspace {
	t.Helper()
	source, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	real, err := exec.LookPath("go")
	if err != nil {
		need.Lack(t, need.Setup, "no go command on PATH: unpack Go there")
	}
	w := &workspace{t: t, dir: t.TempDir(), plans: t.TempDir()}
	w.env = append(os.Environ(), WorkVar+"="+w.dir, SourceVar+"="+source, PlansVar+"="+w.plans, RealGoVar+"="+real, "GOPROXY=off", "GOFLAGS=")
	if _, messages, status := w.run("mod", "init", "gonb_1234"); status != 0 {
		t.Fatal(messages)
	}
	return w
}

func (w *workspace) run(args ...string) (tool *Tool, messages string, status int) {
	w.t.Helper()
	var out bytes.Buffer
	tool = &Tool{Args: args, Dir: w.dir, Env: w.env, Stdout: &out, Stderr: &out}
	status = tool.Run()
	return tool, out.String(), status
}

func (w *workspace) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// build builds the program and returns what it prints.
func (w *workspace) build() string {
	w.t.Helper()
	program := filepath.Join(w.dir, "program")
	if _, messages, status := w.run("build", "-o", program); status != 0 {
		w.t.Fatalf("build: %s", messages)
	}
	out, err := exec.Command(program).CombinedOutput()
	if err != nil {
		w.t.Fatalf("run: %v\n%s", err, out)
	}
	return string(out)
}

// kept is the number of plans.
func (w *workspace) kept() int {
	w.t.Helper()
	entries, err := os.ReadDir(w.plans)
	if err != nil {
		w.t.Fatal(err)
	}
	return len(entries)
}

func mainWith(imports, body string) string {
	return "package main\n\nimport (\n" + imports + "\n)\n\nfunc main() {\n" + body + "\n}\n"
}

func TestBuildsFollowAPlan(t *testing.T) {
	w := newWorkspace(t)
	w.write("main.go", mainWith(`"fmt"`, `fmt.Println("one")`))
	if out := w.build(); out != "one\n" || w.kept() != 1 {
		t.Fatalf("the first build printed %q and kept %d plans", out, w.kept())
	}
	// With a plan the real go is not needed.
	w.env = append(w.env, RealGoVar+"=/nonexistent")
	w.write("main.go", mainWith(`"fmt"`, `fmt.Println("two")`))
	if out := w.build(); out != "two\n" {
		t.Errorf("the second build printed %q", out)
	}
	if entries, err := filepath.Glob(filepath.Join(w.dir, ".build-*")); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v %v", entries, err)
	}
}

func TestCompileErrorsReadAsGosOwn(t *testing.T) {
	w := newWorkspace(t)
	w.write("main.go", mainWith(`"fmt"`, `fmt.Println("one")`))
	w.build()
	wrong := mainWith(`"fmt"`, `fmt.Println(missing)`)
	w.write("main.go", wrong)
	_, ours, status := w.run("build", "-o", "program")
	if status == 0 {
		t.Fatal("a wrong program was built")
	}
	cmd := exec.Command("go", "build", "-o", "program")
	cmd.Dir, cmd.Env = w.dir, w.env
	theirs, err := cmd.CombinedOutput()
	if err == nil || ours != string(theirs) {
		t.Errorf("ours:\n%s\nGo's:\n%s", ours, theirs)
	}
}

func TestPlanFollowsItsSources(t *testing.T) {
	w := newWorkspace(t)
	library := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(library, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/library\n\ngo 1.26\n")
	write("library.go", "package library\n\nconst Word = \"first\"\n")
	for _, args := range [][]string{{"-require", "example.com/library@v0.0.0"}, {"-replace", "example.com/library=" + library}} {
		cmd := exec.Command("go", append([]string{"mod", "edit"}, args...)...)
		cmd.Dir = w.dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	w.write("main.go", mainWith("\"fmt\"\n\"example.com/library\"", `fmt.Println(library.Word)`))
	if _, _, status := w.run("get"); status != 0 {
		t.Error("go get did not see that all is there")
	}
	for _, word := range []string{"first", "second", "third"} {
		write("library.go", "package library\n\nconst Word = \""+word+"\"\n")
		if out := w.build(); out != word+"\n" {
			t.Errorf("the program printed %q, wanted %q", out, word)
		}
	}
}

func TestCellsImportTheProjectWithoutANetwork(t *testing.T) {
	w := newWorkspace(t)
	w.write("main.go", mainWith("\"fmt\"\n\"github.com/headstart-nb/headstart/nbhelpers/display\"\n\"github.com/janpfeifer/gonb/gonbui\"",
		`fmt.Println(display.Text("x").Data, gonbui.IsNotebook)`))
	if _, messages, status := w.run("get"); status != 0 {
		t.Fatalf("go get: %s", messages)
	}
	w.write("main.go", mainWith("\"fmt\"\n\"github.com/headstart-nb/headstart/nbhelpers/display\"", `fmt.Println(display.Text("x").Data)`))
	for range 2 {
		if out := w.build(); out != "map[text/plain:x]\n" {
			t.Errorf("the program printed %q", out)
		}
	}
	mod, err := os.ReadFile(filepath.Join(w.dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(mod), "module gonb_1234\n") || strings.Contains(string(mod), "=> /") {
		t.Errorf("go.mod is\n%s", mod)
	}
}

func TestWhatNeedsTheGoCommand(t *testing.T) {
	for _, test := range []struct{ name, text string }{
		{"main.go", "//go:build linux\n\npackage main\n\nfunc main() {}\n"},
		{"main.go", "package main\n\nimport _ \"embed\"\n\n//go:embed x\nvar x string\n\nfunc main() {}\n"},
		{"main_windows.go", "package main\n"},
		{"code.s", "TEXT\n"},
		{"default.pgo", ""},
	} {
		tool := &Tool{Dir: t.TempDir()}
		if err := os.WriteFile(filepath.Join(tool.Dir, test.name), []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := tool.parse(false); err == nil {
			t.Errorf("%s with %q is taken for plain Go", test.name, test.text)
		}
	}
	for _, setting := range []string{"GOFLAGS=-race", "GOOS=js", "GOARCH=wasm", "GOWORK=/x/go.work", "GOFLAGS=-buildvcs=false -tags=x"} {
		tool := &Tool{Dir: t.TempDir(), Env: []string{setting}}
		if tool.plainSettings() {
			t.Errorf("%s is taken for a usual build", setting)
		}
	}
	if tool := (&Tool{Dir: t.TempDir(), Env: []string{"GOFLAGS=-mod=mod -buildvcs=false"}}); !tool.plainSettings() {
		t.Error("a usual build is not seen as one")
	}
}

func TestRelink(t *testing.T) {
	config := "packagefile gonb_old=/work/b001/_pkg_.a\npackagefile fmt=/cache/fmt-d\nmodinfo \"path\\tgonb_old\\n\"\n"
	got, ok := relink(config, "gonb_old", "gonb_new", "/own.a")
	if want := "packagefile gonb_new=/own.a\npackagefile fmt=/cache/fmt-d\nmodinfo \"path\\tgonb_new\\n\"\n"; !ok || got != want {
		t.Errorf("relink: %q", got)
	}
	if _, ok := relink("packagefile fmt=/cache/fmt-d\n", "gonb_old", "gonb_new", "/own.a"); ok {
		t.Error("a configuration without the cell's own package is taken")
	}
}

func TestShadowRootHasTheScriptInBothPlaces(t *testing.T) {
	root, shadow := t.TempDir(), filepath.Join(t.TempDir(), "shadow")
	script := filepath.Join(root, "lib", "wasm", "wasm_exec.js")
	if err := os.MkdirAll(filepath.Dir(script), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(script, []byte("script"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := shadowRoot(root, script, shadow); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lib/wasm/wasm_exec.js", "misc/wasm/wasm_exec.js"} {
		if text, err := os.ReadFile(filepath.Join(shadow, name)); err != nil || string(text) != "script" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}

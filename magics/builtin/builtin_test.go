package builtin

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/kernel/plugins"
	"github.com/headstart-nb/headstart/kernel/registry"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-update writes it): %s", file, diff)
	}
}

// fakePlugins are two plugins, one of which cannot be used.
type fakePlugins struct{ restarted, loaded []string }

func (f *fakePlugins) Plugins() []plugins.Info {
	return []plugins.Info{
		{Name: "broken", Path: "/p/broken", State: plugins.Failed, Error: "it did not answer within 15s"},
		{Name: "shout", Path: "/p/headstart-shout", Version: "v1.0.0", State: plugins.Running, Pid: 42, Memory: 30 << 20, Age: 90 * time.Second, Starts: 2, Adopted: true, Magics: []string{"shout", "whisper"}},
	}
}
func (f *fakePlugins) Load(context.Context) error { f.loaded = append(f.loaded, "x"); return nil }
func (f *fakePlugins) Restart(_ context.Context, name string) error {
	if name != "shout" {
		return fmt.Errorf("there is no plugin %q", name)
	}
	f.restarted = append(f.restarted, name)
	return nil
}
func (f *fakePlugins) Log(name string) (string, error) { return "log of " + name + "\n", nil }

// fakeVariables are two, which share memory.
type fakeVariables struct{ dropped []string }

func (f *fakeVariables) Variables() ([]Variable, error) {
	if len(f.dropped) > 0 {
		return nil, nil
	}
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return []Variable{
		{Name: "list", Type: "[]int", Bytes: 24, Value: "[1 2 3]", When: when, Shared: []string{"part"}},
		{Name: "part", Type: "[]int", Bytes: 5_000_000, Value: "[2 3]", When: when, Shared: []string{"list"}},
	}, nil
}

func (f *fakeVariables) DropVariables(names ...string) error {
	if names[0] == "x" {
		return errors.New("drop x: no variable of that name has a kept value; the names are list, part")
	}
	f.dropped = append(f.dropped, names...)
	return nil
}

// fakeStored stores list, which it has from fakeVariables.
type fakeStored struct{ has bool }

func (f *fakeStored) StoredVariables() ([]Variable, error) {
	if !f.has {
		return nil, nil
	}
	list, err := (&fakeVariables{}).Variables()
	return list[:1], err
}

func (f *fakeStored) StoreVariables(_ context.Context, names ...string) error {
	if names[0] == "x" {
		return errors.New("store x: no variable of that name has a kept value; the names are list, part")
	}
	f.has = true
	return nil
}

func (f *fakeStored) LoadStored(context.Context, ...string) ([]Variable, error) {
	return f.StoredVariables()
}

func (f *fakeStored) DropStored(names ...string) error {
	if !f.has {
		return fmt.Errorf("drop %s: no variable has a stored value", names[0])
	}
	f.has = false
	return nil
}

type echo struct{}

func (echo) Name() string { return "echo" }
func (echo) Help() string { return "Repeats its line\n\nUsage:\n  %echo WORDS" }
func (echo) Run(ctx context.Context, c magics.Call, h magics.Host) error {
	if c.Line == "fail" {
		return errors.New("cannot do it")
	}
	_, _ = h.Show(ctx, display.Text("shown"))
	_, err := fmt.Fprintln(h.Stdout(), c.Line)
	return err
}

func newRegistry(t *testing.T, plugins Plugins) *registry.Registry {
	t.Helper()
	known := registry.New()
	list := Magics(Config{
		Registry: known,
		Engine:   []registry.Listing{{Usage: "%cd [DIR]", Summary: "Changes the folder of Go cells"}, {Usage: "!COMMAND", Summary: "Runs a shell command"}},
		Plugins:  plugins, Variables: &fakeVariables{}, Stored: &fakeStored{},
		Versions: func(context.Context) []Version {
			return []Version{{"headstart", "0.1.0 (0123456789ab)"}, {"gonb", "v0.11.4"}, {"go", "go1.26.8"}}
		},
		Doctor: func(context.Context) ([]diagnosis.Diagnosis, error) {
			return []diagnosis.Diagnosis{
				{Subject: "Go", Severity: diagnosis.OK, Code: "go", Sentence: "go1.26.8"},
				{Subject: "GoNB", Severity: diagnosis.Error, Code: "gonb", Sentence: "missing", Fix: "headstart install"},
			}, nil
		},
	})
	if err := known.Add(Origin, list...); err != nil {
		t.Fatal(err)
	}
	if err := known.Add("the plugin toy", echo{}); err != nil {
		t.Fatal(err)
	}
	return known
}

func run(t *testing.T, r *registry.Registry, h *magictest.Host, cell string) error {
	t.Helper()
	name := strings.Fields(strings.TrimLeft(cell, "%"))[0]
	m, ok := r.Lookup(name)
	if !ok {
		t.Fatalf("there is no %s", name)
	}
	return h.Run(t.Context(), m, cell)
}

// transcript runs cells and writes down what each shows.
func transcript(t *testing.T, r *registry.Registry, cells ...string) string {
	t.Helper()
	var b strings.Builder
	for _, cell := range cells {
		h := &magictest.Host{}
		err := run(t, r, h, cell)
		fmt.Fprintf(&b, "-- %s --\n%s", cell, h.Output())
		for _, shown := range h.Outputs() {
			text, _ := shown.Bundles[0].Data[display.MIMEText].(string)
			fmt.Fprintf(&b, "[shown]\n%s\n", strings.TrimRight(text, "\n"))
		}
		if err != nil {
			fmt.Fprintf(&b, "[error] %v\n", err)
		}
	}
	return b.String()
}

func TestTranscripts(t *testing.T) {
	r := newRegistry(t, &fakePlugins{})
	golden(t, "help.txt", transcript(t, r, "%help", "%help echo", "%help %cd", "%help eco", "%help --json", "%help help"))
	golden(t, "plugins.txt", transcript(t, r, "%plugins", "%plugins list --json", "%plugins restart shout", "%plugins restart x", "%plugins restart", "%plugins log shout", "%plugins rescan"))
	golden(t, "store.txt", transcript(t, newRegistry(t, nil), "%store", "%store load", "%store x", "%store list", "%store --json", "%store -r list", "%store load --json",
		"%store drop", "%store -r -d list", "%store drop list", "%store -d list", "%store --help"))
	golden(t, "vars.txt", transcript(t, r, "%vars", "%vars --json", "%vars list --json", "%vars drop x", "%vars drop", "%vars drop list part", "%vars", "%vars list --json"))
	golden(t, "doctor.txt", transcript(t, r, "%doctor", "%doctor --json"))
	golden(t, "reference.md", transcript(t, r, "%help --markdown"))
}

// %help explains the engine's commands too, so that Tab offers them.
func TestHelpCompletesAllThatItExplains(t *testing.T) {
	m, _ := newRegistry(t, nil).Lookup("help")
	for word, want := range map[string]string{" ec": "echo", " c": "cd"} {
		if got, err := m.(magics.Completer).Complete(t.Context(), word, len(word)); err != nil || !slices.Contains(got, want) {
			t.Errorf("%s: %q, %v, want %s", word, got, err, want)
		}
	}
}

func TestMissingPartsTakeTheirMagicsWithThem(t *testing.T) {
	if list := Magics(Config{}); len(list) != 0 {
		t.Errorf("%d magics about nothing", len(list))
	}
}

func TestTimeitMagic(t *testing.T) {
	r := newRegistry(t, &fakePlugins{})
	h := &magictest.Host{}
	if err := run(t, r, h, "%timeit --runs 3 --json %echo it's here"); err == nil || !strings.Contains(err.Error(), "not closed") {
		t.Errorf("an unclosed quote: %v", err)
	}
	if err := run(t, r, h, "%timeit --runs 3 --json %echo 'a b'"); err != nil {
		t.Fatal(err)
	}
	var got timing
	if err := json.Unmarshal([]byte(h.Output()), &got); err != nil {
		t.Fatalf("%q: %v", h.Output(), err)
	}
	if got.Loops != 1 || len(got.Runs) != 3 || got.Best <= 0 || got.Mean < got.Best {
		t.Errorf("%+v", got)
	}
	for cell, want := range map[string]string{
		"%timeit":              "there is nothing to time",
		"%%timeit\n \n":        "there is nothing to time",
		"%timeit %eco":         "did you mean %echo?",
		"%timeit %echo fail":   "cannot do it",
		"%timeit --runs 0 f()": "--runs is 1 or more",
	} {
		if err := run(t, r, h, cell); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", cell, err)
		}
	}
	if len(h.Outputs()) != 0 {
		t.Error("a timed magic has shown something")
	}
}

// TestTimeitGo compiles what the engine would get.
func TestTimeitGo(t *testing.T) {
	r := newRegistry(t, &fakePlugins{})
	folder := t.TempDir()
	h := &magictest.Host{OnExecute: func(ctx context.Context, code string) error {
		program := "package main; import (\"encoding/json\"; \"os\"; \"strings\"; \"time\"); " + code
		if err := os.WriteFile(filepath.Join(folder, "main.go"), []byte(program), 0o600); err != nil {
			return err
		}
		cmd := exec.CommandContext(ctx, "go", "run", "main.go")
		cmd.Dir = folder
		text, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, text)
		}
		return nil
	}}
	if err := run(t, r, h, "%timeit --runs 2 strings.Repeat(\"it's\", 1000)"); err != nil {
		t.Fatal(err)
	}
	text := h.Outputs()[0].Bundles[0].Data[display.MIMEText].(string)
	if !strings.Contains(text, "2 runs of ") || strings.Contains(text, "of 0 loops") || strings.Contains(text, "of 1 loops") || !strings.Contains(text, "█") {
		t.Errorf("shown:\n%s", text)
	}
	err := run(t, r, h, "%%timeit --loops 1\nx := strings.Repeat(\"a\", 3)\nundefinedName(x)\n")
	if err == nil || !strings.Contains(err.Error(), "main.go:3:") {
		t.Errorf("the error does not point at the cell's third line: %v", err)
	}
}

func TestDuration(t *testing.T) {
	for ns, want := range map[float64]string{0.1234: "0.123 ns", 999: "999 ns", 1234: "1.23 µs", 5.6e7: "56 ms", 1.5e9: "1.5 s"} {
		if got := duration(ns); got != want {
			t.Errorf("%v: %s, want %s", ns, got, want)
		}
	}
}

func TestThePanelOfVariables(t *testing.T) {
	magic, _ := newRegistry(t, nil).Lookup("vars")
	panel := magic.(magics.Responder)
	for _, c := range []struct{ request, want string }{
		{`{}`, `{"variables":[{"name":"list","type":"[]int","bytes":24,`},
		{`{"drop":["x"]}`, "drop x: no variable of that name"},
		{`{"drop":"x"}`, "vars: read the request: "},
		{`{"drop":["list"]}`, `{"variables":[]}`},
	} {
		answer, err := panel.Respond(t.Context(), json.RawMessage(c.request))
		got := string(answer)
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s, want %s", c.request, got, c.want)
		}
	}
}

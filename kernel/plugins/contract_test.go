package plugins

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

func TestCallCrossesWhole(t *testing.T) {
	k := loaded(t, "toy")
	h := k.mustRun(t, "%%echo --flag 'two words'\nbody\n  indented\n")
	var got magics.Call
	if err := json.Unmarshal([]byte(h.Output()), &got); err != nil {
		t.Fatal(err)
	}
	want := magics.Call{
		Name: "echo", Line: "--flag 'two words'", Cell: true,
		Body: "body\n  indented\n", Code: "%%echo --flag 'two words'\nbody\n  indented\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestStateStaysBetweenCells(t *testing.T) {
	k := loaded(t, "toy")
	first, second := k.mustRun(t, "%count").Output(), k.mustRun(t, "%count").Output()
	if first[len("call 1"):] != second[len("call 2"):] || !strings.HasPrefix(second, "call 2") {
		t.Errorf("got %q, then %q", first, second)
	}
}

func TestDisplaysAndTextKeepTheirOrderAndForm(t *testing.T) {
	k := loaded(t, "toy")
	h := k.mustRun(t, "%draw")
	if h.Output() != "before after" {
		t.Errorf("output %q", h.Output())
	}
	want := []display.Bundle{
		{
			Data: map[string]any{
				display.MIMEText: "a dot", display.MIMEPNG: []byte{0x89, 'P'}, display.MIMEVegaLite: json.RawMessage(`{"mark":"point"}`),
			},
			Metadata: map[string]any{"image/png": map[string]any{"width": 2.0}},
		},
		display.Text("two dots"),
	}
	if outputs := h.Outputs(); len(outputs) != 1 {
		t.Fatalf("%d outputs", len(outputs))
	} else if diff := cmp.Diff(want, outputs[0].Bundles); diff != "" {
		t.Error(diff)
	}
}

func TestAskAndExecute(t *testing.T) {
	k := loaded(t, "toy")
	h := &magictest.Host{Answers: []string{"Ada"}}
	if err := k.run(t.Context(), h, "%ask"); err != nil || h.Output() != "hello Ada" {
		t.Errorf("output %q, error %v", h.Output(), err)
	}
	if err := k.run(t.Context(), h, "%ask"); err == nil || !strings.Contains(err.Error(), "allows no input") {
		t.Errorf("asking a front end without input: %v", err)
	}
	if err := k.run(t.Context(), h, "%nest %train --epochs 1"); err != nil || !cmp.Equal(h.Executed(), []string{"%train --epochs 1"}) {
		t.Errorf("executed %q, error %v", h.Executed(), err)
	}
}

func TestErrorsArriveAsWritten(t *testing.T) {
	k := loaded(t, "toy")
	if err := k.run(t.Context(), &magictest.Host{}, "%fail"); err == nil || err.Error() != "cannot do it: try something else" {
		t.Errorf("got %v", err)
	}
	if err := k.run(t.Context(), &magictest.Host{}, "%panic"); err == nil || !strings.Contains(err.Error(), "panic: a mistake") {
		t.Errorf("got %v", err)
	}
	k.mustRun(t, "%echo") // the process still runs
	if starts := k.Plugins()[0].Starts; starts != 1 {
		t.Errorf("%d starts", starts)
	}
}

func TestCompletionInspectionAndRequests(t *testing.T) {
	k := loaded(t, "toy")
	m, _ := k.registry.Lookup("flags")
	words, err := m.(magics.Completer).Complete(t.Context(), "--pool ", 7)
	if err != nil || !cmp.Equal(words, []string{"avg", "max"}) {
		t.Errorf("completion: %q, %v", words, err)
	}
	bundle, err := m.(magics.Inspector).Inspect(t.Context(), "--pool avg", 3)
	if text, _ := bundle.Data[display.MIMEText].(string); err != nil || !strings.Contains(text, "how to pool") {
		t.Errorf("inspection: %v, %v", bundle, err)
	}
	panel, _ := k.registry.Lookup("panel")
	answer, err := panel.(magics.Responder).Respond(t.Context(), json.RawMessage(`{"n":1}`))
	if err != nil || string(answer) != `{"got":{"n":1}}` {
		t.Errorf("request: %s, %v", answer, err)
	}
	if _, err := m.(magics.Responder).Respond(t.Context(), nil); err == nil {
		t.Error("a magic without a Responder answered")
	}
}

// News cross in their order. Once nobody takes them anymore, the plugin stops telling, and so it does while they are taken slowly.
func TestNewsCrossUntilTheWatchEnds(t *testing.T) {
	k := loaded(t, "toy")
	m, _ := k.registry.Lookup("watched")
	enough := errors.New("enough")
	next := 0
	err := m.(magics.Watcher).Watch(t.Context(), func(news json.RawMessage) error {
		if string(news) != strconv.Itoa(next) {
			t.Errorf("news %s, want %d", news, next)
		}
		if next++; next == 100 {
			return enough
		}
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "enough") {
		t.Errorf("the watch ended with %v", err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		watches, err := m.(magics.Responder).Respond(t.Context(), nil)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("the plugin tells %s watches still, %v", watches, err)
		}
		if string(watches) == "0" {
			break
		}
	}
	if silent, _ := k.registry.Lookup("panel"); silent != nil {
		if _, ok := silent.(magics.Watcher); ok {
			t.Error("a magic that tells nothing can be watched")
		}
	}
}

func TestDescriptionIsRememberedAndTheStartIsLazy(t *testing.T) {
	home := t.TempDir()
	install(t, home, "toy")
	if err := newKernel(t, home).Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	k := newKernel(t, home)
	k.options.StartTimeout = 1 // a start would fail
	if err := k.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	m, ok := k.registry.Lookup("echo")
	if !ok || !strings.HasPrefix(m.Help(), "Does echo\n") {
		t.Fatalf("the magic is not known from the cache: %v", m)
	}
	if info := k.Plugins()[0]; info.State != Stopped || info.Starts != 0 {
		t.Errorf("the process was started: %+v", info)
	}
}

func TestOnlyInstalledProgramsAreFound(t *testing.T) {
	home := t.TempDir()
	install(t, home, "toy")
	write := func(name string, mode os.FileMode) {
		if err := os.WriteFile(filepath.Join(Folder(home), name), []byte("#!/bin/sh\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("README.md", 0o600)
	write(".installing-123", 0o700)
	shipped := filepath.Join(t.TempDir(), "headstart-missing")
	found, err := Discover(Folder(home), shipped)
	if err != nil {
		t.Fatal(err)
	}
	if want := []Binary{{"toy", filepath.Join(Folder(home), "headstart-toy")}}; !cmp.Equal(found, want) {
		t.Errorf("found %v", found)
	}
	write("headstart-toy.py", 0o700)
	if _, err := Discover(Folder(home)); err == nil || !strings.Contains(err.Error(), "headstart-toy.py") || !strings.Contains(err.Error(), "headstart-toy and ") {
		t.Errorf("two plugins of one name: %v", err)
	}
}

// orderHost notes text and updates in the order in which they arrive.
type orderHost struct {
	*magictest.Host
	mu     sync.Mutex
	events []string
}

func (h *orderHost) Stdout() io.Writer { return orderWriter{h} }

type orderWriter struct{ h *orderHost }

func (w orderWriter) Write(p []byte) (int, error) {
	w.h.mu.Lock()
	defer w.h.mu.Unlock()
	w.h.events = append(w.h.events, "text "+string(p))
	return len(p), nil
}

func (h *orderHost) Update(_ context.Context, _ display.ID, _ display.Bundle) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, "update")
	return nil
}

func TestTextStaysBeforeTheUpdateThatFollowsIt(t *testing.T) {
	k := loaded(t, "toy")
	m, _ := k.registry.Lookup("draw")
	h := &orderHost{Host: &magictest.Host{}}
	if err := m.Run(t.Context(), magics.Call{Name: "draw"}, h); err != nil {
		t.Fatal(err)
	}
	if want := []string{"text before ", "text after", "update"}; !cmp.Equal(h.events, want) {
		t.Errorf("got %q, want %q", h.events, want)
	}
}

func TestPluginsSayWhichCallsRunBesideACell(t *testing.T) {
	k := loaded(t, "toy")
	for line, want := range map[string]bool{
		"flags": true, "flags --pool max": true, "echo": false, "group": true, "group list": true, "group rm": false, "panel": false,
	} {
		name, rest, _ := strings.Cut(line, " ")
		magic, ok := k.registry.Lookup(name)
		if got := ok && magics.RunsBeside(magic, rest); got != want {
			t.Errorf("%%%s runs beside a cell: %t, want %t", line, got, want)
		}
	}
}

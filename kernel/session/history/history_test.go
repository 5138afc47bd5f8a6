package history

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// inputs are the entries as text.
func inputs(t *testing.T, h *History, request wire.HistoryRequest) string {
	t.Helper()
	found, err := h.Search(request)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range found {
		list = append(list, fmt.Sprintf("%d/%d %s", e.Session, e.Line, e.Input))
	}
	return strings.Join(list, ", ")
}

func TestSearch(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state", "history.jsonl")
	for session, cells := range [][]string{{"a", "b", "a"}, {"ab", "c"}} {
		h := New(file)
		for i, input := range cells {
			if err := h.Add(i+1, input); err != nil {
				t.Fatalf("session %d: %v", session, err)
			}
		}
	}
	h, stop := New(file), 3
	for name, test := range map[string]struct {
		request wire.HistoryRequest
		want    string
	}{
		"latest":             {wire.HistoryRequest{HistAccessType: wire.HistoryTail, N: 2}, "2/1 ab, 2/2 c"},
		"more than there is": {wire.HistoryRequest{HistAccessType: wire.HistoryTail, N: 99}, "1/1 a, 1/2 b, 1/3 a, 2/1 ab, 2/2 c"},
		"two sessions ago":   {wire.HistoryRequest{HistAccessType: wire.HistoryRange, Session: -2, Start: 2, Stop: &stop}, "1/2 b"},
		"none of this one":   {wire.HistoryRequest{HistAccessType: wire.HistoryRange, Session: 0}, ""},
		"pattern":            {wire.HistoryRequest{HistAccessType: wire.HistorySearch, Pattern: "a*"}, "1/1 a, 1/3 a, 2/1 ab"},
		"each once":          {wire.HistoryRequest{HistAccessType: wire.HistorySearch, Pattern: "?", Unique: true}, "1/2 b, 1/3 a, 2/2 c"},
		"no expression":      {wire.HistoryRequest{HistAccessType: wire.HistorySearch, Pattern: "(["}, ""},
	} {
		if got := inputs(t, h, test.request); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	if _, err := h.Search(wire.HistoryRequest{HistAccessType: "guess"}); err == nil {
		t.Error("an unknown access type is accepted")
	}
}

// What a crash or another program left in the file costs its line alone; a file that has grown is cut.
func TestDamagedAndLargeFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history.jsonl")
	line := `{"session":3,"line":1,"input":"` + strings.Repeat("x", 1000) + `"}` + "\n"
	text := "{\"session\":2,\"li\n\x00\xff\n" + strings.Repeat(line, historyMax/len(line)+1000)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	h := New(file)
	if err := h.Add(1, "new"); err != nil {
		t.Fatal(err)
	}
	if got := inputs(t, h, wire.HistoryRequest{HistAccessType: wire.HistoryTail, N: 1}); got != "4/1 new" {
		t.Errorf("the latest is %q", got)
	}
	kept, err := os.ReadFile(file)
	if lines := strings.Count(string(kept), "\n"); err != nil || lines != historyKeep+2 { // with the start of the session
		t.Errorf("the file has %d lines, %v", lines, err)
	}
}

// A crash or a full disk may leave half a line at the end, at any time.
func TestHalfALineAtTheEndCostsItsLineAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history.jsonl")
	cut := func() {
		t.Helper()
		text, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, append(text, `{"session":2,"line":1,"in`...), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	h := New(file)
	for line, input := range []string{"a", "b"} {
		if err := h.Add(line+1, input); err != nil {
			t.Fatal(err)
		}
		cut()
	}
	h = New(file)
	if err := h.Add(1, "c"); err != nil {
		t.Fatal(err)
	}
	if got := inputs(t, New(file), wire.HistoryRequest{}); got != "1/1 a, 1/2 b, 2/1 c" {
		t.Errorf("the history is %q", got)
	}
}

// A folder that cannot be used costs the sessions before, not this one.
func TestWithoutAFile(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h := New(filepath.Join(blocked, "history.jsonl"))
	if err := h.Add(1, "a"); err == nil {
		t.Error("a history below a file is kept")
	}
	if err := h.Add(2, "b"); err != nil {
		t.Errorf("the second cell reports it again: %v", err)
	}
	if got := inputs(t, h, wire.HistoryRequest{}); got != "1/1 a, 1/2 b" {
		t.Errorf("the history is %q", got)
	}
}

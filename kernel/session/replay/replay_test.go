package replay

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/kernel/wire"
)

func display(id, text string) wire.DisplayData {
	d := wire.DisplayData{Data: map[string]any{"text/plain": text}}
	d.Transient.DisplayID = id
	return d
}

// summary is messages in short.
func summary(list []Message) string {
	var texts []string
	for _, m := range list {
		switch content := m.Content.(type) {
		case wire.Stream:
			texts = append(texts, content.Name+" "+content.Text)
		case wire.DisplayData:
			texts = append(texts, m.Type+" "+fmt.Sprint(content.Data["text/plain"]))
		case wire.ExecuteResult:
			texts = append(texts, m.Type+" "+fmt.Sprint(content.Data["text/plain"]))
		default:
			texts = append(texts, m.Type)
		}
	}
	return strings.Join(texts, "; ")
}

func TestClientThatIgnoresUpdates(t *testing.T) {
	r := New(IgnoresUpdates)
	r.Take("stream", wire.Stream{Name: "stdout", Text: "a"})
	r.Take("stream", wire.Stream{Name: "stdout", Text: "b"})
	r.Take("display_data", display("x", "epoch 1"))
	r.Take("stream", wire.Stream{Name: "stderr", Text: "c"})
	r.Take("execute_result", wire.ExecuteResult{Data: map[string]any{"text/plain": "5"}})
	r.Take("update_display_data", display("of an earlier cell", "2"))
	if got := summary(r.Rest()); got != "" {
		t.Errorf("nothing has changed, and %q is sent again", got)
	}
	r.Take("update_display_data", display("x", "epoch 2"))
	if got, want := summary(r.Rest()), "clear_output; stdout ab; display_data epoch 2; stderr c; execute_result 5"; got != want {
		t.Errorf("%q is sent again, want %q", got, want)
	}
	r.Take("update_display_data", display("x", "epoch 3"))
	r.Take("clear_output", wire.ClearOutput{})
	if got := summary(r.Rest()); got != "" {
		t.Errorf("after a clear %q is sent again", got)
	}
}

// What is more than a front end should get twice is not kept, and what was held back is sent.
func TestRecordIsBounded(t *testing.T) {
	for _, client := range []Client{IgnoresUpdates, AppendsUpdates, IgnoresClears} {
		r := New(client)
		first := r.Take("display_data", display("x", strings.Repeat("1", maxReplay)))
		second := r.Take("stream", wire.Stream{Name: "stdout", Text: "more"})
		if got := len(first) + len(second); got != 2 || r.outputs != nil {
			t.Errorf("client %d: %d messages are sent and %d kept", client, got, len(r.outputs))
		}
		if got := summary(r.Take("update_display_data", display("x", "2"))); got != "update_display_data 2" {
			t.Errorf("client %d: %q is sent", client, got)
		}
	}
}

func TestClientThatDrawsUpdates(t *testing.T) {
	r := New(DrawsUpdates)
	if got := summary(r.Take("update_display_data", display("x", "2"))); got != "update_display_data 2" || r.Rest() != nil {
		t.Errorf("%q is sent", got)
	}
}

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

// summary is what is sent again, in short.
func summary(r *Record) string {
	var list []string
	for _, m := range r.Messages() {
		switch content := m.Content.(type) {
		case wire.Stream:
			list = append(list, content.Name+" "+content.Text)
		case wire.DisplayData:
			list = append(list, m.Type+" "+fmt.Sprint(content.Data["text/plain"]))
		case wire.ExecuteResult:
			list = append(list, m.Type+" "+fmt.Sprint(content.Data["text/plain"]))
		default:
			list = append(list, m.Type)
		}
	}
	return strings.Join(list, "; ")
}

func TestRecord(t *testing.T) {
	r := &Record{}
	r.Note("stream", wire.Stream{Name: "stdout", Text: "a"})
	r.Note("stream", wire.Stream{Name: "stdout", Text: "b"})
	r.Note("display_data", display("x", "epoch 1"))
	r.Note("stream", wire.Stream{Name: "stderr", Text: "c"})
	r.Note("execute_result", wire.ExecuteResult{Data: map[string]any{"text/plain": "5"}})
	r.Note("update_display_data", display("of an earlier cell", "2"))
	if got := summary(r); got != "" {
		t.Errorf("nothing has changed, and %q is sent again", got)
	}
	r.Note("update_display_data", display("x", "epoch 2"))
	if got, want := summary(r), "clear_output; stdout ab; display_data epoch 2; stderr c; execute_result 5"; got != want {
		t.Errorf("%q is sent again, want %q", got, want)
	}
	r.Note("clear_output", wire.ClearOutput{})
	if got := summary(r); got != "" {
		t.Errorf("after a clear %q is sent again", got)
	}
}

// More than a front end should get twice is not kept; a cell without a record sends nothing again.
func TestRecordIsBounded(t *testing.T) {
	r := &Record{}
	r.Note("display_data", display("x", strings.Repeat("1", maxReplay)))
	r.Note("update_display_data", display("x", strings.Repeat("2", maxReplay+1)))
	r.Note("stream", wire.Stream{Name: "stdout", Text: "a"})
	if got := r.Messages(); got != nil || r.outputs != nil {
		t.Errorf("%d messages are kept", len(r.outputs))
	}
	var none *Record
	none.Note("stream", wire.Stream{})
	if none.Messages() != nil {
		t.Error("there are messages")
	}
}

package rate_test

import (
	"encoding/json"
	"testing"

	"github.com/headstart-nb/headstart/kernel/session/rate"
)

func TestHeldTextComesInPiecesThatFit(t *testing.T) {
	var h rate.Held
	h.Add("stdout", "aü\x01")
	h.Add("stderr", "e")
	h.Add("stdout", "\n\"€😀\n")
	var got string
	for !h.Empty() {
		name, text := h.Next(6)
		if name == "stderr" {
			if text != "e" || !h.Empty() {
				t.Errorf("stderr: %q", text)
			}
			break
		}
		encoded, err := json.Marshal(text)
		if err != nil || text == "" || len(encoded)-len(`""`) > 6 {
			t.Fatalf("%q takes %d bytes, %v", text, len(encoded), err)
		}
		got += text
	}
	if want := "aü\x01\n\"€😀\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	h.Add("stdout", "ü")
	if _, text := h.Next(1); text != "" || h.Empty() {
		t.Errorf("%q: half a character was sent", text)
	}
	h.Add("stderr", "e")
	if text := h.Rest(); text != "üe" || !h.Empty() {
		t.Errorf("%q is the rest", text)
	}
}

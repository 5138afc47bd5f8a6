package session

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// shown is what a notebook has of one output: text of a stream, or the text of a display.
type shown struct{ kind, id, text string }

// draw applies a message as the protocol wants it, merging text as front ends do.
func draw(outputs []shown, o output) []shown {
	switch content := o.content.(type) {
	case wire.Stream:
		if last := len(outputs) - 1; last >= 0 && outputs[last].kind == content.Name {
			outputs[last].text += content.Text
			return outputs
		}
		return append(outputs, shown{content.Name, "", content.Text})
	case wire.DisplayData:
		id, text := content.Transient.DisplayID, fmt.Sprint(content.Data["text/plain"])
		if o.msgType == "display_data" {
			return append(outputs, shown{"display", id, text})
		}
		for i := range outputs {
			if outputs[i].id == id {
				outputs[i].text = text
			}
		}
	case wire.ClearOutput:
		return nil
	}
	return outputs
}

// TestEveryClientEndsWithWhatAFrontEndDraws: whatever a cell sends, in which order ever.
func TestEveryClientEndsWithWhatAFrontEndDraws(t *testing.T) {
	clients := map[client]func([]shown, output) []shown{
		ignoresUpdates: func(outputs []shown, o output) []shown {
			if o.msgType == "update_display_data" {
				return outputs
			}
			return draw(outputs, o)
		},
		appendsUpdates: func(outputs []shown, o output) []shown {
			if o.msgType == "update_display_data" {
				o.msgType = "display_data"
			}
			return draw(outputs, o)
		},
		ignoresClears: func(outputs []shown, o output) []shown {
			if o.msgType == "update_display_data" || o.msgType == "clear_output" {
				return outputs
			}
			return draw(outputs, o)
		},
	}
	for seed := range uint64(3000) {
		for who, apply := range clients {
			random := rand.New(rand.NewPCG(seed, 1))
			p := &replay{client: who}
			var want, got []shown
			displays := 0
			for n := range random.IntN(20) {
				var o output
				switch kind := random.IntN(10); {
				case kind < 3:
					o = output{"stream", wire.Stream{Name: []string{"stdout", "stderr"}[random.IntN(2)], Text: fmt.Sprint(n, " ")}}
				case kind < 6 || displays == 0:
					displays++
					o = output{"display_data", data(fmt.Sprint("id", displays), n)}
				case kind == 9 && who != ignoresClears:
					o = output{"clear_output", wire.ClearOutput{Wait: true}}
					displays = 0
				default:
					o = output{"update_display_data", data(fmt.Sprint("id", 1+random.IntN(displays)), n)}
				}
				want = draw(want, o)
				for _, sent := range p.take(o.msgType, o.content) {
					got = apply(got, sent)
				}
			}
			for _, sent := range p.rest() {
				got = apply(got, sent)
			}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(shown{})); diff != "" {
				t.Fatalf("seed %d, client %d: %s", seed, who, diff)
			}
		}
	}
}

func data(id string, n int) wire.DisplayData {
	d := wire.DisplayData{Data: map[string]any{"text/plain": n}}
	d.Transient.DisplayID = id
	return d
}

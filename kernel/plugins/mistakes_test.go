package plugins

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/plugin"
)

func init() {
	programs["mistakes"] = func() {
		calls := 0
		plugin.Serve(panicking{magicFunc("tally", func(_ context.Context, _ magics.Call, h magics.Host) error {
			calls++
			_, err := fmt.Fprint(h.Stdout(), calls)
			return err
		})})
	}
}

// panicking is a magic with a mistake in all that is not its Run.
type panicking struct{ magics.Magic }

func (panicking) Complete(context.Context, string, int) ([]string, error) { panic("a mistake") }

func (panicking) Watch(context.Context, func(json.RawMessage) error) error { panic("a mistake") }

func TestAPanicBesideARunCostsOneCall(t *testing.T) {
	k := loaded(t, "mistakes")
	k.mustRun(t, "%tally")
	m, _ := k.registry.Lookup("tally")
	_, err := m.(magics.Completer).Complete(t.Context(), "", 0)
	wantError(t, err, "complete %tally: Complete panicked", "a mistake", "the stack is in the log")
	err = m.(magics.Watcher).Watch(t.Context(), func(json.RawMessage) error { return nil })
	wantError(t, err, "watch %tally: Watch panicked", "a mistake")
	if h := k.mustRun(t, "%tally"); h.Output() != "2" {
		t.Errorf("the plugin lost its state: call %s", h.Output())
	}
}

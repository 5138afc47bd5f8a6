package plugins

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/magics/plugin"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

func init() {
	programs["latin"] = func() { plugin.Serve(latin()...) }
	programs["mistakes"] = func() {
		calls := 0
		plugin.Serve(panicking{magicFunc("tally", func(_ context.Context, _ magics.Call, h magics.Host) error {
			calls++
			_, err := fmt.Fprint(h.Stdout(), calls)
			return err
		})})
	}
}

// latinName is a file's name in Latin-1, and latinShown how a cell shows it.
const latinName, latinShown = "caf\xe9.jpg", "caf\uFFFD.jpg"

// latin are magics that say a name that is not UTF-8.
func latin() []magics.Magic {
	return []magics.Magic{
		magicFunc("latinfail", func(context.Context, magics.Call, magics.Host) error {
			return &os.PathError{Op: "open", Path: latinName, Err: os.ErrNotExist}
		}),
		latinCompleter{magicFunc("latinshow", func(ctx context.Context, _ magics.Call, h magics.Host) error {
			id, err := h.Show(ctx, display.Text(latinName))
			if err == nil {
				err = h.Execute(ctx, latinName)
			}
			go func() {
				time.Sleep(100 * time.Millisecond) // the call has ended by then
				_ = h.Update(ctx, id, display.Text("late "+latinName))
			}()
			return err
		})},
	}
}

type latinCompleter struct{ magics.Magic }

func (latinCompleter) Complete(context.Context, string, int) ([]string, error) {
	return []string{"good.jpg", latinName}, nil
}

func TestTextThatIsNotUTF8Crosses(t *testing.T) {
	k := loaded(t, "latin")
	wantError(t, k.run(t.Context(), &magictest.Host{}, "%latinfail"), "open "+latinShown+": file does not exist")
	h := k.mustRun(t, "%latinshow")
	states := func() []display.Bundle { return h.Outputs()[0].Bundles }
	eventually(t, "the update after the end arrives", func() bool { return len(states()) == 2 })
	if diff := cmp.Diff([]display.Bundle{display.Text(latinShown), display.Text("late " + latinShown)}, states()); diff != "" {
		t.Error(diff)
	}
	if code := h.Executed(); !slices.Equal(code, []string{latinShown}) {
		t.Errorf("executed %q", code)
	}
	m, _ := k.registry.Lookup("latinshow")
	words, err := m.(magics.Completer).Complete(t.Context(), "", 0)
	if err != nil || !slices.Equal(words, []string{"good.jpg"}) {
		t.Errorf("completes to %q, %v", words, err)
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

package gonb

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/nbhelpers/keep"
)

// While gopls loads, which takes seconds, the names of variables are completed without it.
func TestVariablesAreCompletedWithoutGopls(t *testing.T) {
	e := New(Options{RuntimeDir: t.TempDir()})
	store, err := e.store()
	if err != nil {
		t.Fatal(err)
	}
	learned, rate, loss := true, 0.1, 1.5
	if losses := store.Save(
		keep.Variable{Name: "learned", Pointer: &learned}, keep.Variable{Name: "learningRate", Pointer: &rate}, keep.Variable{Name: "loss", Pointer: &loss},
	); len(losses) > 0 {
		t.Fatal(losses)
	}
	for _, test := range []struct {
		code  string
		start int
		want  []string
	}{
		{"fmt.Println(lear", 12, []string{"learned", "learningRate"}},
		{"é := learni", 5, []string{"learningRate"}},
		{"model.lo", 8, []string{}},
		{"x := ", 5, []string{}},
	} {
		cursor := len([]rune(test.code))
		got, err := e.Complete(t.Context(), test.code, cursor)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, got.Matches); diff != "" || got.CursorStart != test.start || got.CursorEnd != cursor || got.Status != wire.StatusOK {
			t.Errorf("%q: from %d: %s", test.code, got.CursorStart, diff)
		}
	}
}

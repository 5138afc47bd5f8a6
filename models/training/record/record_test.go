package record

import (
	"testing"

	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/progress"
)

func TestTheKeptEpoch(t *testing.T) {
	r := Run{History: history.History{{Epoch: 1, Best: true}, {Epoch: 2}}}
	if got := r.Kept(); got == nil || got.Epoch != 1 {
		t.Errorf("the kept epoch is %v, want the best", got)
	}
	r.Recipe.KeepLast = true
	if got := r.Kept(); got == nil || got.Epoch != 2 {
		t.Errorf("with keep_last the kept epoch is %v, want the last", got)
	}
	r.Status = progress.NaN
	if got := r.Kept(); got == nil || got.Epoch != 1 {
		t.Errorf("after a loss that is not a number the kept epoch is %v, want the best", got)
	}
	if (Run{}).Kept() != nil {
		t.Error("a run without an epoch has kept one")
	}
}

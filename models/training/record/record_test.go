package record

import (
	"os"
	"path/filepath"
	"strings"
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

// A container's user may have no home folder, which is no fault of the run's name.
func TestARunWithoutAPlaceSaysWhatToSet(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Naming(t.Context(), filepath.Join(file, "headstart"))
	if err == nil || !strings.HasPrefix(err.Error(), "keep the run in "+file) || !strings.Contains(err.Error(), "set HEADSTART_HOME to a folder") {
		t.Errorf("got %v", err)
	}
}

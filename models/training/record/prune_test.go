package record

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/models/training/checkpoint"
	"github.com/headstart-nb/headstart/models/training/progress"
)

// stored writes a run whose checkpoint has so many bytes; the first is the oldest.
func stored(t *testing.T, home, name string, status progress.Status, day, bytes int) {
	t.Helper()
	dir := filepath.Join(runsDir(home), name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	record, err := json.Marshal(Run{Name: name, Status: status, Updated: time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	for file, content := range map[string][]byte{runFile: record, "epoch-000001.safetensors": make([]byte, bytes)} {
		if err := os.WriteFile(filepath.Join(dir, file), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPruningTakesTheOldestThatHaveEnded(t *testing.T) {
	home := t.TempDir()
	stored(t, home, "resumable", progress.Running, 1, 100) // nobody works on it
	stored(t, home, "oldest", progress.Finished, 2, 100)
	stored(t, home, "locked", progress.Running, 3, 100)
	stored(t, home, "older", progress.Stopped, 4, 100)
	stored(t, home, "latest", progress.Finished, 5, 100)
	busy, err := checkpoint.Open(runsDir(home), "locked")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for _, test := range []struct {
		quota int64
		want  []string
	}{
		{500, nil}, {499, []string{"oldest"}}, {300, []string{"older"}}, {0, []string{"resumable"}}, {0, nil},
	} {
		pruned, err := PruneRuns(home, test.quota)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range pruned {
			got = append(got, p.Run)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("with room for %d bytes %q lose their weights, want %q", test.quota, got, test.want)
		}
	}
	if size, err := RunsSize(home); err != nil || size != 200 {
		t.Errorf("%d bytes are left, %v; want those of the latest run and of the one that is worked on", size, err)
	}
	runs, err := Runs(home)
	if err != nil || len(runs) != 5 {
		t.Errorf("%d records are left, %v", len(runs), err)
	}
	if err := RemoveRun(home, "locked"); !errors.Is(err, checkpoint.ErrBusy) {
		t.Errorf("a run that is worked on: %v", err)
	}
	if err := RemoveRun(home, "../runs"); err == nil {
		t.Error("a folder outside of the runs was removed")
	}
	if err := RemoveRun(home, "oldest"); err != nil {
		t.Fatal(err)
	}
	if runs, err = Runs(home); err != nil || len(runs) != 4 {
		t.Errorf("%d runs are left, %v", len(runs), err)
	}
}

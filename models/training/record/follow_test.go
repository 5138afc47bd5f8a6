package record

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/models/training/progress"
)

func writeRecord(t *testing.T, home, name, text string) {
	t.Helper()
	folder := filepath.Join(runsDir(home), name)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, runFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A follower reads the records again where one has come, gone or changed, and no others.
func TestFollow(t *testing.T) {
	home := t.TempDir()
	f := Follow(home)
	look := func(what string, runs int, changes bool) []Run {
		t.Helper()
		got, changed, err := f.Runs()
		if err != nil || len(got) != runs || changed != changes {
			t.Errorf("%s: %d runs, changed %t, %v; want %d and %t", what, len(got), changed, err, runs, changes)
		}
		return got
	}
	look("no folder yet", 0, true)
	look("again", 0, false)
	writeRecord(t, home, "first", `{"status":"done"}`)
	look("a run", 1, true)
	first := look("again", 1, false)
	if again := look("again", 1, false); &again[0] != &first[0] {
		t.Error("records that have not changed were read again")
	}
	writeRecord(t, home, "first", `{"status":"stopped"}`)
	if got := look("another status", 1, true); got[0].Status != "stopped" {
		t.Errorf("the status is %s", got[0].Status)
	}
	// The end of a process that was killed leaves its record as it was.
	f.runs[0].Status = progress.Running
	if got := look("a process that has ended", 1, true); got[0].Status != "stopped" {
		t.Errorf("the status is %s", got[0].Status)
	}
	if err := os.Rename(filepath.Join(runsDir(home), "first"), filepath.Join(runsDir(home), "second")); err != nil {
		t.Fatal(err)
	}
	if got := look("another name", 1, true); got[0].Name != "second" {
		t.Errorf("the name is %s", got[0].Name)
	}
	if err := os.RemoveAll(filepath.Join(runsDir(home), "second")); err != nil {
		t.Fatal(err)
	}
	look("none again", 0, true)
	if runs, changed, err := Follow("").Runs(); runs != nil || changed || err != nil {
		t.Errorf("without a state folder: %v, %t, %v", runs, changed, err)
	}
}

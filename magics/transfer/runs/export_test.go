package runs_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
)

// logged are the event files below a folder, by their path without the time, with their content.
func logged(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*", "events.out.tfevents.*"))
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob(filepath.Join(dir, "*", "events.out.tfevents.*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range slices.Concat(files, more) {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		folder, err := filepath.Rel(dir, filepath.Dir(file))
		if err != nil {
			t.Fatal(err)
		}
		if found[folder] != nil {
			t.Errorf("%s has two files", folder)
		}
		found[folder] = raw
	}
	return found
}

func TestTensorBoard(t *testing.T) {
	p := transfertest.New(t)
	p.Must(t, "%dataset load photos --size 32 --json", "%model resnet50 --weights random --cut conv1",
		"%train --epochs 3 --run live --tensorboard logs", "%train --run chosen --tensorboard logs")
	live := logged(t, "logs")
	for _, folder := range []string{"live", "live/train", "live/validation", "chosen", "chosen/train", "chosen/validation"} {
		if len(live[folder]) == 0 {
			t.Errorf("there is no log in %s", folder)
		}
	}
	if n := bytes.Count(live["live/train"], []byte("epoch_loss")); n != 3 {
		t.Errorf("the log has %d epochs, want 3", n)
	}
	for _, part := range []string{"learning_rate", "session_start_info", "session_end_info", "photos", "kept_val_accuracy", "kept_val_loss", "weights sha256", "%train --epochs 3"} {
		if !bytes.Contains(live["live"], []byte(part)) {
			t.Errorf("the session lacks %s", part)
		}
	}
	for _, folder := range []string{"chosen", "chosen/train"} { // cross-validation has no learning rate
		if bytes.Contains(live[folder], []byte("learning_rate")) || bytes.Contains(live[folder], []byte("optimizer")) {
			t.Errorf("in %s are values of gradient descent", folder)
		}
	}
	if !bytes.Contains(live["chosen"], []byte("| chosen | ")) {
		t.Error("the text of the run does not say what was chosen")
	}

	if out := p.Must(t, "%runs export live chosen --tensorboard again").Output(); !strings.Contains(out, "tensorboard --logdir") {
		t.Errorf("the export says %q", out)
	}
	again := logged(t, "again")
	if len(again) != len(live) || len(again["live/train"]) != len(live["live/train"]) {
		t.Errorf("the export has %d files, the live log %d", len(again), len(live))
	}
	p.Must(t, "%runs export live --tensorboard again")
	if third := logged(t, "again"); !bytes.Equal(third["live/train"], again["live/train"]) {
		t.Error("a second export differs")
	}

	if err := os.WriteFile("blocked", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"%runs export live":                        "--tensorboard DIR",
		"%runs export other --tensorboard logs":    "other",
		"%train --epochs 1 --tensorboard blocked":  "TensorBoard",
		"%runs export live --tensorboard blocked ": "TensorBoard",
	} {
		if err := p.Call(t.Context(), &magictest.Host{}, line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", line, err, want)
		}
	}
	if n := len(p.Lab().Running()); n != 0 {
		t.Errorf("%d runs go on after a log that could not be written", n)
	}
}

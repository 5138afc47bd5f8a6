package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/training/history"
)

// A file of features has the labels that the dataset has, also where an edit or a list gives others than the folders.
func TestFeaturesKeepLabelsThatFoldersDoNotGive(t *testing.T) {
	dir := t.TempDir()
	modeltest.WriteImages(t, dir, 2, "red", "green")
	load := func(source string) *imagefolder.Dataset {
		t.Helper()
		o := imagefolder.DefaultOptions()
		o.Val = 0
		data, err := imagefolder.Load(t.Context(), source, o)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	data := load(dir)
	if paths, labels := pathsAndLabels(data); len(paths) != 4 || labels != nil {
		t.Errorf("of folders alone: paths %q, labels %q", paths, labels)
	}
	if err := data.Edit(imagefolder.Relabel, []int{3}, "green"); err != nil {
		t.Fatal(err)
	}
	if paths, labels := pathsAndLabels(load(dir)); !slices.Equal(labels, []string{"green", "green", "red", "green"}) {
		t.Errorf("of %q, after an edit: labels %q", paths, labels)
	}
	list := filepath.Join(dir, "l.csv")
	if err := os.WriteFile(list, []byte("path,label\nred/000.png,a\nred/001.png,b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if paths, labels := pathsAndLabels(load(list)); !slices.Equal(labels, []string{"a", "b"}) {
		t.Errorf("of %q, by a list: labels %q", paths, labels)
	}
}

// What was computed of archives is not lost where the file cannot be written at the end, as on a full disk.
func TestComputedFeaturesStayWhereTheFileCannotBeWritten(t *testing.T) {
	run, dir := program(t), t.TempDir()
	modeltest.WriteImages(t, dir, 1, "red", "green")
	list, long := filepath.Join(dir, "l.txt"), filepath.Join(dir, strings.Repeat("x", 250)) // with the ending of the file that is written first, too long
	if err := os.WriteFile(list, []byte("red/000.png\ngreen/000.png\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	output, err := exec.CommandContext(t.Context(), run, small("features", list, "--out", long)...).CombinedOutput()
	if err == nil || !strings.Contains(string(output), "what was computed stays in that folder") {
		t.Fatalf("%v: %s", err, output)
	}
	kept, err := filepath.Glob(filepath.Join(dir, ".features-*"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept is %q, %v", kept, err)
	}
	out := filepath.Join(dir, "f.safetensors")
	if output, err := exec.CommandContext(t.Context(), run, "features", "merge", kept[0], "--out", out).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, output)
	}
}

func TestAnEpochWithoutValidationHasNoSuchNumbers(t *testing.T) {
	for want, e := range map[string]history.Epoch{
		"epoch 1/2: loss 0.5000, accuracy 0.7500, 8 rows/s":                                       {Epoch: 1, Epochs: 2, Loss: 0.5, Accuracy: 0.75, Rate: 8},
		"epoch 1/2: loss 0.5000, accuracy 0.7500, val_loss 0.2500, val_accuracy 1.0000, 8 rows/s": {Epoch: 1, Epochs: 2, Loss: 0.5, Accuracy: 0.75, ValLoss: 0.25, ValAccuracy: 1, Rate: 8},
	} {
		if got := epochLine(e); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

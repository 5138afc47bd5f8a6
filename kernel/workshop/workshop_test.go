package workshop

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// fakePython stands in for pip download: it writes one wheel into the folder behind --dest, and fails where a file tells it to.
const fakePython = `#!/bin/sh
[ ! -e "$(dirname "$0")/fails" ] || { echo "no route to host" >&2; exit 1; }
while [ "$1" != --dest ]; do shift; done
echo "$3" >"$2/required.whl"
`

const lesson = `{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
{"cell_type": "code", "id": "a", "metadata": {}, "execution_count": 1, "outputs": [], "source": "// BEGIN SOLUTION\n%secret\n// END SOLUTION"}]}`

func options(t *testing.T) Options {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"python": fakePython, "own.whl": "wheel", "weights.safetensors": "weights", "photos/cat/1.png": "image", "photos/dog/1.png": "image",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return Options{
		Out: filepath.Join(dir, "class"), Wheel: filepath.Join(dir, "own.whl"), Extras: []string{"lab", "go"}, Python: filepath.Join(dir, "python"),
		Weights: []string{filepath.Join(dir, "weights.safetensors")}, Datasets: []string{filepath.Join(dir, "photos")},
		Lessons: fstest.MapFS{"01_first.ipynb": {Data: []byte(lesson)}},
	}
}

func TestPrepare(t *testing.T) {
	o := options(t)
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("private"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(o.Datasets[0], "cat", "2.png")); err != nil {
		t.Fatal(err)
	}
	report, err := Prepare(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(o.Out, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	if got := strings.TrimSpace(read("wheels/required.whl")); got != filepath.Join(o.Out, "wheels", "own.whl")+"[lab,go]" {
		t.Errorf("pip was asked for %q", got)
	}
	if text := read("lessons/01_first.ipynb"); strings.Contains(text, "secret") || !strings.Contains(text, "YOUR CODE HERE") {
		t.Errorf("the lesson shows its solution: %s", text)
	}
	if read("weights/weights.safetensors") != "weights" || read("datasets/photos/dog/1.png") != "image" {
		t.Error("the copies differ")
	}
	if _, err := os.Lstat(filepath.Join(o.Out, "datasets", "photos", "cat", "2.png")); err == nil {
		t.Error("a link that leads out of the dataset was copied")
	}
	if script := read("start.sh"); !strings.Contains(script, `"$wheel[lab,go]"`) || !strings.Contains(script, "--no-index") {
		t.Errorf("the script is\n%s", script)
	}
	if text := read("index.html"); !strings.Contains(text, "sh start.sh") || strings.Contains(text, "http") {
		t.Errorf("the page is\n%s", text)
	}
	if left := strings.Join(report.LeftOut, "\n"); !strings.Contains(left, "Go modules") || strings.Contains(left, "ImageNet") ||
		!strings.Contains(left, "links in the dataset photos, such as cat/2.png") {
		t.Errorf("left out: %s", left)
	}
	info, err := os.Stat(filepath.Join(o.Out, "lessons", "01_first.ipynb"))
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("students cannot read the lesson: %v, %v", info.Mode(), err)
	}
}

// TestPrepareContinues holds that a failure says what was attempted, and that the next attempt is whole.
func TestPrepareContinues(t *testing.T) {
	o := options(t)
	fails := filepath.Join(filepath.Dir(o.Python), "fails")
	if err := os.WriteFile(fails, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var failed *PrepareError
	if _, err := Prepare(t.Context(), o); !errors.As(err, &failed) || !strings.Contains(err.Error(), "no route to host") {
		t.Fatalf("without a network: %v", err)
	}
	if err := os.Remove(fails); err != nil {
		t.Fatal(err)
	}
	if _, err := Prepare(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	o.Wheel = "notes.txt"
	if _, err := Prepare(t.Context(), o); !errors.As(err, &failed) || !strings.Contains(err.Error(), "make wheel") {
		t.Errorf("without a wheel: %v", err)
	}
}

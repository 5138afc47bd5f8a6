package builtin

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/notebooks"
)

const lessonText = `{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Your own images\n\nText."},
{"cell_type": "code", "id": "b", "metadata": {}, "execution_count": 3, "source": "%help",
 "outputs": [{"output_type": "stream", "name": "stdout", "text": "shown"}]},
{"cell_type": "code", "id": "c", "metadata": {"jupyter": {"source_hidden": true}}, "execution_count": null, "outputs": [],
 "source": "// before\n// BEGIN SOLUTION\n%secret\n// END SOLUTION\n// after"},
{"cell_type": "code", "id": "d", "metadata": {}, "execution_count": null, "outputs": [], "source": "%check 1\n// BEGIN HIDDEN TESTS\n%secret"}]}`

func lessonFolder() fstest.MapFS {
	return fstest.MapFS{"05_own.ipynb": {Data: []byte(lessonText)}, "notebooks.go": {Data: []byte("package notebooks")}}
}

// shownText is the text of what was displayed.
func shownText(host *magictest.Host) string {
	var text strings.Builder
	for _, shown := range host.Outputs() {
		fmt.Fprint(&text, shown.Bundles[0].Data[display.MIMEText])
	}
	return text.String()
}

func TestLessonOpensWithoutOutputsAndReplacesNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	m := lessonMagic(lessonFolder())
	run := func(line string) (string, error) {
		var host magictest.Host
		err := m.Run(t.Context(), magics.Call{Name: "lesson", Line: line}, &host)
		return host.Output() + shownText(&host), err
	}
	if out, err := run("list"); err != nil || !strings.Contains(out, "Your own images") {
		t.Fatalf("%q, %v", out, err)
	}
	if out, err := run("open 5"); err != nil || !strings.Contains(out, "05_own.ipynb") {
		t.Fatalf("%q, %v", out, err)
	}
	data, err := os.ReadFile("05_own.ipynb")
	if err != nil || strings.Contains(string(data), "shown") || strings.Contains(string(data), `"execution_count": 3`) {
		t.Fatalf("%s, %v", data, err)
	}
	if text := string(data); strings.Contains(text, "secret") || strings.Contains(text, "source_hidden") || !strings.Contains(text, "YOUR CODE HERE") ||
		!strings.Contains(text, "// after") || !strings.Contains(text, "%check 1") {
		t.Errorf("the solutions are not replaced: %s", data)
	}
	if err := os.WriteFile("05_own.ipynb", []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := run("open 05"); err == nil || !strings.Contains(err.Error(), "%lesson reset 05") {
		t.Errorf("a lesson that is there was opened: %v", err)
	}
	for range 2 {
		if _, err := run("reset 05"); err != nil {
			t.Fatal(err)
		}
	}
	if mine, err := os.ReadFile("05_own.mine1.ipynb"); err != nil || string(mine) != "mine" {
		t.Errorf("what the student wrote is gone: %q, %v", mine, err)
	}
	if files, _ := filepath.Glob("*"); len(files) != 3 {
		t.Errorf("the folder has %v", files)
	}
	if _, err := run("reset 05 --solutions"); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile("05_own.ipynb"); err != nil || !strings.Contains(string(data), "%secret") {
		t.Errorf("the solutions were asked for: %s, %v", data, err)
	}
	if _, err := run("open 99"); err == nil || !strings.Contains(err.Error(), "the lessons are 05") {
		t.Errorf("an unknown lesson: %v", err)
	}
}

// A link of somebody else in the student's folder is not followed.
func TestLessonFollowsNoLink(t *testing.T) {
	t.Chdir(t.TempDir())
	target := filepath.Join(t.TempDir(), "target")
	if err := os.WriteFile(target, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, "05_own.ipynb"); err != nil {
		t.Fatal(err)
	}
	m := lessonMagic(lessonFolder())
	for _, line := range []string{"open 05", "reset 05"} {
		_ = m.Run(t.Context(), magics.Call{Name: "lesson", Line: line}, &magictest.Host{})
	}
	if got, err := os.ReadFile(target); err != nil || string(got) != "precious" {
		t.Errorf("the link's target is %q, %v", got, err)
	}
}

func TestTheLessonsHaveTitles(t *testing.T) {
	list, err := readLessons(notebooks.Lessons())
	if err != nil || len(list) < 4 {
		t.Fatalf("%d lessons, %v", len(list), err)
	}
	for _, l := range list {
		if l.Title == "" {
			t.Errorf("%s has no heading", l.File)
		}
	}
}

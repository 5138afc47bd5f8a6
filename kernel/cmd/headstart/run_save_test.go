package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRunRefusesWhatItCannotSave: a run may take hours, and its results would be lost at its end. No interpreter is needed.
func TestRunRefusesWhatItCannotSave(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "a.ipynb")
	if err := os.WriteFile(file, []byte(`{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}`), 0o600); err != nil {
		t.Fatal(err)
	}
	good := filepath.Join(folder, "new", "out.ipynb")
	for name, test := range map[string]struct{ out, html, want string }{
		"a folder":                {folder, "", "it is a folder"},
		"a folder for the page":   {good, folder, "it is a folder"},
		"below a file":            {filepath.Join(file, "out.ipynb"), "", "making the folder"},
		"a device":                {os.DevNull, "", "it is a device"},
		"a device for the page":   {good, os.DevNull, "it is a device"},
		"not possible to write":   {"/proc/out.ipynb", "", "saving results as /proc/out.ipynb"},
		"nothing wrong with them": {good, "", "interpreter"},
	} {
		t.Run(name, func(t *testing.T) {
			r := notebookRun{out: test.out, html: test.html, python: filepath.Join(folder, "interpreter")}
			var stdout, stderr bytes.Buffer
			err := r.run(context.Background(), file, &stdout, &stderr)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %s", err, test.want)
			}
		})
	}
	left, err := os.ReadDir(filepath.Dir(good))
	if err != nil || len(left) > 0 {
		t.Errorf("%v, %v left beside the results", err, left)
	}
}

// A shell leaves the ~ of --out=~/x to the program.
func TestRunSavesBelowTheHomeFolder(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Chdir(t.TempDir())
	r := notebookRun{out: "~/out.ipynb", html: "~/page/out.html"}
	if err := r.checkOutputs(); err != nil || r.out != filepath.Join(home, "out.ipynb") || r.html != filepath.Join(home, "page", "out.html") {
		t.Errorf("%v: %s and %s", err, r.out, r.html)
	}
}

// whenItSays cancels when a text is written.
type whenItSays struct {
	text   string
	cancel func()
	all    bytes.Buffer
}

func (w *whenItSays) Write(data []byte) (int, error) {
	w.all.Write(data)
	if strings.Contains(w.all.String(), w.text) {
		w.cancel()
	}
	return len(data), nil
}

// TestAnInterruptedRunIsSaved interrupts a notebook in its second cell.
func TestAnInterruptedRunIsSaved(t *testing.T) {
	python, environment := jupyter(t)
	for _, entry := range environment {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "JUPYTER_") {
			t.Setenv(name, value)
		}
	}
	file := filepath.Join(t.TempDir(), "a.ipynb")
	const cell = `{"cell_type": "code", "id": "%d", "metadata": {}, "execution_count": null, "outputs": [], "source": "%s"}`
	text := `{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [` +
		fmt.Sprintf(cell, 1, "%version") + "," + fmt.Sprintf(cell, 2, "!sleep 60") + "]}"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stderr := &whenItSays{text: "cell 2 of 2", cancel: cancel}
	r := notebookRun{python: python, kernel: "headstart"}
	err := r.run(ctx, file, new(bytes.Buffer), stderr)
	if err == nil || !strings.Contains(err.Error(), "the run was interrupted; as far as it got, the notebook is in") {
		t.Errorf("%v\n%s", err, stderr.all.String())
	}
	if strings.Contains(stderr.all.String(), "Traceback") {
		t.Error(stderr.all.String())
	}
	if executed, err := os.ReadFile(r.out); err != nil || !strings.Contains(string(executed), "output_type") {
		t.Errorf("%s, %v", executed, err)
	}
}

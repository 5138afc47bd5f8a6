package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
)

// hostileFolder is a folder of somebody else, with a Python module that leaves a file when it is imported.
func hostileFolder(t *testing.T, module string) (folder, mark string) {
	t.Helper()
	folder = t.TempDir()
	mark = filepath.Join(t.TempDir(), "mark")
	if err := os.WriteFile(filepath.Join(folder, module), []byte("open("+"'"+mark+"', 'w')\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return folder, mark
}

const emptyNotebook = `{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}`

// jupyterPython is the interpreter that setup made.
func jupyterPython(t *testing.T) string {
	t.Helper()
	python, err := filepath.Abs("../../../.headstart/venv/bin/python")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(python); err != nil {
		need.Lack(t, need.Setup, "no Jupyter: run make setup")
	}
	return python
}

func TestEscapeSequencesDoNotReachTheTerminal(t *testing.T) {
	output, err := program(t, "run", "\x1b]0;owned\a.ipynb").CombinedOutput()
	if err == nil || strings.ContainsAny(string(output), "\x1b\a") || !strings.Contains(string(output), `\u001b]0;owned\u0007`) {
		t.Errorf("%q, %v", output, err)
	}
}

func TestRunImportsNothingOfTheCurrentFolder(t *testing.T) {
	python := jupyterPython(t)
	folder, mark := hostileFolder(t, "json.py")
	if err := os.WriteFile(filepath.Join(folder, "in.ipynb"), []byte(emptyNotebook), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(folder)
	r := notebookRun{python: python, kernel: "there-is-no-such-kernel"}
	err := r.run(t.Context(), "in.ipynb", io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "is not known to the Jupyter") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("a module of the current folder ran")
	}
}

func TestRunWritesThroughNoLink(t *testing.T) {
	python := jupyterPython(t)
	folder := t.TempDir()
	victim := filepath.Join(t.TempDir(), "victim")
	for file, text := range map[string]string{victim: "precious", filepath.Join(folder, "in.ipynb"): emptyNotebook} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"in.executed.ipynb", "page.html"} {
		if err := os.Symlink(victim, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	r := notebookRun{python: python, kernel: "headstart", html: filepath.Join(folder, "page.html")}
	if err := r.run(t.Context(), filepath.Join(folder, "in.ipynb"), io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(victim); err != nil || string(text) != "precious" {
		t.Errorf("the file behind the link: %.40q, %v", text, err)
	}
}

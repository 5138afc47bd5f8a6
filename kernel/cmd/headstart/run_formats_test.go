package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestRunReadsEveryMinorFormat compares with Jupyter's own schemas what is given to Jupyter, and so saved.
func TestRunReadsEveryMinorFormat(t *testing.T) {
	python, environment := jupyter(t)
	const cells = `{"cell_type": "markdown", "id": null, "metadata": null, "source": "x"},
		{"cell_type": "code", "metadata": {"jupyter": {"outputs_hidden": true}}, "source": ["x := 1\n", "x"], "outputs": [
			{"output_type": "display_data", "data": {"text/plain": "x"}, "transient": {"display_id": "1"}},
			{"output_type": "execute_result", "data": {"text/plain": "x"}}]},
		{"cell_type": "code", "id": "same", "source": "", "outputs": null, "metadata": {"collapsed": null}},
		{"cell_type": "code", "id": "same", "source": null, "execution_count": 3, "outputs": [{"output_type": "error", "ename": "E", "evalue": "v"}]}`
	for minor := range 6 {
		text := fmt.Sprintf(`{"nbformat": 4, "nbformat_minor": %d, "metadata": null, "cells": [%s]}`, minor, cells)
		file := filepath.Join(t.TempDir(), "notebook.ipynb")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		prepared, err := new(notebookRun).prepare(file)
		if err != nil {
			t.Fatal(err)
		}
		defer os.Remove(prepared)
		check := exec.Command(python, "-P", "-c", `
import json, sys
import nbformat
nbformat.validate(nbformat.from_dict(json.load(open(sys.argv[1]))))
`, prepared)
		check.Env = environment
		if output, err := check.CombinedOutput(); err != nil {
			t.Errorf("nbformat 4.%d: %v\n%s", minor, err, output)
		}
	}
}

// Package tests runs what belongs to no single package: the notebooks, through the real kernel.
package tests

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
)

// program returns an installed program.
func program(t *testing.T, name string) string {
	t.Helper()
	bin := os.Getenv("HEADSTART_BIN")
	if bin == "" {
		bin = filepath.Join("..", ".headstart", "bin")
	}
	path, err := filepath.Abs(filepath.Join(bin, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		need.Lack(t, need.Setup, "no "+path+": make setup")
	}
	return path
}

// needs is what a notebook's metadata asks for beyond the installation: {"headstart": {"needs": ["network"]}}.
func needs(t *testing.T, file string) []need.Thing {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var notebook struct {
		Metadata struct {
			Headstart struct{ Needs []need.Thing }
		}
	}
	if err := json.Unmarshal(data, &notebook); err != nil {
		t.Fatal(err)
	}
	return notebook.Metadata.Headstart.Needs
}

// TestNotebooks runs every notebook to its end, sequentially: each takes the whole machine.
func TestNotebooks(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short: the notebooks train models")
	}
	headstart := program(t, "headstart")
	notebooks, err := filepath.Glob(filepath.Join("..", "notebooks", "*.ipynb"))
	if err != nil || len(notebooks) == 0 {
		t.Fatalf("found no notebooks: %v", err)
	}
	notebooks = append(notebooks, filepath.Join("..", "docker", "colab", "headstart.ipynb"))
	for _, file := range notebooks {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".ipynb"), func(t *testing.T) {
			for _, thing := range needs(t, file) {
				need.Lack(t, thing, "the notebook's metadata asks for it")
			}
			folder := t.TempDir() // lessons write into the folder that they are in
			copied, out := filepath.Join(folder, filepath.Base(file)), filepath.Join(folder, "executed.ipynb")
			copyFile(t, file, copied)
			output, err := exec.CommandContext(t.Context(), headstart, "run", copied, "--out", out, "--timeout", "10m").CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s\nthe last cells printed:\n%s", err, output, lastOutputs(out, 4))
			}
			lines := strings.Split(strings.TrimSpace(string(output)), "\n")
			t.Log(lines[len(lines)-1])
			if *publish && filepath.Base(filepath.Dir(file)) == "notebooks" { // that of Colab is run there
				publishNotebook(t, out, file)
			}
		})
	}
}

// lastOutputs is the text of the last cells of a notebook that have any, without an error's.
func lastOutputs(file string, cells int) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	var notebook struct {
		Cells []struct{ Outputs []struct{ Text any } }
	}
	if err := json.Unmarshal(data, &notebook); err != nil {
		return err.Error()
	}
	var texts []string
	for _, cell := range notebook.Cells {
		text := ""
		for _, output := range cell.Outputs {
			switch lines := output.Text.(type) {
			case string:
				text += lines
			case []any:
				for _, line := range lines {
					text += fmt.Sprint(line)
				}
			}
		}
		if text != "" {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts[max(0, len(texts)-cells):], "\n")
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestRunTellsTheFailingCell runs a notebook whose second cell fails, and reads what is said and saved.
func TestRunTellsTheFailingCell(t *testing.T) {
	headstart := program(t, "headstart")
	dir := t.TempDir()
	file, out := filepath.Join(dir, "fails.ipynb"), filepath.Join(dir, "out.ipynb")
	text := `{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
{"cell_type": "code", "id": "a", "metadata": {}, "execution_count": null, "outputs": [], "source": "%help"},
{"cell_type": "code", "id": "b", "metadata": {}, "execution_count": null, "outputs": [], "source": "%dataset load /no/such/folder"},
{"cell_type": "code", "id": "c", "metadata": {}, "execution_count": null, "outputs": [], "source": "%help"}]}`
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	output, err := exec.CommandContext(t.Context(), headstart, "run", file, "--out", out, "--timeout", "2m").CombinedOutput()
	if err == nil {
		t.Fatalf("a failing cell was no failure:\n%s", output)
	}
	for _, want := range []string{"cell 2 of 3: %dataset load", "/no/such/folder", "as far as it got, the notebook is in " + out} {
		if !strings.Contains(string(output), want) {
			t.Errorf("the output lacks %q:\n%s", want, output)
		}
	}
	if strings.Contains(string(output), "cell 3 of 3") {
		t.Errorf("the cell behind the failing one ran:\n%s", output)
	}
	saved, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(saved), `"output_type": "error"`) {
		t.Error("the saved notebook does not show the error")
	}
}

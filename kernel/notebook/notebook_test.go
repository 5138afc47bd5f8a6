package notebook

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sample = `{
 "cells": [
  {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# <Title> & %train"},
  {"cell_type": "code", "id": "b", "metadata": {"tags": ["parameters"]}, "execution_count": 1, "outputs": [], "source": ["var epochs = 10\n", "var name = \"x\""]},
  {"cell_type": "code", "id": "c", "metadata": {}, "execution_count": 2, "source": "%train --lr 0.1 --epochs 10 --augment 'flip, crop'\n%training --epochs 1",
   "outputs": [{"output_type": "display_data", "metadata": {}, "data": {"application/x": {"n": 1}, "text/plain": "one"}},
               {"output_type": "display_data", "metadata": {}, "data": {"application/x": {"n": 2}}},
               {"output_type": "stream", "name": "stdout", "text": "hello"}]}
 ],
 "metadata": {"kernelspec": {"name": "headstart"}},
 "nbformat": 4,
 "nbformat_minor": 5
}`

func parse(t *testing.T, text string) *Notebook {
	t.Helper()
	nb, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return nb
}

// normal decodes JSON, with every source as one string.
func normal(t *testing.T, data []byte) any {
	t.Helper()
	var value map[string]any
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatal(err)
	}
	for _, cell := range value["cells"].([]any) {
		fields := cell.(map[string]any)
		if lines, ok := fields["source"].([]any); ok {
			text := ""
			for _, line := range lines {
				text += line.(string)
			}
			fields["source"] = text
		}
	}
	return value
}

func TestBytesKeepsEverything(t *testing.T) {
	got, err := parse(t, sample).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(normal(t, []byte(sample)), normal(t, got)); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(string(got), "# <Title> & %train") {
		t.Error("the text of a cell was escaped")
	}
}

func TestSet(t *testing.T) {
	nb := parse(t, sample)
	parameters := []Parameter{{"train.epochs", "3"}, {"train.augment", "a b"}, {"epochs", "4"}, {"name", "it's"}, {"rate", "1e-3"}, {"on", "true"}}
	if err := nb.Set(parameters); err != nil {
		t.Fatal(err)
	}
	want := "%train --lr 0.1 --epochs=3 --augment='a b'\n%training --epochs 1"
	if got := nb.Cells[3].Source; got != want {
		t.Errorf("flags: got %s, want %s", got, want)
	}
	want = "var (\n\tepochs = 4\n\tname = \"it's\"\n\trate = 0.001\n\ton = true\n)"
	if got := nb.Cells[2].Source; got != want {
		t.Errorf("variables: got %s, want %s", got, want)
	}
	if err := nb.Set([]Parameter{{"epochs", "5"}}); err != nil {
		t.Fatal(err)
	}
	if len(nb.Cells) != 4 {
		t.Errorf("a second run left %d cells, want 4", len(nb.Cells))
	}
	if err := nb.Set([]Parameter{{"tune.trials", "5"}}); err == nil {
		t.Error("a flag of a magic that is not called was accepted")
	}
}

func TestParseParameter(t *testing.T) {
	for _, text := range []string{"epochs", "func=1", "a b=1", "train.=1", "_=2", "=1"} {
		if p, err := ParseParameter(text); err == nil {
			t.Errorf("%s was accepted as %v", text, p)
		}
	}
	if p, err := ParseParameter("path=a=b"); err != nil || p.Value != "a=b" {
		t.Errorf("path=a=b gave %v, %v", p, err)
	}
}

func TestLast(t *testing.T) {
	var value struct{ N int }
	if nb := parse(t, sample); !nb.Last("application/x", &value) || value.N != 2 || nb.Last("application/y", &value) {
		t.Errorf("got %d, want the last of two", value.N)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(`{"nbformat":4,"cells":[{"cell_type":"code","source":[]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		nb, err := Parse(data)
		if err != nil {
			return
		}
		if err := nb.Set([]Parameter{{"x", "1"}}); err != nil {
			t.Fatal(err)
		}
		out, err := nb.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(out); err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
	})
}

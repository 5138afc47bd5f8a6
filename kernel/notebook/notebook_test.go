package notebook

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/kernel/registry"
)

func setFlag(code, magic, flag, value string) (string, int) {
	return registry.WithFlag(code, magic, flag, value, registry.Lines{})
}

const sample = `{
 "cells": [
  {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# <Title> & %train"},
  {"cell_type": "code", "id": "b", "metadata": {"tags": ["parameters"]}, "execution_count": 1, "outputs": [], "source": ["var epochs = 10\n", "var name = \"x\""]},
  {"cell_type": "code", "id": "c", "metadata": {}, "execution_count": 2, "source": "%train --lr 0.1 --epochs 10 --augment 'flip, crop'\n%training --epochs 1",
   "outputs": [{"output_type": "display_data", "metadata": {}, "data": {"application/x": {"n": 1}, "text/plain": "one"}},
               {"output_type": "display_data", "metadata": {}, "data": {"application/x": {"n": 2}}},
               {"output_type": "stream", "name": "stdout", "text": "hello"}]}
 ],
 "metadata": {"kernelspec": {"name": "headstart", "display_name": "Go"}},
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
	if err := nb.Set(parameters, setFlag); err != nil {
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
	if err := nb.Set([]Parameter{{"epochs", "5"}}, setFlag); err != nil {
		t.Fatal(err)
	}
	if len(nb.Cells) != 4 {
		t.Errorf("a second run left %d cells, want 4", len(nb.Cells))
	}
	if err := nb.Set([]Parameter{{"tune.trials", "5"}}, setFlag); err == nil {
		t.Error("a flag of a magic that is not called was accepted")
	}
}

// TestParametersHaveTheTypesOfTheirDefaults: code that works with the default works with the parameter.
func TestParametersHaveTheTypesOfTheirDefaults(t *testing.T) {
	for _, c := range []struct{ defaults, name, value, want string }{
		{"", "lr", "1.0", "lr = 1.0"},
		{"", "lr", "1e5", "lr = 100000.0"},
		{"", "n", "010", "n = 10"},
		{"", "n", "+5", "n = 5"},
		{"", "n", "1e400", `n = "1e400"`},
		{"", "on", "true", "on = true"},
		{"lr := 0.5", "lr", "1", "lr = 1.0"},
		{"%help\nvar (\n\tlr = -0.5\n)", "lr", "1", "lr = 1.0"},
		{"var lr float32 = 1", "lr", "2", "lr float32 = 2.0"},
		{"var lr float32", "lr", "0.5", "lr float32 = 0.5"},
		{"a, name := 1, `x`", "name", "2024", `name = "2024"`},
		{"var name string", "name", "true", `name = "true"`},
		{"epochs := 10", "epochs", "1e3", "epochs = 1000"},
		{"epochs := 10", "epochs", "2.5", "epochs = 2.5"},
		{"var epochs uint8 = 10", "epochs", "20", "epochs uint8 = 20"},
		{"wait := time.Second", "wait", "3", "wait = 3"},
		{"on := false", "on", "1", "on = 1"},
		{"lr := (", "lr", "1", "lr = 1"},
	} {
		nb := &Notebook{Cells: []Cell{{Kind: "code", Source: c.defaults, Tags: []string{parametersTag}}}}
		if err := nb.Set([]Parameter{{c.name, c.value}}, setFlag); err != nil {
			t.Fatal(err)
		}
		if got, want := nb.Cells[1].Source, "var (\n\t"+c.want+"\n)"; got != want {
			t.Errorf("%s=%s after %q: %s, want %s", c.name, c.value, c.defaults, got, want)
		}
	}
}

func TestTheCellOfParametersHasAnIDWhereTheFormatHas(t *testing.T) {
	for minor, want := range map[string]string{"4": "", "5": `"id": "injected-parameters-1"`} {
		nb := parse(t, `{"nbformat":4,"nbformat_minor":`+minor+`,"metadata":{},"cells":[
			{"cell_type":"code","id":"injected-parameters","metadata":{},"source":"x","outputs":[],"execution_count":null}]}`)
		if err := nb.Set([]Parameter{{"x", "1"}}, setFlag); err != nil {
			t.Fatal(err)
		}
		text, err := nb.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if got := string(text); !strings.Contains(got, want) || want == "" && strings.Contains(got, `"id"`) {
			t.Errorf("format 4.%s: %s", minor, got)
		}
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
		if err := nb.Set([]Parameter{{"x", "1"}}, setFlag); err != nil {
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

// TestWhatIsMissingIsAdded: GitHub shows nothing of a notebook that its schema does not allow.
func TestWhatIsMissingIsAdded(t *testing.T) {
	for name, test := range map[string]struct{ cells, minor, want string }{
		"id null":            {`{"cell_type":"markdown","id":null,"metadata":{},"source":"x"}`, `5`, `"id": "cell-1"`},
		"id missing":         {`{"cell_type":"markdown","metadata":{},"source":"x"}`, `5`, `"id": "cell-1"`},
		"id not allowed":     {`{"cell_type":"markdown","id":"a b","metadata":{},"source":"x"}`, `5`, `"id": "cell-1"`},
		"id of a number":     {`{"cell_type":"markdown","id":7,"metadata":{},"source":"x"}`, `5`, `"id": "cell-1"`},
		"id twice":           {`{"cell_type":"markdown","id":"cell-1","source":""},{"cell_type":"markdown","id":"cell-1","source":""}`, `5`, `"id": "cell-2"`},
		"id kept":            {`{"cell_type":"markdown","id":"abc","metadata":{},"source":"x"}`, `5`, `"id": "abc"`},
		"minor missing":      {`{"cell_type":"markdown","id":"abc","metadata":{},"source":"x"}`, `null`, `"nbformat_minor": 5`},
		"metadata null":      {`{"cell_type":"code","metadata":null,"source":"x","outputs":null}`, `4`, `"metadata": {}`},
		"outputs null":       {`{"cell_type":"code","metadata":{},"source":"x","outputs":null}`, `4`, `"outputs": []`},
		"count missing":      {`{"cell_type":"code","source":"x"}`, `0`, `"execution_count": null`},
		"source null":        {`{"cell_type":"code","source":null}`, `0`, `"source": [`},
		"output's metadata":  {`{"cell_type":"code","source":"","outputs":[{"output_type":"display_data","data":{}}]}`, `2`, `"metadata": {}`},
		"error's traceback":  {`{"cell_type":"code","source":"","outputs":[{"output_type":"error","ename":"E","evalue":"v"}]}`, `2`, `"traceback": []`},
		"outputs_hidden":     {`{"cell_type":"code","source":"","metadata":{"jupyter":{"outputs_hidden":true}}}`, `3`, `"outputs_hidden": true`},
		"display name":       {`{"cell_type":"raw","source":""}`, `4`, `"display_name": "headstart"`},
		"state of widgets":   {`{"cell_type":"raw","source":""}`, `4`, `"state": {}`},
		"other fields there": {`{"cell_type":"raw","source":"","metadata":{"mine":[1]}}`, `4`, `"mine": [`},
	} {
		t.Run(name, func(t *testing.T) {
			nb := parse(t, `{"nbformat":4,"nbformat_minor":`+test.minor+`,"metadata":{"kernelspec":{"name":"headstart"},"language_info":{},`+
				`"widgets":{"application/vnd.jupyter.widget-state+json":{"version_major":2,"version_minor":0}}},"cells":[`+test.cells+`]}`)
			got, err := nb.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(got), test.want) {
				t.Errorf("%s has no %s", got, test.want)
			}
		})
	}
	got, err := parse(t, `{"nbformat":4,"nbformat_minor":4,"metadata":null,"cells":[{"cell_type":"markdown","id":"a","outputs":[],"execution_count":1,"source":"",`+
		`"metadata":{"jupyter":{"outputs_hidden":null}}},{"cell_type":"code","source":"","outputs":[{"output_type":"stream","name":"stdout","text":"","transient":{}}]}]}`).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for _, removed := range []string{`"id"`, `outputs_hidden`, `transient`, `"execution_count": 1`} {
		if strings.Contains(string(got), removed) {
			t.Errorf("%s has %s", got, removed)
		}
	}
}

func TestDamagedNotebooksAreRefused(t *testing.T) {
	for _, text := range []string{
		`[]`, `{}`, `{"nbformat":3}`, `{"nbformat":4}`, `{"nbformat":4,"cells":[null]}`, `{"nbformat":4,"cells":[{}]}`,
		`{"nbformat":4,"cells":[{"cell_type":"code","source":7}]}`, `{"nbformat":4,"cells":[{"cell_type":"code","source":"","metadata":[]}]}`,
		`{"nbformat":4,"cells":[{"cell_type":"code","source":"","outputs":[7]}]}`,
	} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

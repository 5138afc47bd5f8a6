package exercise

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/record"
	"github.com/headstart-nb/headstart/notebooks"
)

// dataset has two classes, three training images and one to validate.
func dataset() *imagefolder.Dataset {
	return &imagefolder.Dataset{
		Classes: []string{"cat", "dog"},
		Items: []imagefolder.Item{
			{Path: "cat/1", Split: imagefolder.Train}, {Path: "cat/2", Split: imagefolder.Val},
			{Path: "dog/1", Label: 1, Split: imagefolder.Train}, {Path: "dog/2", Label: 1, Split: imagefolder.Train},
		},
		Diagnoses: []diagnosis.Diagnosis{
			{Severity: diagnosis.Warning, Code: imagefolder.CodeTwoLabels, Sentence: "One image has two labels."},
			{Severity: diagnosis.Note, Code: imagefolder.CodeSkipped, Sentence: "One file is skipped."},
		},
	}
}

func run(accuracy float64) *record.Run {
	return &record.Run{
		Name: "first", Model: "chosen", Recipe: recipe.Recipe{Method: recipe.MethodClassic}, ValImages: 10,
		History: history.History{{Epoch: 1, ValAccuracy: accuracy, ValLoss: 1, Best: true}},
	}
}

func TestCheck(t *testing.T) {
	accuracy := 0.5
	published := run(0.9)
	published.Backbone.Weights = resnet.Origin{Kind: resnet.KindPublished, Name: "sample"}
	for _, test := range []struct {
		name, requires string
		work           Work
		want           string // what is open, joined; empty: done
	}{
		{"no dataset", `{"dataset": {}}`, Work{}, "No dataset is loaded."},
		{"classes", `{"dataset": {"classes": {"min": 2, "max": 2}}}`, Work{Dataset: dataset()}, ""},
		{"too few", `{"dataset": {"images": {"min": 5}}}`, Work{Dataset: dataset()}, "The dataset has 4 images; the exercise asks for at least 5."},
		{"split", `{"dataset": {"splits": {"test": {"min": 1}}}}`, Work{Dataset: dataset()}, "The dataset has 0 test images; the exercise asks for at least 1."},
		{"a warning", `{"dataset": {"without": ["two-labels"]}}`, Work{Dataset: dataset()}, "One image has two labels."},
		{"a note fails nothing", `{"dataset": {"without": ["skipped"]}}`, Work{Dataset: dataset()}, ""},
		{"no run", `{"run": {}}`, Work{}, "No training has ended yet."},
		{"accuracy", `{"run": {"accuracy": {"min": 0.8}}}`, Work{Run: run(0.75)}, "The validation accuracy of the run first is 0.75; the exercise asks for at least 0.8."},
		{"accurate", `{"run": {"accuracy": {"min": 0.8}}}`, Work{Run: run(0.8)}, ""},
		{"recipe", `{"run": {"methods": ["auto"]}}`, Work{Run: run(1)}, "The run first has the recipe classic; the exercise asks for auto."},
		{"weights", `{"run": {"weights": ["sample"]}}`, Work{Run: published}, ""},
		{"another model", `{"run": {"model": "best"}}`, Work{Run: run(1)}, "The run first trained the model chosen; the exercise asks for the model best."},
		{"the model", `{"run": {"model": "chosen"}}`, Work{Run: run(1)}, ""},
		{"augmented", `{"run": {"augment": true}}`, Work{Run: run(1)}, "The run first has no augmentation."},
		{"no validation", `{"run": {"accuracy": {"min": 0}}}`, Work{Run: &record.Run{Name: "first"}}, "The run first has no validation accuracy."},
		{"no model", `{"evaluate": {"accuracy": {"min": 0.4}}}`, Work{}, "There is no trained model."},
		{"evaluated", `{"evaluate": {"accuracy": {"max": 0.4}}}`, Work{Accuracy: &accuracy}, "The accuracy on the val images is 0.5; the exercise asks for at most 0.4."},
		{"number", `{"answer": {"number": 0.25, "tolerance": 0.01}}`, Work{Answer: "25.5 %"}, ""},
		{"a number at the edge of the tolerance", `{"answer": {"number": 0.9, "tolerance": 0.05}}`, Work{Answer: "0.85"}, ""}, // 0.9 - 0.85 > 0.05 in binary
		{"nearly", `{"run": {"accuracy": {"min": 0.9}}}`, Work{Run: run(0.8996)}, "The validation accuracy of the run first is 0.8996; the exercise asks for at least 0.9."},
		{"wrong number", `{"answer": {"number": 0.25, "tolerance": 0.01}}`, Work{Answer: "0.3"}, `The answer "0.3" is not right.`},
		{"not a number", `{"answer": {"number": 1}}`, Work{Answer: "nan"}, `The answer "nan" is not a number.`},
		{"text", `{"answer": {"texts": ["Background"]}}`, Work{Answer: " background"}, ""},
		{"no answer", `{"answer": {"texts": ["background"]}}`, Work{}, "The answer is missing."},
		{"file", `{"file": "model/model.json"}`, Work{}, "There is no model/model.json."},
		{"printed", `{"prints": {"line": "%count", "field": "n", "number": 3}}`, Work{Printed: `{"n": 3}`}, ""},
		{"printed text", `{"prints": {"line": "%count", "texts": ["three"]}}`, Work{Printed: "three\n"}, ""},
		{"printed field", `{"prints": {"line": "%count", "field": "n", "texts": ["three"]}}`, Work{Printed: `{"n": "three"}`}, ""},
		{"wrong print", `{"prints": {"line": "%count", "field": "n", "number": 3}}`, Work{Printed: `{"n": 4}`}, `The line %count prints "4" as n, which is not right.`},
		{"no field", `{"prints": {"line": "%count", "field": "n", "number": 3}}`, Work{Printed: `{"m": 3}`},
			`The line %count must print a JSON object with the field "n"; it prints "{\"m\": 3}".`},
		{"no JSON", `{"prints": {"line": "%count", "field": "n", "number": 3}}`, Work{Printed: "3"},
			`The line %count must print a JSON object with the field "n"; it prints "3".`},
		{"nothing printed", `{"prints": {"line": "%count", "number": 3}}`, Work{}, `The line %count prints "", which is not right.`},
		{"a line that fails", `{"prints": {"line": "%count", "number": 3}}`, Work{Unrun: errors.New("there is no %count")},
			"The line %count fails: there is no %count."},
		{"all of several", `{"dataset": {}, "run": {}}`, Work{Dataset: dataset()}, "No training has ended yet."},
	} {
		t.Run(test.name, func(t *testing.T) {
			list, err := Read(strings.NewReader(`{"1": {"task": "Do it", ` + strings.TrimPrefix(test.requires, "{") + `}`))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(list["1"].Check(test.work), " "); got != test.want {
				t.Errorf("open: %q, want %q", got, test.want)
			}
		})
	}
}

// TestReadRefuses holds that what a list says is never passed over: everybody would pass an exercise that requires nothing.
func TestReadRefuses(t *testing.T) {
	for _, text := range []string{
		``, `[]`, `{"1": {"task": "Do it"}}`, `{"1": {"dataset": {}}}`, `{"1": {"task": "x", "dataset": {"clases": {}}}}`,
		`{"1": {"task": "x", "dataset": {"without": ["two-label"]}}}`, `{"1": {"task": "x", "dataset": {"splits": {"validation": {"max": 9}}}}}`,
		`{"1": {"task": "x", "answer": {}}}`, `{"1": {"task": "x", "answer": {"number": 1, "texts": ["a"]}}}`,
		`{"1": {"task": "x", "answer": {"number": 1, "tolerance": -1}}}`, `{"1": {"task": "x", "evaluate": {}}}`,
		`{"1": {"task": "x", "prints": {"line": "%a"}}}`, `{"1": {"task": "x", "prints": {"line": "!rm", "number": 1}}}`,
		`{"1": {"task": "x", "prints": {"line": "%a\n!rm", "number": 1}}}`, `{"1": {"task": "x", "prints": {"line": "%%bash", "number": 1}}}`,
		`{"1": {"task": "x", "file": "../secret"}}`, `{"1": {"task": "x", "file": "/etc/passwd"}}`, `{"a b": {"task": "x", "run": {}}}`,
		`{"1": {"task": "x", "run": {}}} more`, `{"": {"task": "x", "run": {}}}`, strings.Repeat(" ", MaxBytes+1),
	} {
		var invalid *InvalidError
		if _, err := Read(strings.NewReader(text)); !errors.As(err, &invalid) {
			t.Errorf("%.60q was read: %v", text, err)
		}
	}
}

func TestTheLessonsExercisesAreValid(t *testing.T) {
	list, err := Read(notebooks.Exercises())
	if err != nil || len(list) == 0 {
		t.Fatalf("%d exercises, %v", len(list), err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"1": {"task": "Do it", "run": {"accuracy": {"min": 0.5}}}}`)
	f.Add(`{"1": {"task": "Do it", "answer": {"number": 1e999}}}`)
	f.Add(`{"1": {"task": "Do it", "prints": {"line": "%a", "field": "b", "number": 1}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		list, err := Read(strings.NewReader(text))
		if err != nil {
			return
		}
		for name, e := range list {
			if open := e.Check(Work{}); len(open) == 0 {
				t.Errorf("exercise %q is done by nobody's work", name)
			}
		}
		again, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Read(strings.NewReader(string(again))); err != nil {
			t.Errorf("what was read is not read again: %v", err)
		}
	})
}

// TestWithoutNamesEachCode: a warning that a dataset can have can be asked to be gone.
func TestWithoutNamesEachCode(t *testing.T) {
	for _, code := range imagefolder.Codes() {
		if _, err := Read(strings.NewReader(`{"1": {"task": "x", "dataset": {"without": ["` + code + `"]}}}`)); err != nil {
			t.Error(err)
		}
	}
}

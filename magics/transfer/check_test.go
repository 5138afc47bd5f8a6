package transfer_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/magics/transfer"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
)

const course = `{
 "data": {"task": "Load two classes", "dataset": {"classes": {"min": 2, "max": 2}, "images": {"min": 20}}},
 "model": {"task": "Train a model", "hint": "%train does.", "run": {"methods": ["classic"]}, "evaluate": {"accuracy": {"min": 0.1}}},
 "answer": {"task": "Name the class", "answer": {"texts": ["red"]}},
 "saved": {"task": "Save it", "file": "kept/model.json"},
 "magic": {"task": "Write a magic", "prints": {"line": "%count --json", "field": "n", "number": 3}}
}`

// TestCheckEndsAsAnError follows a student: each exercise is open, then done.
func TestCheckEndsAsAnError(t *testing.T) {
	p := transfertest.New(t)
	if err := os.WriteFile("course.json", []byte(course), 0o600); err != nil {
		t.Fatal(err)
	}
	find := func(name string) magics.Magic {
		for _, m := range p.Magics() {
			if m.Name() == name {
				return m
			}
		}
		t.Fatalf("no %%%s", name)
		return nil
	}
	run := func(cell string) (string, error) {
		var host magictest.Host
		name, _, _ := strings.Cut(strings.TrimPrefix(cell, "%"), " ")
		err := host.Run(t.Context(), find(name), cell)
		return host.Output(), err
	}
	open := func(cell, want string) {
		t.Helper()
		var undone *transfer.OpenExerciseError
		if _, err := run(cell); !errors.As(err, &undone) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an open exercise with %q", cell, err, want)
		}
	}
	done := func(cell string) {
		t.Helper()
		if _, err := run(cell); err != nil {
			t.Errorf("%s: %v", cell, err)
		}
	}
	open("%check --file course.json data", "No dataset is loaded.")
	open("%check --file course.json model", "%train does.")
	done("%dataset load photos --size 32")
	done("%check --file course.json data")
	done("%model resnet50 --weights random --cut conv1 --head ''")
	open("%check --file course.json model", "There is no trained model.")
	done("%train --epochs 1")
	done("%check --file course.json model")
	open("%check --file course.json answer", "The answer is missing.")
	open("%check --file course.json answer blue", "not right")
	open("%check --file course.json answer", "not right") // what was answered before
	done("%check --file course.json answer RED")
	done("%check --file course.json answer")
	open("%check --file course.json saved", "There is no kept/model.json.")
	done("%save kept")
	done("%check --file course.json saved")
	if _, err := run("%check --file course.json nothing"); err == nil || !strings.Contains(err.Error(), "answer, data, magic, model, saved") {
		t.Errorf("an unknown exercise: %v", err)
	}
	if out, err := run("%check --file course.json data --json"); err != nil || out != "{\"done\":true,\"exercise\":\"data\"}\n" {
		t.Errorf("%q, %v", out, err)
	}
}

// TestCheckRunsTheStudentsLine stands for a kernel that runs the line of an exercise.
func TestCheckRunsTheStudentsLine(t *testing.T) {
	p := transfertest.New(t)
	if err := os.WriteFile("course.json", []byte(course), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		prints string
		fails  error
		want   string // what the error says; empty: done
	}{
		{prints: `{"n": 3}`},
		{prints: `{"n": 2}`, want: `prints "2" as n, which is not right`},
		{fails: errors.New("%count is not a magic"), want: "The line %count --json fails: %count is not a magic."},
		{prints: strings.Repeat(" ", 1<<20+1), want: "read what %count --json printed"},
	} {
		host := magictest.Host{Folder: t.TempDir(), OnExecute: func(_ context.Context, code string) error {
			line, file, ok := strings.Cut(code, " > ")
			if !ok || line != "%count --json" {
				t.Errorf("the kernel was asked for %q", code)
			}
			return errors.Join(test.fails, os.WriteFile(strings.Trim(file, "'"), []byte(test.prints), 0o600))
		}}
		err := p.Call(t.Context(), &host, "%check --file course.json magic")
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.40q: %v, want %q", test.prints, err, test.want)
		}
		if left, _ := os.ReadDir(host.Folder); len(left) > 0 {
			t.Errorf("the check leaves %s behind", left[0].Name())
		}
	}
}

package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// ask asks what a panel of the notebook extension asks.
func ask[R any](t *testing.T, p *Presenter, magic, request string) (answer R, err error) {
	t.Helper()
	for _, m := range p.Magics() {
		responder, ok := m.(interface {
			Respond(context.Context, json.RawMessage) (json.RawMessage, error)
		})
		if m.Name() != magic || !ok {
			continue
		}
		raw, err := responder.Respond(t.Context(), json.RawMessage(request))
		if err != nil {
			return answer, err
		}
		return answer, json.Unmarshal(raw, &answer)
	}
	t.Fatalf("%%%s answers no panel", magic)
	return answer, nil
}

// What the buttons of the runs panel insert uses that run's model, whatever has been trained since.
func TestTheModelOfARun(t *testing.T) {
	p := goLab(t)
	mustCall(t, p, "%dataset load photos --size 32 --json", "%model resnet50 --weights random --cut conv1 --head dense:8:relu",
		"%train --epochs 2 --run first", "%train --epochs 1 --run second --seed 7")
	mustCall(t, p, "%save models/first --run first", "%export torch --run first --out first.safetensors")
	raw, err := os.ReadFile(filepath.Join("models", "first", "model.json"))
	var saved struct {
		Name    string          `json:"name"`
		History history.History `json:"history"`
	}
	if err := errors.Join(err, json.Unmarshal(raw, &saved)); err != nil || saved.Name != "first" || len(saved.History) != 2 {
		t.Errorf("the folder has the run %q with %d epochs, %v", saved.Name, len(saved.History), err)
	}
	for line, want := range map[string]string{"%evaluate --run first": "first on 4 images: accuracy", "%evaluate": "resnet50 on 4 images: accuracy"} {
		if got := mustCall(t, p, line).Output(); !strings.Contains(got, want) {
			t.Errorf("%s says %q, want %q", line, got, want)
		}
	}
	first, second := mustCall(t, p, "%predict photos/red/0.png --run first --json").Output(), mustCall(t, p, "%predict photos/red/0.png --json").Output()
	if first == second || !strings.Contains(first, `"name":"0.png"`) {
		t.Errorf("the first run predicts %s, the second %s", first, second)
	}

	var listed []lab.Card
	if err := json.Unmarshal([]byte(mustCall(t, p, "%runs --json").Output()), &listed); err != nil {
		t.Fatal(err)
	}
	panel, err := ask[struct{ Runs []lab.Card }](t, p, "runs", `{}`)
	if err != nil || len(panel.Runs) != 2 || len(listed) != 2 || listed[0].ID != "second" || panel.Runs[1].ID != "first" || panel.Runs[1].Best == 0 {
		t.Errorf("the panel gets %+v, %v; %%runs --json %+v", panel, err, listed)
	}
	shown, err := ask[struct{ Data map[string]any }](t, p, "runs", `{"action": "show", "run": "first"}`)
	if card, ok := shown.Data[figure.MIMERun].(map[string]any); err != nil || !ok || card["id"] != "first" {
		t.Errorf("the cell of the run shows %v, %v", shown, err)
	}
	if _, err := ask[any](t, p, "runs", `{"action": "explode"}`); err == nil || !strings.Contains(err.Error(), "must be one of show, stop, abort, compare, rename, remove") {
		t.Errorf("an action that does not exist: %v", err)
	}

	for line, want := range map[string]string{
		"%attach nosuch":                   `unknown run "nosuch", have second, first; %runs lists them`,
		"%save models/other --run nosuch":  `unknown run "nosuch", have second, first; %runs lists them`,
		"%attach frist":                    "did you mean first?",
		"%train --run second":              "there is already a run second; choose another name, or continue it with %train --resume second",
		"%predict @nothing":                "nbhelpers.Put",
		"%model resnet51 --weights random": "did you mean resnet50?",
		"%evaluate --model other":          "build it with %model resnet50 --name other",
		"%train --batch 0":                 "batch size must be at least 1, got 0 (--batch)",
	} {
		if err := p.call(t.Context(), &magictest.Host{}, line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", line, err, want)
		}
	}
	outputs := mustCall(t, p, "%attach first").Outputs()
	if card, ok := outputs[0].Bundles[0].Data[figure.MIMERun].(lab.Card); !ok || card.ID != "first" || card.State != lab.StateDone {
		t.Errorf("%%attach first shows %+v", card)
	}
}

// The runs panel renames, compares and removes, by the code of the magic.
func TestTheRunsPanelChangesRuns(t *testing.T) {
	p, home := goLabIn(t)
	mustCall(t, p, "%dataset load photos --size 32 --json", "%model resnet50 --weights random --cut conv1 --head dense:8:relu",
		"%train --epochs 2 --run first", "%train --epochs 1 --run second --seed 7")
	type settings struct {
		Settings []struct {
			Name    string
			Values  []string
			Differs bool
		}
	}
	compared, err := ask[settings](t, p, "runs", `{"action": "compare", "runs": ["first", "second"]}`)
	differs := map[string]bool{}
	for _, s := range compared.Settings {
		differs[s.Name] = s.Differs
	}
	if err != nil || !differs["seed"] || !differs["epochs"] || differs["batch size"] || differs["dataset"] {
		t.Errorf("of the two runs differ %v, %v", differs, err)
	}
	if _, ok := differs["learning rate"]; !ok {
		t.Errorf("the comparison leaves out what is the same: %v", differs)
	}
	names := func(request string) string {
		t.Helper()
		answer, err := ask[struct{ Runs []lab.Card }](t, p, "runs", request)
		if err != nil {
			return err.Error()
		}
		var list []string
		for _, r := range answer.Runs {
			list = append(list, r.ID)
		}
		return strings.Join(list, " ")
	}
	for _, test := range []struct{ request, want string }{
		{`{"action": "rename", "run": "first", "to": "second"}`, "rename first: there is already a run second; choose another name"},
		{`{"action": "rename", "run": "first", "to": "../x"}`, `"../x" cannot name a run`},
		{`{"action": "rename", "run": "nosuch", "to": "x"}`, `unknown run "nosuch"`},
		{`{"action": "rename", "run": "first", "to": "baseline"}`, "second baseline"},
		{`{"action": "remove", "run": "first"}`, `unknown run "first"`},
		{`{"action": "remove", "run": "second"}`, "baseline"},
	} {
		if got := names(test.request); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s is answered by %q, want %q", test.request, got, test.want)
		}
	}
	mustCall(t, p, "%predict photos/red/0.png --run baseline --json", "%verify baseline", "%runs rename baseline again")
	if got := names(`{}`); got != "again" {
		t.Errorf("after the magic there are the runs %q", got)
	}
	// A lab that reads the run from disk knows it by its new name, with its weights.
	again := goPresenter(home)
	t.Cleanup(func() { _ = again.Close() })
	mustCall(t, again, "%predict photos/red/0.png --run again --json")
}

// An old name of a flag works for one release, hidden, and says the new one.
func TestRenamedFlags(t *testing.T) {
	p := goLab(t)
	host := mustCall(t, p, "%model resnet50 --weights random --cut conv1 --arrangement v1.5 --json")
	if !strings.Contains(host.Output(), "ResNet50 v1.5") || !strings.Contains(host.Errors(), "use --variant") {
		t.Errorf("the model is %s, and the note %q", host.Output(), host.Errors())
	}
	if help := textShown(mustCall(t, p, "%model --help")); !strings.Contains(help, "variant") || strings.Contains(help, "arrangement") {
		t.Error("the help shows the old name")
	}
}

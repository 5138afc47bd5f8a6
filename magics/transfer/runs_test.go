package transfer_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
	"github.com/headstart-nb/headstart/models/lab/runstatus"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// What the buttons of the runs panel insert uses that run's model, whatever has been trained since.
func TestTheModelOfARun(t *testing.T) {
	p := transfertest.New(t)
	p.Must(t, "%dataset load photos --size 32 --json", "%model resnet50 --weights random --cut conv1 --head dense:8:relu",
		"%train --epochs 2 --run first", "%train --epochs 1 --run second --seed 7")
	p.Must(t, "%save models/first --run first", "%export torch --run first --out first.safetensors")
	raw, err := os.ReadFile(filepath.Join("models", "first", "model.json"))
	var saved struct {
		Name    string          `json:"name"`
		History history.History `json:"history"`
	}
	if err := errors.Join(err, json.Unmarshal(raw, &saved)); err != nil || saved.Name != "first" || len(saved.History) != 2 {
		t.Errorf("the folder has the run %q with %d epochs, %v", saved.Name, len(saved.History), err)
	}
	for line, want := range map[string]string{"%evaluate --run first": "first on 4 images: accuracy", "%evaluate": "resnet50 on 4 images: accuracy"} {
		if got := p.Must(t, line).Output(); !strings.Contains(got, want) {
			t.Errorf("%s says %q, want %q", line, got, want)
		}
	}
	first, second := p.Must(t, "%predict photos/red/0.png --run first --json").Output(), p.Must(t, "%predict photos/red/0.png --json").Output()
	if first == second || !strings.Contains(first, `"name":"0.png"`) {
		t.Errorf("the first run predicts %s, the second %s", first, second)
	}
	for line, want := range map[string]string{"%load --run first": "loaded first: ResNet50", "%load --run second --name kept": "loaded kept: ResNet50"} {
		if got := p.Must(t, line).Output(); !strings.Contains(got, want) {
			t.Errorf("%s says %q, want %q", line, got, want)
		}
	}
	if got := p.Must(t, "%load --run first", "%predict photos/red/0.png --json").Output(); !strings.HasSuffix(got, first) {
		t.Errorf("the loaded model of the first run predicts %s, the run %s", got, first)
	}
	elsewhere := transfertest.Open(t, p.Home)
	elsewhere.Must(t, "%load --run first", "%predict photos/red/0.png --json")
	elsewhere.Must(t, "%load models/first", "%evaluate --dir photos --top-losses 0")
	if got := transfertest.TextShown(transfertest.Open(t, p.Home).Must(t, "%load models/first", "%predict photos/red/0.png")); !strings.Contains(got, "0 computed, 1 from cache") {
		t.Errorf("a saved model's features are not kept: %s", got)
	}

	var listed []runstatus.Card
	if err := json.Unmarshal([]byte(p.Must(t, "%runs --json").Output()), &listed); err != nil {
		t.Fatal(err)
	}
	panel, err := transfertest.Ask[struct{ Runs []runstatus.Card }](t, p, "runs", `{}`)
	if err != nil || len(panel.Runs) != 2 || len(listed) != 2 || listed[0].ID != "second" || panel.Runs[1].ID != "first" || panel.Runs[1].Best == 0 {
		t.Errorf("the panel gets %+v, %v; %%runs --json %+v", panel, err, listed)
	}
	shown, err := transfertest.Ask[struct{ Data map[string]any }](t, p, "runs", `{"action": "show", "run": "first"}`)
	if card, ok := shown.Data[figure.MIMERun].(map[string]any); err != nil || !ok || card["id"] != "first" {
		t.Errorf("the cell of the run shows %v, %v", shown, err)
	}
	if _, err := transfertest.Ask[any](t, p, "runs", `{"action": "explode"}`); err == nil || !strings.Contains(err.Error(), "must be one of show, stop, abort, compare, rename, remove") {
		t.Errorf("an action that does not exist: %v", err)
	}

	for line, want := range map[string]string{
		"%attach nosuch":                   `unknown run "nosuch", have second, first; %runs lists them`,
		"%save models/other --run nosuch":  `unknown run "nosuch", have second, first; %runs lists them`,
		"%attach frist":                    "did you mean first?",
		"%load --run frist":                "did you mean first?",
		"%load":                            "say which folder, or which run",
		"%load models/first --run first":   "not both",
		"%train --run second":              "there is already a run second; choose another name, or continue it with %train --resume second",
		"%predict @nothing":                "nbhelpers.Put",
		"%model resnet51 --weights random": "did you mean resnet50?",
		"%evaluate --model other":          "build it with %model resnet50 --name other",
		"%train --batch 0":                 "batch size must be at least 1, got 0 (--batch)",
	} {
		if err := p.Call(t.Context(), &magictest.Host{}, line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", line, err, want)
		}
	}
	outputs := p.Must(t, "%attach first").Outputs()
	if card, ok := outputs[0].Bundles[0].Data[figure.MIMERun].(runstatus.Card); !ok || card.ID != "first" || card.State != runstatus.StateDone {
		t.Errorf("%%attach first shows %+v", card)
	}
}

// An old name of a flag works for one release, hidden, and says the new one.
func TestRenamedFlags(t *testing.T) {
	p := transfertest.New(t)
	host := p.Must(t, "%model resnet50 --weights random --cut conv1 --arrangement v1.5 --json")
	if !strings.Contains(host.Output(), "ResNet50 v1.5") || !strings.Contains(host.Errors(), "use --variant") {
		t.Errorf("the model is %s, and the note %q", host.Output(), host.Errors())
	}
	if help := transfertest.TextShown(p.Must(t, "%model --help")); !strings.Contains(help, "variant") || strings.Contains(help, "arrangement") {
		t.Error("the help shows the old name")
	}
}

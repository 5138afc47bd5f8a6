package panel_test

import (
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
	"github.com/headstart-nb/headstart/models/lab/runstatus"
)

// The runs panel renames, compares and removes, by the code of the magic.
func TestTheRunsPanelChangesRuns(t *testing.T) {
	p := transfertest.New(t)
	p.Must(t, "%dataset load photos --size 32 --json", "%model resnet50 --weights random --cut conv1 --head dense:8:relu",
		"%train --epochs 2 --run first", "%train --epochs 1 --run second --seed 7")
	type settings struct {
		Settings []struct {
			Name    string
			Values  []string
			Differs bool
		}
	}
	compared, err := transfertest.Ask[settings](t, p, "runs", `{"action": "compare", "runs": ["first", "second"]}`)
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
		answer, err := transfertest.Ask[struct{ Runs []runstatus.Card }](t, p, "runs", request)
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
	p.Must(t, "%predict photos/red/0.png --run baseline --json", "%verify baseline", "%runs rename baseline again")
	if got := names(`{}`); got != "again" {
		t.Errorf("after the magic there are the runs %q", got)
	}
	// A lab that reads the run from disk knows it by its new name, with its weights.
	again := transfertest.Open(t, p.Home)
	again.Must(t, "%predict photos/red/0.png --run again --json")
}

package transfer_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
	"github.com/headstart-nb/headstart/models/lab/runstatus"
)

// Every magic does its work after the ones that it needs.
func TestEveryMagicWorks(t *testing.T) {
	p := transfertest.New(t)
	called := map[string]bool{}
	for _, line := range []string{
		"%dataset load photos --size 32", "%model resnet50 --weights random --cut conv1 --head dense:8:relu",
		"%train --epochs 2 --run first", "%train --resume first", "%train --find-lr", "%evaluate", "%predict photos/red/0.png",
		"%explain photos/red/0.png", "%tune --trials 2 --epochs 2", "%train --epochs 1 --run second", "%runs", "%runs compare first resnet50", "%attach first", "%verify", "%clean",
		"%save saved", "%load saved", "%verify --root photos", "%export onnx --out model.onnx", "%teach red photos/red", "%serve saved", "%serve", "%serve stop", "%device", "%check",
	} {
		host := &magictest.Host{}
		if err := p.Call(t.Context(), host, line); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(line, "%"), " ")
		called[name] = true
	}
	for _, m := range p.Magics() {
		if !called[m.Name()] {
			t.Errorf("%%%s is not tried", m.Name())
		}
	}
	runs, err := p.Lab().Cards()
	if i := slices.IndexFunc(runs, func(c runstatus.Card) bool { return c.ID == "first" }); err != nil || i < 0 || len(runs[i].Series) == 0 {
		t.Errorf("the runs are %v, %v", runs, err)
	} else if first := runs[i]; first.Epoch != 2 {
		t.Errorf("the resumed run has %d epochs, and was to end after 2", first.Epoch)
	}
}

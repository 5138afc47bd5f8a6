package transfer_test

import (
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
)

// A run is repeated by its name: while its model is here, when another has taken that one's place, and by a new process that
// knows neither.
func TestVerifyARun(t *testing.T) {
	p := transfertest.New(t)
	restarted := transfertest.Open(t, p.Home)
	for _, step := range []struct {
		p          *transfertest.Session
		line, want string
	}{
		{p, "%dataset load photos --size 32", ""},
		{p, "%model resnet50 --weights random --cut conv1 --head dense:8:relu", ""},
		{p, "%train --epochs 2 --run first", ""},
		{p, "%verify first", "first: identical"},
		{p, "%train --epochs 1 --run second", ""},
		{p, "%verify first", "first: identical"},
		{p, "%verify resnet50", "second: identical"},
		{restarted, "%verify second", "second: identical"},
	} {
		host := &magictest.Host{}
		if err := step.p.Call(t.Context(), host, step.line); err != nil {
			t.Fatalf("%s: %v", step.line, err)
		}
		if got := host.Output(); !strings.Contains(got, step.want) {
			t.Errorf("%s says %q, want %q", step.line, got, step.want)
		}
	}
	err := restarted.Call(t.Context(), &magictest.Host{}, "%verify thrid")
	if err == nil || !strings.Contains(err.Error(), "unknown run or model") {
		t.Errorf("%%verify of a run that there is not: %v", err)
	}
}

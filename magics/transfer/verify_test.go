package transfer

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics/magictest"
)

// A run is repeated by its name: while its model is here, when another has taken that one's place, and by a new process that
// knows neither.
func TestVerifyARun(t *testing.T) {
	lab := goLab(t)
	restarted := NewLab(lab.home, slog.New(slog.DiscardHandler))
	restarted.deviceOptions.Device = "go"
	t.Cleanup(func() {
		if err := restarted.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, step := range []struct {
		lab        *Lab
		line, want string
	}{
		{lab, "%dataset load photos --size 32", ""},
		{lab, "%model resnet50 --weights random --cut conv1 --head dense:8:relu", ""},
		{lab, "%train --epochs 2 --run first", ""},
		{lab, "%verify first", "first: identical"},
		{lab, "%train --epochs 1 --run second", ""},
		{lab, "%verify first", "first: identical"},
		{lab, "%verify resnet50", "second: identical"},
		{restarted, "%verify second", "second: identical"},
	} {
		host := &magictest.Host{}
		if err := step.lab.call(t.Context(), host, step.line); err != nil {
			t.Fatalf("%s: %v", step.line, err)
		}
		if got := host.Output(); !strings.Contains(got, step.want) {
			t.Errorf("%s says %q, want %q", step.line, got, step.want)
		}
	}
	err := restarted.call(t.Context(), &magictest.Host{}, "%verify thrid")
	if err == nil || !strings.Contains(err.Error(), "no run or model") {
		t.Errorf("%%verify of a run that there is not: %v", err)
	}
}

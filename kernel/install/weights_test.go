package install

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// withTransfer puts a script in headstart-transfer's place.
func withTransfer(t *testing.T, o Options, script string) {
	t.Helper()
	program := prefixLayout(o.Place.Prefix, "").Program(transferProgram)
	write(t, program, "#!/bin/sh\n"+script+"\n")
	if err := os.Chmod(program, 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestWeights(t *testing.T) {
	h, o := ready(t)
	o.Weights = WeightsImageNet
	asked := filepath.Join(t.TempDir(), "asked")
	withTransfer(t, o, `echo "$@" > '`+asked+`'`)
	if err := installOn(t.Context(), h, o); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(asked); err != nil || string(got) != "weights\n" {
		t.Errorf("headstart-transfer was called with %q (%v)", got, err)
	}
}

func TestWeightsThatCannotBeFetched(t *testing.T) {
	const sentence = "weights imagenet: fetch it: no such host; to do without the network, put the file at /hub/model.safetensors"
	h, o := ready(t)
	o.Weights = WeightsImageNet
	withTransfer(t, o, "echo 'W1125 a warning' >&2; echo 'headstart: "+sentence+"' >&2; exit 1")
	err := installOn(t.Context(), h, o)
	if want := "installing with --weights: " + sentence; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if exists(prefixLayout(o.Place.Prefix, "").Kernelspec()) {
		t.Error("a kernelspec is in place")
	}
	if err := os.Remove(prefixLayout(o.Place.Prefix, "").Program(transferProgram)); err != nil {
		t.Fatal(err)
	}
	if err := installOn(t.Context(), h, o); err == nil || !strings.Contains(err.Error(), "install without --weights") {
		t.Errorf("without headstart-transfer: %v", err)
	}
}

func TestWeightsInADryRun(t *testing.T) {
	t.Setenv("HF_HUB_CACHE", "/hub")
	h, o := testHost(t), options(t)
	var log bytes.Buffer
	o.Weights, o.DryRun, o.Log = WeightsImageNet, true, &log
	if err := installOn(t.Context(), h, o); err != nil {
		t.Fatal(err)
	}
	if want := "would fetch the ImageNet weights (102 MB) into /hub, unless they are there\n"; !strings.Contains(log.String(), want) {
		t.Errorf("the dry run says\n%s\nwithout %q", log.String(), want)
	}
	o.Weights = "resnet"
	if err := installOn(t.Context(), h, o); err == nil || !strings.Contains(err.Error(), "--weights imagenet") {
		t.Errorf("other weights: %v", err)
	}
}

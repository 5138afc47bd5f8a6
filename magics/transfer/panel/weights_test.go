package panel_test

import (
	"testing"

	"github.com/headstart-nb/headstart/magics/transfer/panel"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
	"github.com/headstart-nb/headstart/models/weights"
)

// The wizard proposes weights that can be had: what is in no cache while the network is forbidden cannot.
func TestThePanelIsToldWhichWeightsAreThere(t *testing.T) {
	t.Setenv("HF_HUB_CACHE", t.TempDir())
	t.Setenv("HF_HUB_OFFLINE", "1")
	answer, err := transfertest.Ask[panel.WeightsAnswer](t, transfertest.New(t), "model", `{}`)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]weights.Presence{}
	for _, w := range answer.Weights {
		found[w.Name] = w.Presence
		if w.Bytes <= 0 {
			t.Errorf("%s has %d bytes", w.Name, w.Bytes)
		}
	}
	if _, ok := found["dino"]; ok {
		t.Error("the servers of weights are asked that the wizard does not offer")
	}
	if found["imagenet"] != weights.PresenceNone || found["sample"] != weights.PresenceCached || len(found) < 3 {
		t.Errorf("the weights are %v", found)
	}
}

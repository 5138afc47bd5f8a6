package classifier

import (
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/resnet"
)

// A model of the published top gives the softmax of the logits that the whole network gives, under ImageNet's names, and is
// saved and loaded like any other.
func TestTop(t *testing.T) {
	device := modeltest.XLA(t, 1)
	options := modeltest.Options()
	options.Cut, options.Top = "conv5", true
	backbone := modeltest.Backbone(t, options)
	m, err := Top(t.Context(), device, "", backbone)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	pixels := make([]uint8, modeltest.Size*modeltest.Size*3)
	for i := range pixels {
		pixels[i] = uint8(i * 7 % 251)
	}
	got, err := m.PredictPixels(t.Context(), pixels, 1)
	if err != nil {
		t.Fatal(err)
	}
	extractor, err := backbone.Extractor(t.Context(), device, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer extractor.Close()
	logits, err := extractor.Extract(t.Context(), pixels, 1)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, v := range logits {
		sum += math.Exp(float64(v))
	}
	for i, v := range logits {
		if want := math.Exp(float64(v)) / sum; math.Abs(float64(got[i])-want) > 1e-5 {
			t.Fatalf("class %d has the probability %g, want %g", i, got[i], want)
		}
	}
	if len(m.Classes) != 1000 || m.Classes[0] != "tench" {
		t.Errorf("%d classes, the first %q", len(m.Classes), m.Classes[0])
	}
	dir := filepath.Join(t.TempDir(), "saved")
	if err := m.Save(dir, SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(t.Context(), device, dir, LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Close()
	again, err := loaded.PredictPixels(t.Context(), pixels, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if math.Abs(float64(got[i]-again[i])) > 1e-6 {
			t.Fatalf("class %d had the probability %g, and has %g after loading", i, got[i], again[i])
		}
	}
	if card := loaded.Card(nil); strings.Contains(card, "Dataset") || !strings.Contains(card, "the 1000 classes of ImageNet") {
		t.Errorf("the card speaks of a training:\n%s", card[:300])
	}
	if _, err := Verify(t.Context(), device, loaded.Outcome, loaded.Backbone(), "", nil); !errors.Is(err, ErrNotTrained) {
		t.Errorf("verified what was not trained: %v", err)
	}
}

func TestTopOfABackboneWithoutOne(t *testing.T) {
	_, err := Top(t.Context(), modeltest.PureGo(t), "", modeltest.Backbone(t, modeltest.Options()))
	if !errors.As(err, new(*resnet.NoTopError)) {
		t.Errorf("a backbone without a top: %v", err)
	}
}

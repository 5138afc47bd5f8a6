package models_test

import (
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/models"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/sampleset"
)

// TestSampleWeightsTransfer trains as notebook 01 does without flags, on the sample's classes, none of which the weights were
// trained on, and does the same on random weights.
func TestSampleWeightsTransfer(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short: takes half a minute")
	}
	device, err := accel.Open(t.Context(), accel.Options{Device: "cpu"})
	if err != nil {
		need.Lack(t, need.Setup, "no PJRT CPU plugin: make setup ("+err.Error()+")")
	}
	_ = device.Close()
	images := filepath.Join(t.TempDir(), "images")
	if err := sampleset.Write(t.Context(), images, sampleset.Options{PerClass: 60, Seed: 42}); err != nil {
		t.Fatal(err)
	}
	accuracy := func(weights, cut string) float64 {
		session, err := models.Open(t.Context(), models.Options{Device: "cpu", Home: t.TempDir(), Weights: weights, Cut: cut, Size: 128})
		if err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		data, err := session.Dataset(t.Context(), images)
		if err != nil {
			t.Fatal(err)
		}
		model, err := session.Train(t.Context(), data, models.AutoRecipe())
		if err != nil {
			t.Fatal(err)
		}
		defer model.Close()
		return model.History.Best().ValAccuracy
	}
	sample, random := accuracy("sample", ""), accuracy("random", "conv3")
	t.Logf("validation accuracy %.3f with the sample weights, %.3f with random ones", sample, random)
	if sample < 0.95 || random > 0.6 {
		t.Errorf("validation accuracy %.3f with the sample weights and %.3f with random ones: nothing is transferred", sample, random)
	}
}

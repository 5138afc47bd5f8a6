package classifier

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/probe"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// A candidate of each kind becomes a model that predicts what it was measured at, is saved and loaded alike, and is repeated also
// where the backbone that was compared on is not at hand.
func TestWhatWasChosenIsAModel(t *testing.T) {
	device := modeltest.PureGo(t)
	options := modeltest.Options()
	options.Cut = "conv2"
	for name, c := range map[string]selection.Candidate{
		"standardized": {Stages: []string{"conv1"}, Normalization: probe.Standard, Kind: selection.Logistic, C: 0.1},
		"two stages":   {Stages: []string{"conv1", "conv2"}, Normalization: probe.L2, Kind: selection.Logistic, C: 10},
		"centroid":     {Stages: []string{"conv1"}, Normalization: probe.L2, Kind: selection.Centroid},
	} {
		t.Run(name, func(t *testing.T) {
			job := smallJob(t)
			job.Recipe, job.Backbone, job.Candidate = recipe.AutoRecipe(), modeltest.Backbone(t, options), &c
			m := fit(t, device, job)
			if got := m.Selection.Choice().Candidate; got.String() != c.String() {
				t.Fatalf("chosen is %s, want %s", got, c)
			}
			report, err := m.Evaluate(t.Context(), job.Dataset, imagefolder.Val)
			if err != nil {
				t.Fatal(err)
			}
			if want := m.History.Best(); report.Accuracy != want.ValAccuracy || math.Abs(report.Loss-want.ValLoss) > 1e-4 || report.Accuracy < 0.8 {
				t.Errorf("evaluated, it has %.3f and the loss %.5f; the run recorded %.3f and %.5f", report.Accuracy, report.Loss, want.ValAccuracy, want.ValLoss)
			}
			if card := m.Card(nil); !strings.Contains(card, "| Chosen | ") || !strings.Contains(card, "95 % interval") {
				t.Errorf("the card is\n%s", card)
			}

			dir := filepath.Join(t.TempDir(), "model")
			if err := m.Save(dir, SaveOptions{}); err != nil {
				t.Fatal(err)
			}
			loaded, err := Load(t.Context(), device, dir, LoadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer loaded.Close()
			again, err := loaded.Evaluate(t.Context(), job.Dataset, imagefolder.Val)
			if err != nil || again.Loss != report.Loss {
				t.Errorf("loaded, it has the loss %v, and had %v: %v", again, report.Loss, err)
			}

			v, err := Verify(t.Context(), device, loaded.Outcome, loaded.Backbone(), VerifyOptions{})
			if err != nil {
				t.Fatal(err)
			}
			alone := slices.ContainsFunc(v.Differences, func(s string) bool { return strings.HasPrefix(s, "the choice was not repeated") })
			if v.Verdict == Different || !alone && len(c.Stages) == 1 {
				t.Errorf("repeated on its own backbone it is %s: %q", v.Verdict, v.Differences)
			}
		})
	}
}

// The temperature of the held-out predictions is part of the record. On images that are all right it is not so low that every
// later mistake would be certain.
func TestTheTemperatureIsRecorded(t *testing.T) {
	job := smallJob(t)
	job.Recipe = recipe.AutoRecipe()
	m := fit(t, modeltest.PureGo(t), job)
	if choice := m.Selection.Choice(); choice.Temperature <= 0 || choice.Temperature == 1 || choice.Loss <= 0 {
		t.Errorf("the choice has the temperature %g and the loss %g", choice.Temperature, choice.Loss)
	}
}

package classifier

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/probe"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// What the recipe finetune makes predicts what it was measured at, is saved, loaded, exported and repeated like other models,
// whether it began with a classifier on one stage or on two.
func TestAFineTunedModel(t *testing.T) {
	device := modeltest.XLA(t, 1)
	options := modeltest.Options()
	options.Cut = "conv2"
	for name, c := range map[string]selection.Candidate{
		"standardized": {Stages: []string{"conv2"}, Normalization: probe.Standard, Kind: selection.Logistic, C: 0.1},
		"unit length":  {Stages: []string{"conv2"}, Normalization: probe.L2, Kind: selection.Logistic, C: 10},
		"two stages":   {Stages: []string{"conv1", "conv2"}, Normalization: probe.L2, Kind: selection.Logistic, C: 10},
	} {
		job := smallJob(t)
		job.Recipe, job.Backbone, job.Candidate = recipe.FinetuneRecipe(), modeltest.Backbone(t, options), &c
		r := &job.Recipe
		r.Unfreeze, r.Epochs, r.BatchSize, r.AugmentCopies, r.Seed = "conv2", 2, 8, 1, 7
		m := fit(t, device, job)
		report, err := m.Evaluate(t.Context(), job.Dataset, imagefolder.Val)
		if err != nil {
			t.Fatal(err)
		}
		if kept := m.Kept(); kept.Epoch != 2 || report.Accuracy != kept.ValAccuracy || math.Abs(report.Loss-kept.ValLoss) > 1e-4 {
			t.Errorf("%s: evaluated, it has %.3f and the loss %.5f; the run recorded %+v", name, report.Accuracy, report.Loss, kept)
		}
		card := m.Card(nil)
		for _, want := range []string{"| Chosen | ", "| Fine-tuned | from conv2", "| Training | 2 epochs", "| training, epoch 2 |"} {
			if !strings.Contains(card, want) {
				t.Errorf("%s: the card lacks %q:\n%s", name, want, card)
			}
		}
		added := "| Added | the logits of a classifier on conv1, which stayed frozen, with a weight of 0.3 |"
		if strings.Contains(card, added) != (len(c.Stages) == 1) { // conv1 is trained with conv2 where it has both
			t.Errorf("%s: the card has %q or lacks it wrongly:\n%s", name, added, card)
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
		if again, err := loaded.Evaluate(t.Context(), job.Dataset, imagefolder.Val); err != nil || again.Loss != report.Loss {
			t.Errorf("%s: loaded, it has the loss %v, and had %v: %v", name, again, report.Loss, err)
		}
		file := filepath.Join(t.TempDir(), "model.onnx")
		if err := loaded.ExportONNX(file); err != nil {
			t.Error(err)
		} else if info, err := os.Stat(file); err != nil || info.Size() < 100_000 {
			t.Errorf("%s: the export is %v, %v", name, info, err)
		}
		v, err := Verify(t.Context(), device, loaded.Outcome, loaded.Backbone(), VerifyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if v.Verdict == Different {
			t.Errorf("%s: repeated it is %s: %q", name, v.Verdict, v.Differences)
		}
	}
}

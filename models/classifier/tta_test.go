package classifier

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// The averaged outputs are the mean of those of the image and of its mirror image, whichever way the image comes.
func TestFlipAveragesWithTheMirrorImage(t *testing.T) {
	for _, unfreeze := range []recipe.Stage{recipe.StageNone, "conv1"} {
		var device *accel.Device
		if device = modeltest.PureGo(t); unfreeze != recipe.StageNone {
			device = modeltest.XLA(t, 1) // the pure Go backend cannot train a stage
		}
		job := smallJob(t)
		job.Recipe.Unfreeze, job.Recipe.Epochs, job.Environment.Home = unfreeze, 2, t.TempDir()
		m := fit(t, device, job)
		file := filepath.Join(job.Dataset.Root, "red", "001.png")
		image, err := features.ReadImage(file, m.geometry(), m.Limits())
		if err != nil {
			t.Fatal(err)
		}
		plain, err := m.PredictPixels(t.Context(), image.Pixels, 1)
		if err != nil {
			t.Fatal(err)
		}
		mirrored, err := m.PredictPixels(t.Context(), features.Mirror(image.Pixels, modeltest.Size), 1)
		if err != nil {
			t.Fatal(err)
		}
		same := func(what string, got []float32) {
			t.Helper()
			for k, v := range got {
				if want := (plain[k] + mirrored[k]) / 2; math.Abs(float64(v-want)) > 1e-5 {
					t.Errorf("unfrozen from %q, %s: class %d has %g, want %g", unfreeze, what, k, v, want)
				}
			}
		}
		if plain[0] == mirrored[0] {
			t.Fatal("the image equals its mirror image, which shows nothing")
		}
		pixels, err := m.PredictAveraged(t.Context(), image.Pixels, 1, prediction.TTAFlip)
		if err != nil {
			t.Fatal(err)
		}
		same("pixels", pixels)
		for range 2 { // computed, then from the cache
			list, err := m.PredictWith(t.Context(), []string{file}, PredictOptions{TTA: prediction.TTAFlip})
			if err != nil || list[0].TTA != prediction.TTAFlip {
				t.Fatalf("%+v, %v", list, err)
			}
			probabilities := make([]float32, len(plain))
			for _, s := range list[0].Top {
				probabilities[s.Index] = float32(s.Probability)
			}
			same("a file", probabilities)
		}
		val := job.Dataset.Select(imagefolder.Val)
		if all, err := m.probabilities(t.Context(), job.Dataset, []int{itemOf(job.Dataset, "red/001.png")}, &EvaluateOptions{TTA: prediction.TTAFlip}); err != nil {
			t.Fatal(err)
		} else {
			same("an item", all)
		}
		report, err := m.EvaluateWith(t.Context(), job.Dataset, val, EvaluateOptions{TTA: prediction.TTAFlip})
		if err != nil || report.TTA != prediction.TTAFlip {
			t.Errorf("the report is %+v, %v", report, err)
		}
		if report, err = m.EvaluateWith(t.Context(), job.Dataset, val, EvaluateOptions{TTA: prediction.TTANone}); err != nil || report.TTA != "" {
			t.Errorf("without it the report is %+v, %v", report, err)
		}
		if _, err := m.EvaluateWith(t.Context(), job.Dataset, val, EvaluateOptions{TTA: "rotate"}); err == nil {
			t.Error("an unknown word was accepted")
		}
	}
}

func itemOf(data *imagefolder.Dataset, path string) int {
	for i, item := range data.Items {
		if item.Path == path {
			return i
		}
	}
	return -1
}

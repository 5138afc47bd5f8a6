package training_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/models/features/rowfile"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/weights"
)

// rowsJob is a file of features in three classes that a line can tell apart, nearly.
func rowsJob(t *testing.T, rows int) training.RowsJob {
	t.Helper()
	backbone := modeltest.Backbone(t, modeltest.Options())
	length := backbone.FeatureShape()[0]
	paths := make([]string, rows)
	for i := range paths {
		paths[i] = fmt.Sprintf("%c/%d.jpg", 'a'+i%3, i)
	}
	metadata, err := rowfile.Describe(paths, nil, backbone.Identity())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "features.safetensors")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	err = weights.WriteRows(out, rowfile.Tensor, []int{rows, length}, metadata, func(yield func([]float32, error) bool) {
		row := make([]float32, length)
		for i := range rows {
			for k := range row {
				row[k] = float32(random.NormFloat64())
			}
			row[i%3] += 4
			if !yield(row, nil) {
				return
			}
		}
	})
	if err := errors.Join(err, out.Close()); err != nil {
		t.Fatal(err)
	}
	f, err := rowfile.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	recipe := recipe.DefaultRecipe()
	recipe.Head, recipe.Epochs, recipe.LearningRate = "none", 3, 0.01
	return training.RowsJob{Recipe: recipe, Rows: f, Backbone: backbone, Val: 0.2}
}

func TestFitRows(t *testing.T) {
	job := rowsJob(t, 2000)
	device := modeltest.PureGo(t)
	fit := func() *training.Result {
		r, err := training.FitRows(t.Context(), device, job, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Close() })
		return r
	}
	r := fit()
	if r.Status != progress.Finished || len(r.History) != 3 || r.Kept().ValAccuracy < 0.95 || r.Kept().Accuracy < 0.9 || len(r.Classes) != 3 {
		t.Errorf("%+v", r.History)
	}
	if again := fit(); again.Provenance.HeadDigest != r.Provenance.HeadDigest {
		t.Error("the same training gives other weights")
	}
	job.Recipe.Seed++
	if other := fit(); other.Provenance.HeadDigest == r.Provenance.HeadDigest {
		t.Error("another seed gives the same weights")
	}
}

func TestFitRowsEnds(t *testing.T) {
	job := rowsJob(t, 300)
	device := modeltest.PureGo(t)
	ctx, cancel := context.WithCancel(t.Context())
	r, err := training.FitRows(ctx, device, job, func(e progress.Event) {
		if e.Epoch != nil && e.Epoch.Epoch == 2 {
			cancel()
		}
	})
	if err != nil || r.Status != progress.Stopped || len(r.History) != 2 {
		t.Fatalf("canceled after two epochs: %v", err)
	}
	r.Close()
	if _, err := training.FitRows(ctx, device, job, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled before: %v", err)
	}
	job.Recipe.LearningRate, job.Recipe.Optimizer, job.Recipe.Head = 1e6, "sgd", "dense:8:relu,dense:8:relu,dense:8:relu"
	if _, err := training.FitRows(t.Context(), device, job, nil); !errors.Is(err, progress.ErrNaN) {
		t.Errorf("with a rate that is too high: %v", err)
	}
	for name, change := range map[string]func(*training.RowsJob){
		"augmentation": func(j *training.RowsJob) { j.Recipe.Augment, j.Recipe.AugmentCopies = "flip", 2 },
		"plateau":      func(j *training.RowsJob) { j.Recipe.Schedule = recipe.SchedulePlateau },
		"auto":         func(j *training.RowsJob) { j.Recipe = recipe.AutoRecipe() },
		"all validate": func(j *training.RowsJob) { j.Val = 1 },
		"a head":       func(j *training.RowsJob) { j.Recipe.Head = "dense:x" },
		"the backbone": func(j *training.RowsJob) {
			options := modeltest.Options()
			options.Cut = "conv2"
			j.Backbone = modeltest.Backbone(t, options)
		},
	} {
		bad := rowsJob(t, 30)
		change(&bad)
		if _, err := training.FitRows(t.Context(), device, bad, nil); err == nil {
			t.Errorf("%s: trained", name)
		}
	}
}

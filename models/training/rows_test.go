package training_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/models/features/rowfile"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/weights"
)

// rowsJob is a file of features in three classes that a line can tell apart, nearly.
func rowsJob(t *testing.T, rows int) training.RowsJob {
	t.Helper()
	paths := make([]string, rows)
	for i := range paths {
		paths[i] = fmt.Sprintf("%c/%d.jpg", 'a'+i%3, i)
	}
	random := rand.New(rand.NewPCG(1, 2))
	return rowsJobOf(t, paths, func(i int, row []float32) {
		for k := range row {
			row[k] = float32(random.NormFloat64())
		}
		row[i%3] += 4
	})
}

// rowsJobOf is a file with a row of features for each path.
func rowsJobOf(t *testing.T, paths []string, fill func(i int, row []float32)) training.RowsJob {
	t.Helper()
	backbone := modeltest.Backbone(t, modeltest.Options())
	length := backbone.FeatureShape()[0]
	metadata, err := rowfile.Describe(paths, nil, backbone.Identity())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "features.safetensors")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	err = weights.WriteRows(out, rowfile.Tensor, []int{len(paths), length}, metadata, func(yield func([]float32, error) bool) {
		row := make([]float32, length)
		for i := range paths {
			fill(i, row)
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

func fitRows(t *testing.T, job training.RowsJob) *training.Result {
	t.Helper()
	r, err := training.FitRows(t.Context(), modeltest.PureGo(t), job, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// The kept epoch is that with the lowest validation loss, or that with the highest validation accuracy.
func TestFitRowsSelects(t *testing.T) {
	paths := make([]string, 240)
	for i := range paths {
		paths[i] = fmt.Sprintf("%c/%d.jpg", 'a'+i%3, i)
	}
	random := rand.New(rand.NewPCG(3, 4))
	job := rowsJobOf(t, paths, func(i int, row []float32) { // so few and so alike that more epochs fit noise
		for k := range row {
			row[k] = float32(random.NormFloat64())
		}
		row[i%3] += 1
	})
	job.Recipe.Epochs, job.Recipe.LearningRate, job.Val = 12, 0.03, 0.5
	byLoss := fitRows(t, job)
	job.Recipe.SelectBy = recipe.SelectByAccuracy
	byAccuracy := fitRows(t, job)
	lowest, highest := byLoss.History[0], byLoss.History[0]
	for _, e := range byLoss.History {
		if e.ValLoss < lowest.ValLoss {
			lowest = e
		}
		if e.ValAccuracy > highest.ValAccuracy || e.ValAccuracy == highest.ValAccuracy && e.ValLoss < highest.ValLoss {
			highest = e
		}
	}
	if lowest.Epoch == highest.Epoch {
		t.Fatalf("epoch %d is the best by both: %+v", lowest.Epoch, byLoss.History)
	}
	if a, b := byLoss.Kept().Epoch, byAccuracy.Kept().Epoch; a != lowest.Epoch || b != highest.Epoch {
		t.Errorf("kept are the epochs %d and %d, want %d and %d", a, b, lowest.Epoch, highest.Epoch)
	}
	if byLoss.Provenance.HeadDigest == byAccuracy.Provenance.HeadDigest {
		t.Error("the weights are the same")
	}
}

// A validation loss of 0 is one, and not that there is no validation.
func TestFitRowsWithoutValidationLoss(t *testing.T) {
	var paths []string
	for i := range 300 {
		split := "train"
		if i%5 == 0 {
			split = "val"
		}
		paths = append(paths, fmt.Sprintf("%s/%c/%d.jpg", split, 'a'+i%3, i))
	}
	random := rand.New(rand.NewPCG(5, 6))
	job := rowsJobOf(t, paths, func(i int, row []float32) {
		for k := range row {
			row[k] = float32(random.NormFloat64())
		}
		row[i%3] += 1
		if i%5 == 0 {
			clear(row)
			row[i%3] = 1e5 // the probability of its class is 1 to the last bit
		}
	})
	job.Recipe.Epochs = 4
	r := fitRows(t, job)
	first := slices.IndexFunc(r.History, func(e history.Epoch) bool { return e.ValLoss == 0 })
	if first < 0 || first == 3 || r.History[3].ValLoss != 0 || r.History[3].Loss >= r.History[first].Loss {
		t.Fatalf("the test tests nothing: %+v", r.History)
	}
	if kept := r.Kept().Epoch; kept != first+1 {
		t.Errorf("epoch %d is kept by its loss on the training rows: %+v", kept, r.History)
	}
}

func TestFitRows(t *testing.T) {
	job := rowsJob(t, 2000)
	fit := func() *training.Result { return fitRows(t, job) }
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
	two := r.Provenance.HeadDigest
	r.Close()
	ctx, cancel = context.WithCancel(t.Context())
	last := job
	last.Recipe.KeepLast = true
	r, err = training.FitRows(ctx, device, last, func(e progress.Event) {
		switch {
		case e.Epoch != nil && e.Epoch.Epoch == 2:
			time.Sleep(250 * time.Millisecond) // the next step is told then
		case e.Step != nil && e.Step.Epoch == 3:
			cancel()
		}
	})
	cancel()
	if err != nil || r.Status != progress.Stopped || len(r.History) != 2 || r.Provenance.HeadDigest != two {
		t.Fatalf("canceled in the third epoch, keeping the last: %v", err)
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

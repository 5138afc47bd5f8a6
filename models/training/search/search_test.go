package search

import (
	"context"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/trial"
)

// smallJob is a training of a second on the pure Go backend.
func smallJob(t testing.TB) training.Job {
	t.Helper()
	job := training.Job{
		Recipe: recipe.DefaultRecipe(), Dataset: modeltest.Colors(t), Backbone: modeltest.Backbone(t, modeltest.Options()),
	}
	r := &job.Recipe
	r.Head, r.Epochs, r.BatchSize, r.LearningRate, r.Seed = "dense:8:relu", 5, 8, 0.02, 7
	return job
}

func TestSearch(t *testing.T) {
	device := modeltest.PureGo(t)
	for _, halving := range []bool{false, true} {
		job := smallJob(t)
		job.Recipe.Epochs = 9
		job.Environment.Home = t.TempDir() // the features are computed once
		if halving {                       // probes are compared on augmented copies as heads are
			job.Recipe.Augment, job.Recipe.AugmentCopies = "flip", 1
		}
		told := 0
		options := Options{Trials: 9, Workers: 2, Heads: []string{"none", "dense:8:relu"}, Halving: halving}
		result, err := Run(context.Background(), device, job, options, nil, func(trial.Trial) { told++ })
		if err != nil {
			t.Fatal(err)
		}
		defer result.Best.Close()
		if len(result.Trials) != 9 || !result.Trials[0].Best || told < 9 {
			t.Errorf("%d trials, %d told, the first is %+v", len(result.Trials), told, result.Trials[0])
		}
		// Every trial and every probe was judged on the training images alone, and the best of them is the model.
		first := result.Trials[0]
		if first.Accuracy < 0.5 || first.Loss <= 0 || first.Epochs != 9 || result.Probes == nil || result.Probes.Images != len(job.Dataset.Select("train")) {
			t.Errorf("the best trial is %+v, the probes are %+v", first, result.Probes)
		}
		if copies := job.Recipe.AugmentCopies; result.Probes.Copies != copies*result.Probes.Images || result.Best.Provenance.Recipe.AugmentCopies != copies {
			t.Errorf("with %d copies the probes are %+v, and the model is of %+v", copies, result.Probes, result.Best.Provenance.Recipe)
		}
		probe := result.Probes.Choice().Accuracy >= first.Accuracy
		if got := result.Best.Provenance.Recipe; (got.Method == recipe.MethodAuto) != probe {
			t.Errorf("the model is %s, with a probe at %g and a head at %g", got.Method, result.Probes.Choice().Accuracy, first.Accuracy)
		}
	}
}

func TestSearchEndsWithWhatWasFound(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	options := DefaultOptions()
	options.Trials = 500
	told := map[int]bool{}
	result, err := Run(ctx, device, job, options, nil, func(t trial.Trial) {
		if told[t.Number] = true; len(told) > 3 {
			cancel()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	// Trials that never began are no part of the result: 500 would count as tried, with a loss of 0.
	if len(result.Trials) != len(told) || result.Trials[0].Epochs == 0 || !result.Trials[0].Best {
		t.Errorf("%d trials were told, and the result has %d, the first %+v", len(told), len(result.Trials), result.Trials[0])
	}
	if err := result.Best.Close(); err != nil {
		t.Error(err)
	}
}

// The probes are compared before the trials begin. Where these have no time left, the best probe is what the search found.
func TestSearchEndsWithTheProbes(t *testing.T) {
	device := modeltest.PureGo(t)
	options := DefaultOptions()
	options.Time = time.Nanosecond
	result, err := Run(t.Context(), device, smallJob(t), options, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer result.Best.Close()
	if len(result.Trials) != 0 || result.Probes == nil || result.Best.Selection == nil {
		t.Errorf("%d trials, probes %+v, chosen %+v", len(result.Trials), result.Probes, result.Best.Selection)
	}
}

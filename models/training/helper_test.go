package training

import (
	"context"
	"testing"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// smallJob is a training of a second on the pure Go backend.
func smallJob(t testing.TB) Job {
	t.Helper()
	job := Job{
		Recipe: recipe.DefaultRecipe(), Dataset: modeltest.Colors(t), Backbone: modeltest.Backbone(t, modeltest.Options()), Request: Request{Name: "first"},
	}
	r := &job.Recipe
	r.Head, r.Epochs, r.BatchSize, r.LearningRate, r.Seed = "dense:8:relu", 5, 8, 0.02, 7
	return job
}

func fit(t testing.TB, device *accel.Device, job Job) *Result {
	t.Helper()
	r, err := Fit(context.Background(), device, job, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

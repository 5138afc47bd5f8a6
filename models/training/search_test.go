package training

import (
	"context"
	"testing"

	"github.com/headstart-nb/headstart/models/modeltest"
)

func TestSearch(t *testing.T) {
	device := modeltest.PureGo(t)
	for _, halving := range []bool{false, true} {
		job := smallJob(t)
		job.Recipe.Epochs = 9
		told := 0
		options := SearchOptions{Trials: 9, Workers: 2, Heads: []string{"none", "dense:8:relu"}, Halving: halving}
		result, err := Search(context.Background(), device, job, options, nil, func(Trial) { told++ })
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
		probe := result.Probes.Choice().Accuracy >= first.Accuracy
		if got := result.Best.Provenance.Recipe; (got.Method == MethodAuto) != probe {
			t.Errorf("the model is %s, with a probe at %g and a head at %g", got.Method, result.Probes.Choice().Accuracy, first.Accuracy)
		}
	}
}

func TestSearchEndsWithWhatWasFound(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	options := DefaultSearchOptions()
	options.Trials = 500
	result, err := Search(ctx, device, job, options, nil, func(trial Trial) {
		if trial.Number > 3 {
			cancel()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := result.Best.Close(); err != nil {
		t.Error(err)
	}
}

func TestFindRate(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	curve, err := FindRate(context.Background(), device, job, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(curve.Rates) < 20 || len(curve.Rates) != len(curve.Losses) || curve.Suggested < 1e-4 || curve.Suggested > 1 {
		t.Errorf("%d rates, suggested %g", len(curve.Rates), curve.Suggested)
	}
}

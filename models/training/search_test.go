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
		// The result is the best trial trained again: the same numbers.
		best := result.Best.History.Best()
		if diff := best.ValLoss - result.Trials[0].ValLoss; diff > 1e-5 || diff < -1e-5 {
			t.Errorf("the best trial had a loss of %g, its result has %g", result.Trials[0].ValLoss, best.ValLoss)
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

package classifier

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

func TestVerify(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	m := fit(t, device, job)
	v, err := Verify(context.Background(), device, m.Outcome, m.Backbone(), VerifyOptions{})
	if err != nil || v.Verdict != Identical {
		t.Errorf("the same again: %+v, %v", v, err)
	}
	m.History = append(history.History{}, m.History...)
	m.History[2].Loss += 0.001
	if v, err = Verify(context.Background(), device, m.Outcome, m.Backbone(), VerifyOptions{}); err != nil || v.Verdict != Within {
		t.Errorf("a loss that differs by rounding: %+v, %v", v, err)
	}
	m.History[2].ValAccuracy -= 0.5
	if v, err = Verify(context.Background(), device, m.Outcome, m.Backbone(), VerifyOptions{}); err != nil || v.Verdict != Different || len(v.Differences) != 1 {
		t.Errorf("an accuracy that was made up: %+v, %v", v, err)
	}
	write(t, filepath.Join(job.Dataset.Root, "red", "002.png"), []byte("changed"))
	v, err = Verify(context.Background(), device, m.Outcome, m.Backbone(), VerifyOptions{})
	if err != nil || v.Verdict != Different || !strings.Contains(strings.Join(v.Differences, " "), "red/002.png has changed") {
		t.Errorf("a changed image: %+v, %v", v, err)
	}
	if !slices.Equal(v.Changed, []string{"red/002.png"}) || len(v.Missing) != 0 {
		t.Errorf("a changed image: changed %q, missing %q", v.Changed, v.Missing)
	}
	v, err = Verify(context.Background(), device, m.Outcome, m.Backbone(), VerifyOptions{Root: t.TempDir()})
	if err != nil || v.Verdict != Different || len(v.Missing) != len(m.Provenance.Files) || len(v.Differences) != maxDifferences+1 {
		t.Errorf("missing images: %d of %d, %d differences, %v", len(v.Missing), len(m.Provenance.Files), len(v.Differences), err)
	}
	m.Provenance.Files[0].Path = "../../etc/passwd"
	if _, err = Verify(context.Background(), device, m.Outcome, m.Backbone(), VerifyOptions{}); err == nil {
		t.Error("a file outside of the dataset was read")
	}
}

// A run that was stopped is repeated as far as it came, at the rates of all its epochs.
func TestVerifyAStoppedRun(t *testing.T) {
	device := modeltest.XLA(t, 1)
	for _, keepLast := range []bool{false, true} {
		job := smallJob(t)
		job.Recipe.Schedule, job.Recipe.KeepLast = recipe.ScheduleCosine, keepLast
		// after returns a context, and events that cancel it once an epoch has ended.
		after := func(epoch int) (context.Context, func(progress.Event)) {
			ctx, cancel := context.WithCancel(t.Context())
			t.Cleanup(cancel)
			return ctx, func(e progress.Event) {
				if e.Kind == progress.EpochEvent && e.Epoch.Epoch == epoch {
					cancel()
				}
			}
		}
		ctx, events := after(2)
		result, err := training.Fit(ctx, device, job, events)
		if !errors.Is(err, progress.ErrStopped) || result == nil {
			t.Fatalf("the run ended with %v", err)
		}
		m := New(result)
		defer m.Close()
		v, err := Verify(t.Context(), device, m.Outcome, m.Backbone(), VerifyOptions{})
		if err != nil || v.Verdict != Identical || len(v.Repeated) != 2 {
			t.Errorf("stopped after 2 of 5 epochs: %+v, %v", v, err)
		}
		ctx, events = after(1)
		if v, err = Verify(ctx, device, m.Outcome, m.Backbone(), VerifyOptions{Events: events}); !errors.Is(err, progress.ErrStopped) {
			t.Errorf("a repetition that was interrupted: %+v, %v", v, err)
		}
	}
}

// A run that was resumed with more epochs is repeated with the rates that it had.
func TestVerifyALengthenedRun(t *testing.T) {
	device := modeltest.XLA(t, 1)
	job := smallJob(t)
	job.Recipe.Schedule, job.Recipe.Epochs = recipe.ScheduleCosine, 3
	job.Environment.Home, job.Request.Name = t.TempDir(), "longer"
	first, err := training.Fit(t.Context(), device, job, nil)
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	job.Recipe.Epochs = 5
	result, err := training.Resume(t.Context(), device, job, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := New(result)
	defer m.Close()
	v, err := Verify(t.Context(), device, m.Outcome, m.Backbone(), VerifyOptions{})
	if err != nil || v.Verdict != Identical || len(v.Repeated) != 5 {
		t.Errorf("3 epochs and 2 more: %+v, %v", v, err)
	}
}

// A run that was resumed with fewer epochs than it was begun with has the rates of the longer one in its first epochs.
func TestVerifyAShortenedRun(t *testing.T) {
	device := modeltest.XLA(t, 1)
	job := smallJob(t)
	job.Recipe.Schedule, job.Recipe.Epochs = recipe.ScheduleCosine, 20
	job.Environment.Home, job.Request.Name = t.TempDir(), "shorter"
	abort := make(chan struct{})
	job.Control.Abort = abort
	if _, err := training.Fit(t.Context(), device, job, func(e progress.Event) {
		if e.Kind == progress.EpochEvent && e.Epoch.Epoch == 2 {
			close(abort)
		}
	}); !errors.Is(err, progress.ErrAborted) {
		t.Fatal(err)
	}
	job.Control.Abort, job.Recipe.Epochs = nil, 4
	result, err := training.Resume(t.Context(), device, job, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := New(result)
	defer m.Close()
	rates := map[bool]float64{} // the lowest of the first two epochs, and of the others
	for _, e := range m.History {
		if last := e.Epoch > 2; rates[last] == 0 || e.LearningRate < rates[last] {
			rates[last] = e.LearningRate
		}
	}
	if whole := job.Recipe.LearningRate; rates[false] < 0.9*whole || rates[true] > 0.3*whole {
		t.Errorf("the rates are %v of %g, want those of 20 epochs and then of 4", rates, whole)
	}
	v, err := Verify(t.Context(), device, m.Outcome, m.Backbone(), VerifyOptions{})
	if err != nil || v.Verdict != Identical || len(v.Repeated) != 4 {
		t.Errorf("2 of 20 epochs and 2 of 4: %+v, %v", v, err)
	}
}

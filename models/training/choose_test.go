package training

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training/preflight"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/record"
)

func autoJob(t testing.TB) Job {
	t.Helper()
	job := smallJob(t)
	job.Recipe = recipe.AutoRecipe()
	job.Recipe.Seed, job.Recipe.BatchSize = 7, 8
	return job
}

func TestAutoChoosesAHead(t *testing.T) {
	device, job := modeltest.PureGo(t), autoJob(t)
	job.Environment.Home = t.TempDir()
	var kinds []progress.EventKind
	var chosen *selection.Report
	var notes []string
	r, err := Fit(t.Context(), device, job, func(e progress.Event) {
		if len(kinds) == 0 || kinds[len(kinds)-1] != e.Kind {
			kinds = append(kinds, e.Kind)
		}
		switch e.Kind {
		case progress.ChosenEvent:
			chosen = e.Chosen
		case progress.DiagnosisEvent:
			notes = append(notes, e.Diagnosis.Sentence)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if want := []progress.EventKind{progress.FeaturesEvent, progress.SelectionEvent, progress.DiagnosisEvent, progress.ChosenEvent, progress.StepEvent, progress.EpochEvent, progress.DoneEvent}; !cmp.Equal(want, kinds[len(kinds)-len(want):]) {
		t.Errorf("the events are %v, want %v at the end", kinds, want)
	}
	if r.Status != progress.Finished || len(r.History) != 1 || r.History[0].ValAccuracy < 0.9 || r.History[0].Accuracy < 0.9 || !r.History[0].Best {
		t.Errorf("the run is %s with %+v", r.Status, r.History)
	}
	if diff := cmp.Diff(chosen, r.Selection); diff != "" || r.Provenance.Base == nil || r.Provenance.Recipe.Method != recipe.MethodAuto {
		t.Errorf("the outcome lacks what was chosen: %s, %+v", diff, r.Provenance)
	}
	if !slices.ContainsFunc(notes, func(s string) bool {
		return strings.HasPrefix(s, "Chosen: ") && strings.Contains(s, "cross-validation")
	}) {
		t.Errorf("the notes are %q", notes)
	}

	stored, err := record.ReadRun(job.Environment.Home, r.Name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r.Selection, stored.Selection); diff != "" || stored.Recipe.Head != r.Provenance.Recipe.Head || stored.Status != progress.Finished {
		t.Errorf("the record has %+v: %s", stored.Recipe, diff)
	}
	outcome, err := record.ReadOutcome(job.Environment.Home, r.Name)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := record.ReadWeights(job.Environment.Home, outcome)
	if err != nil {
		t.Fatal(err)
	}
	if trained, err := r.Stepper.Weights(); err != nil || !cmp.Equal(trained, kept) {
		t.Errorf("the weights on disk are not those of the model: %v", err)
	}
}

// The same job gives the same bits, with features from the cache and on another number of workers.
func TestAutoRepeats(t *testing.T) {
	device, job := modeltest.PureGo(t), autoJob(t)
	job.Environment.Home = t.TempDir()
	first := fit(t, device, job)
	job.Request.Name, job.Environment.Workers = "second", 3
	second := fit(t, device, job)
	if first.Provenance.HeadDigest != second.Provenance.HeadDigest || !cmp.Equal(first.Selection, second.Selection) {
		t.Error("the second run has other weights")
	}
}

// With augmented copies each training image is fitted to several times, and judged once.
func TestAutoFitsToCopies(t *testing.T) {
	device, job := modeltest.PureGo(t), autoJob(t)
	job.Recipe.Augment, job.Recipe.AugmentCopies = "flip,brightness:0.1", 2
	job.Environment.Home = t.TempDir()
	computed := 0
	r, err := Fit(t.Context(), device, job, func(e progress.Event) {
		if e.Kind == progress.FeaturesEvent && e.Features.Done {
			computed += e.Features.Computed
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if s := r.Selection; s.Images != 36 || s.Copies != 72 || s.Groups != 36 || computed != 45+72 {
		t.Errorf("%d images and %d copies in %d groups, %d computed", s.Images, s.Copies, s.Groups, computed)
	}
	if best := r.History[0]; best.ValAccuracy < 0.9 {
		t.Errorf("the run has %+v", best)
	}
	job.Request.Name = "second"
	if again := fit(t, device, job); again.Provenance.HeadDigest != r.Provenance.HeadDigest {
		t.Error("the second run has other weights")
	}
	job.Recipe.AugmentCopies = 0
	if wrong, ok := errors.AsType[*recipe.FieldError](job.Validate()); !ok || wrong.Field != "augment_copies" {
		t.Errorf("without copies: %v", job.Validate())
	}
}

// A copy is in the group of its image, and groups of images that stay together have the copies of all.
func TestCopiesStayWithTheirImages(t *testing.T) {
	job := autoJob(t)
	s, err := newSession(modeltest.PureGo(t), job, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	items := slices.Concat(s.train, s.val)
	s.job.Dataset.Together = [][]int{{s.train[0], s.train[1]}, {s.train[2], s.val[0]}}
	data := s.withCopies(s.rows(items), items, 2)
	n := len(items)
	if len(data.Labels) != n+2*len(s.train) || len(data.Unjudged) != len(data.Labels) || len(data.Keys) != len(data.Labels) {
		t.Fatalf("%d rows", len(data.Labels))
	}
	seen := map[int]bool{}
	for _, group := range data.Groups {
		for _, row := range group {
			if seen[row] {
				t.Fatalf("row %d is in two groups", row)
			}
			seen[row] = true
			if row >= n && data.Labels[row] != data.Labels[(row-n)%len(s.train)] {
				t.Errorf("row %d has another label than its image", row)
			}
		}
	}
	if !slices.Equal(data.Groups[0], []int{0, n, n + len(s.train), 1, n + 1, n + 1 + len(s.train)}) {
		t.Errorf("the images that stay together have the rows %v", data.Groups[0])
	}
	if want := len(s.train) - 1; len(data.Groups) != want {
		t.Errorf("%d groups, want %d", len(data.Groups), want)
	}
}

func TestAutoWithFewImages(t *testing.T) {
	dir := t.TempDir()
	modeltest.WriteImages(t, dir, 3, "red", "green")
	job := autoJob(t)
	job.Dataset, job.Accept = modeltest.Load(t, dir), preflight.Codes()
	warned := false
	r, err := Fit(t.Context(), modeltest.PureGo(t), job, func(e progress.Event) {
		warned = warned || e.Kind == progress.DiagnosisEvent && e.Diagnosis.Code == CodeFewForFolds
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if !warned || r.Selection == nil {
		t.Errorf("warned: %t, chosen: %+v", warned, r.Selection)
	}
}

// Stopped in the cross-validation there is no model, and the run begins again when it is resumed.
func TestAutoStopsAndResumes(t *testing.T) {
	device, job := modeltest.PureGo(t), autoJob(t)
	job.Environment.Home = t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := Fit(ctx, device, job, func(e progress.Event) {
		if e.Kind == progress.SelectionEvent {
			cancel()
		}
	})
	if r != nil || !errors.Is(err, progress.ErrStopped) {
		t.Fatalf("the stopped run gave %v, %v", r, err)
	}
	if stored, err := record.ReadRun(job.Environment.Home, job.Request.Name); err != nil || stored.Status != progress.Stopped {
		t.Errorf("the stopped run is recorded as %+v, %v", stored, err)
	}
	resumed, err := Resume(t.Context(), device, job, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resumed.Close()
	job.Environment.Home, job.Request.Name = "", "whole"
	if whole := fit(t, device, job); whole.Provenance.HeadDigest != resumed.Provenance.HeadDigest {
		t.Error("the resumed run has other weights than one that was not stopped")
	}

	abort := make(chan struct{})
	close(abort)
	job.Control.Abort = abort
	if _, err := Fit(t.Context(), device, job, nil); !errors.Is(err, progress.ErrAborted) {
		t.Errorf("an aborted run: %v", err)
	}
}

// A finished run that is resumed ends as it did.
func TestAutoResumesFinished(t *testing.T) {
	device, job := modeltest.PureGo(t), autoJob(t)
	job.Environment.Home = t.TempDir()
	first := fit(t, device, job)
	again, err := Resume(t.Context(), device, job, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.Provenance.HeadDigest != first.Provenance.HeadDigest {
		t.Error("the resumed run has other weights")
	}
}

func TestClassWeightsReachTheProbe(t *testing.T) {
	device, job := modeltest.PureGo(t), autoJob(t)
	plain := fit(t, device, job)
	job.Recipe.ClassWeights = "red=20"
	if weighted := fit(t, device, job); weighted.Provenance.HeadDigest == plain.Provenance.HeadDigest {
		t.Error("class weights change nothing")
	}
}

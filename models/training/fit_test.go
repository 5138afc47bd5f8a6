package training

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/preflight"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/record"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// sameNumbers compares histories but for the times.
var sameNumbers = cmpopts.IgnoreFields(history.Epoch{}, "Seconds", "Rate", "Waited", "Left")

func TestFitLearns(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	job.Recipe.Epochs = 20
	r := fit(t, device, job)
	if got := r.History.Best().ValAccuracy; got < 0.9 {
		t.Errorf("a validation accuracy of %g on three colors", got)
	}
}

func TestEventsTellWhatIsComputedAndFound(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	job.Environment.Home = t.TempDir()
	last := func(job Job) (found features.Progress, epochs int) {
		m, err := Fit(context.Background(), device, job, func(e progress.Event) {
			switch e.Kind {
			case progress.FeaturesEvent:
				found = *e.Features
			case progress.EpochEvent:
				epochs++
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		return found, epochs
	}
	f, epochs := last(job)
	if f.Computed != 45 || f.Cached != 0 || !f.Done || epochs != 5 {
		t.Errorf("the first time: %+v, %d epochs", f, epochs)
	}
	// Ten more images: ten are computed.
	modeltest.WriteImages(t, job.Dataset.Root, 10, "grey")
	job.Dataset = modeltest.Load(t, job.Dataset.Root)
	job.Request.Name = "second"
	if f, _ = last(job); f.Computed != 10 || f.Cached != 45 {
		t.Errorf("with ten more images: %+v", f)
	}
}

func TestSameSeedSameBits(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	job.Recipe.Head = "dense:8:relu,dropout:0.4"
	first := fit(t, device, job)
	for _, workers := range []int{7} {
		job.Environment.Workers = workers
		again := fit(t, device, job)
		if diff := cmp.Diff(first.History, again.History, sameNumbers); diff != "" {
			t.Errorf("with %d decoders: %s", workers, diff)
		}
		if first.Provenance.HeadDigest != again.Provenance.HeadDigest {
			t.Errorf("with %d decoders the weights differ", workers)
		}
	}
	job.Recipe.Seed++
	if other := fit(t, device, job); other.Provenance.HeadDigest == first.Provenance.HeadDigest {
		t.Error("another seed gave the same weights")
	}
}

func TestInterruptKeepsTheBest(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	ctx, cancel := context.WithCancel(context.Background())
	m, err := Fit(ctx, device, job, func(e progress.Event) {
		if e.Kind == progress.EpochEvent && e.Epoch.Epoch == 2 {
			cancel()
		}
	})
	if !errors.Is(err, progress.ErrStopped) || m == nil {
		t.Fatalf("an interrupt gave %v, %v", m, err)
	}
	defer m.Close()
	if m.Status != progress.Stopped || len(m.History) != 2 {
		t.Errorf("status %s after %d epochs", m.Status, len(m.History))
	}
	if m, err := Fit(ctx, device, job, nil); !errors.Is(err, progress.ErrStopped) || m != nil {
		t.Errorf("a training that was interrupted before it began gave %v, %v", m, err)
	}
}

func TestAbortEndsNow(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	job.Recipe.Epochs = 1000
	abort := make(chan struct{})
	job.Control.Abort = abort
	m, err := Fit(context.Background(), device, job, func(e progress.Event) {
		if e.Kind == progress.EpochEvent && e.Epoch.Epoch == 1 {
			close(abort)
		}
	})
	if !errors.Is(err, progress.ErrAborted) || m != nil {
		t.Errorf("an abort gave %v, %v", m, err)
	}
}

func TestResumedRunEndsWithTheSameNumbers(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	job.Recipe.Head, job.Recipe.Schedule = "dense:8:relu,batchnorm,dropout:0.3", recipe.SchedulePlateau
	whole := fit(t, device, job)
	job.Environment.Home, job.Request.Name = t.TempDir(), "broken"
	abort := make(chan struct{})
	job.Control.Abort = abort
	_, err := Fit(context.Background(), device, job, func(e progress.Event) {
		if e.Kind == progress.EpochEvent && e.Epoch.Epoch == 3 {
			close(abort)
		}
	})
	if !errors.Is(err, progress.ErrAborted) {
		t.Fatal(err)
	}
	m, err := Resume(context.Background(), device, Job{
		Environment: Environment{Home: job.Environment.Home}, Request: Request{Name: job.Request.Name},
		Dataset: job.Dataset, Backbone: job.Backbone,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if diff := cmp.Diff(whole.History, m.History, sameNumbers); diff != "" {
		t.Error(diff)
	}
	if whole.Provenance.HeadDigest != m.Provenance.HeadDigest {
		t.Error("the weights differ")
	}
	runs, err := record.Runs(job.Environment.Home)
	if err != nil || len(runs) != 1 || runs[0].Status != progress.Finished || len(runs[0].History) != job.Recipe.Epochs {
		t.Errorf("the runs are %+v, %v", runs, err)
	}
}

// TestAResumedRunRemembersWhatItHad: its last epochs were no better, or it is interrupted before it has read where it was.
func TestAResumedRunRemembersWhatItHad(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	job.Environment.Home, job.Request.Name = t.TempDir(), "early"
	job.Recipe.Epochs, job.Recipe.EarlyStop, job.Recipe.LearningRate, job.Recipe.Optimizer = 200, 3, 1.5, stepper.Momentum
	first := fit(t, device, job)
	again, err := Resume(t.Context(), device, job, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.Status != progress.EarlyStop || len(again.History) != len(first.History) || again.Provenance.HeadDigest != first.Provenance.HeadDigest {
		t.Errorf("%s after %d epochs, which were %d: %s", again.Status, len(again.History), len(first.History), again.Provenance.HeadDigest)
	}
	if err := os.RemoveAll(filepath.Join(job.Environment.Home, "cache")); err != nil { // it computes the features again
		t.Fatal(err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Resume(canceled, device, job, nil); !errors.Is(err, progress.ErrStopped) {
		t.Fatal(err)
	}
	runs, err := record.Runs(job.Environment.Home)
	if err != nil || len(runs) != 1 || len(runs[0].History) != len(first.History) {
		t.Errorf("an interrupt before it went on left %+v, %v", runs, err)
	}
}

func TestResumeRefusesOtherImages(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	job.Environment.Home = t.TempDir()
	fit(t, device, job)
	if err := os.Remove(filepath.Join(job.Dataset.Root, "red", "003.png")); err != nil {
		t.Fatal(err)
	}
	fewer := job
	fewer.Dataset = modeltest.Load(t, job.Dataset.Root)
	if _, err := Resume(context.Background(), device, fewer, nil); err == nil {
		t.Error("a run went on with other images")
	}
	options := modeltest.Options()
	options.Weights.Seed++
	job.Backbone = modeltest.Backbone(t, options)
	if _, err := Resume(context.Background(), device, job, nil); err == nil {
		t.Error("a run went on with another backbone")
	}
}

func TestNaNStopsAndKeepsTheBest(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	job.Recipe.Optimizer, job.Recipe.LearningRate, job.Recipe.Epochs, job.Recipe.Schedule, job.Recipe.WarmupEpochs = stepper.SGD, 1e6, 30, recipe.ScheduleWarmup, 30
	job.Recipe.Task, job.Targets = recipe.Regression, make([][]float32, len(job.Dataset.Items))
	for i := range job.Targets {
		job.Targets[i] = []float32{float32(i)}
	}
	m, err := Fit(context.Background(), device, job, nil)
	if !errors.Is(err, progress.ErrNaN) {
		t.Fatalf("a learning rate of a million gave %v", err)
	}
	if m != nil {
		defer m.Close()
		if m.Status != progress.NaN {
			t.Errorf("the status is %s", m.Status)
		}
	}
}

func TestEarlyStop(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	job.Recipe.Epochs, job.Recipe.EarlyStop, job.Recipe.LearningRate, job.Recipe.Optimizer = 200, 3, 1.5, stepper.Momentum
	m := fit(t, device, job)
	if m.Status != progress.EarlyStop || len(m.History) != m.History.Best().Epoch+3 {
		t.Errorf("status %s, %d epochs, best %d", m.Status, len(m.History), m.History.Best().Epoch)
	}
}

// Which epoch is the best is the recipe's choice: the lowest validation loss and the highest accuracy are often of different ones.
// Early stopping counts from it.
func TestWhichEpochIsTheBest(t *testing.T) {
	epochs := []history.Epoch{
		{Epoch: 1, ValLoss: 0.9, ValAccuracy: 0.5}, {Epoch: 2, ValLoss: 0.4, ValAccuracy: 0.8}, {Epoch: 3, ValLoss: 0.5, ValAccuracy: 0.9},
		{Epoch: 4, ValLoss: 0.6, ValAccuracy: 0.9}, {Epoch: 5, ValLoss: 0.7, ValAccuracy: 0.8},
	}
	for criterion, want := range map[recipe.Criterion]struct{ best, stops int }{recipe.SelectByLoss: {2, 4}, recipe.SelectByAccuracy: {3, 5}} {
		s := &session{job: Job{Recipe: recipe.DefaultRecipe()}, events: func(progress.Event) {}, val: []int{0}, searching: true}
		s.job.Recipe.SelectBy, s.job.Recipe.EarlyStop = criterion, 2
		for _, e := range epochs {
			if err := s.finishEpoch(e); err != nil {
				t.Fatal(err)
			}
			if s.state.Status == progress.EarlyStop {
				break
			}
		}
		if got := s.state.History.Best().Epoch; got != want.best || len(s.state.History) != want.stops {
			t.Errorf("by %s the best epoch is %d and it stops after %d, want %d and %d", criterion, got, len(s.state.History), want.best, want.stops)
		}
	}
}

func TestACriterionPrefers(t *testing.T) {
	for _, c := range []struct {
		criterion                              recipe.Criterion
		loss, accuracy, bestLoss, bestAccuracy float64
		want                                   bool
	}{
		{recipe.SelectByLoss, 0.4, 0.8, 0.5, 0.9, true}, {recipe.SelectByLoss, 0.5, 0.9, 0.4, 0.8, false}, {recipe.SelectByLoss, 0.4, 0.9, 0.4, 0.8, false},
		{recipe.SelectByAccuracy, 0.4, 0.8, 0.5, 0.9, false}, {recipe.SelectByAccuracy, 0.5, 0.9, 0.4, 0.8, true},
		{recipe.SelectByAccuracy, 0.4, 0.9, 0.5, 0.9, true}, {recipe.SelectByAccuracy, 0.5, 0.9, 0.4, 0.9, false},
	} {
		if got := c.criterion.Prefers(c.loss, c.accuracy, c.bestLoss, c.bestAccuracy); got != c.want {
			t.Errorf("by %s, %v at %v is preferred to %v at %v: %t", c.criterion, c.accuracy, c.loss, c.bestAccuracy, c.bestLoss, got)
		}
	}
}

func TestUnfrozenStagesLearn(t *testing.T) {
	device := modeltest.XLA(t, 1)
	options := modeltest.Options()
	options.Cut = "conv2"
	for _, stage := range []recipe.Stage{"conv2", "conv1"} {
		job := smallJob(t)
		job.Backbone = modeltest.Backbone(t, options)
		before := job.Backbone.Network().Tensors()
		r := &job.Recipe
		r.Unfreeze, r.AccumulatedSteps, r.ClipNorm, r.LearningRate, r.StageRate = stage, 2, 5, 0.003, 1
		state, err := fit(t, device, job).Stepper.Weights()
		if err != nil {
			t.Fatal(err)
		}
		for _, moved := range []string{"conv2_block1_1_conv/kernel", "conv1_conv/kernel"} {
			if string(stage) > moved {
				continue
			}
			after, ok := state["backbone/"+moved]
			if !ok || cmp.Equal(after.Values, before[moved].Values) {
				t.Errorf("unfrozen from %s, %s did not move", stage, moved)
			}
		}
	}
}

func TestAugmentation(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	job.Recipe.Augment, job.Recipe.Epochs = "flip,brightness:0.1", 2
	computed := func() (r *Result, once int) {
		r, err := Fit(t.Context(), device, job, func(e progress.Event) {
			if e.Kind == progress.FeaturesEvent && e.Features.Done {
				once += e.Features.Computed
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close() })
		return r, once
	}
	a, once := computed()
	if once != 9 {
		t.Errorf("the features of %d images were computed once, want those of the 9 validation images", once)
	}
	b, _ := computed()
	if a.Provenance.HeadDigest != b.Provenance.HeadDigest {
		t.Error("the same augmented training gave other weights")
	}
	job.Recipe.AugmentCopies = 2
	if _, once = computed(); once != 2*36+9 {
		t.Errorf("with two copies the features of %d images were computed once, want %d", once, 2*36+9)
	}
}

func TestLabelsAndValues(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	job.Recipe.Epochs, job.Recipe.Task, job.Targets = 20, recipe.Multi, make([][]float32, len(job.Dataset.Items))
	for i, item := range job.Dataset.Items {
		job.Targets[i] = make([]float32, 3)
		job.Targets[i][item.Label], job.Targets[i][2] = 1, 1
	}
	m := fit(t, device, job)
	if got := m.History.Best().ValAccuracy; got < 0.9 {
		t.Errorf("labels: an accuracy of %g", got)
	}
	job.Recipe.Task = recipe.Regression
	for i, item := range job.Dataset.Items {
		job.Targets[i] = []float32{float32(item.Label)}
	}
	m = fit(t, device, job)
	if got := m.History.Best().ValAccuracy; got < 0.5 {
		t.Errorf("values: R2 is %g", got)
	}
}

func TestClassWeights(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	plain := fit(t, device, job)
	job.Recipe.ClassWeights = "red=5,blue=0.5"
	if m := fit(t, device, job); m.Provenance.HeadDigest == plain.Provenance.HeadDigest {
		t.Error("the weights of the classes changed nothing")
	}
	job.Recipe.ClassWeights = "pink=3"
	if _, err := Fit(context.Background(), device, job, nil); err == nil {
		t.Error("a weight of a class that is not there was accepted")
	}
}

func TestJobsThatCannotBeDone(t *testing.T) {
	device := modeltest.PureGo(t)
	base := smallJob(t)
	for name, c := range map[string]struct {
		change func(*Job)
		want   string
	}{
		"unfreeze": {func(j *Job) { j.Recipe.Unfreeze = "conv5" }, "unfreeze must be one of none, conv1; got conv5"},
		"targets":  {func(j *Job) { j.Recipe.Task = recipe.Multi }, "0 rows of targets for 45 images"},
		"dataset":  {func(j *Job) { j.Dataset = nil }, "a dataset and a backbone are needed"},
		"name":     {func(j *Job) { j.Environment.Home, j.Request.Name = t.TempDir(), "../x" }, "cannot name a run"},
		"devices":  {func(j *Job) { j.Recipe.Devices = 2 }, "train on 2 devices"},
		"recipe":   {func(j *Job) { j.Recipe.BatchSize = 0 }, "train: batch size must be at least 1, got 0"},
		"classes":  {func(j *Job) { j.Recipe.ClassWeights = "pink=3" }, "class weights must name classes of the dataset"},
		"no class": {func(j *Job) { j.Recipe.ClassWeights = "red=0,green=0,blue=0" }, "class weights must be above 0 for some class"},
	} {
		job := base
		c.change(&job)
		if _, err := Fit(context.Background(), device, job, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want one with %q", name, err, c.want)
		}
	}
}

func TestRunsTellInterruptedOnes(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	job.Environment.Home = t.TempDir()
	seen := progress.Status("")
	m, err := Fit(context.Background(), device, job, func(e progress.Event) {
		if e.Kind == progress.EpochEvent && seen == "" {
			r, err := record.ReadRun(job.Environment.Home, job.Request.Name)
			if err != nil {
				t.Error(err)
				return
			}
			seen = r.Status
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if seen != progress.Running {
		t.Errorf("while it runs the status is %q", seen)
	}
}

// Fit tells what Preflight warns of, and refuses what it calls an error.
func TestFitHeedsThePreflight(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	job.Recipe.Epochs = 1
	var told []string
	r, err := Fit(t.Context(), device, job, func(e progress.Event) {
		if e.Kind == progress.DiagnosisEvent {
			told = append(told, e.Diagnosis.Code)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil || !slices.Equal(told, []string{preflight.CodeRandom}) {
		t.Errorf("a training on random weights told %v, %v", told, err)
	}
	job.Recipe.TrainNorm = true
	_, err = Fit(t.Context(), device, job, nil)
	if refused, ok := errors.AsType[*preflight.Error](err); !ok || refused.Diagnoses[0].Code != preflight.CodeBatchNorm {
		t.Errorf("batch norms of a frozen backbone: %v", err)
	}
}

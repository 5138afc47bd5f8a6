package training

import (
	"math"
	"slices"
	"testing"

	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// tunedWith are the weights of a fine-tuning that adds the logits of a classifier on conv1 with a weight, and its result.
func tunedWith(t *testing.T, job Job, weight float64) (stepper.State, *Result) {
	t.Helper()
	job.Recipe.FrozenLogits = weight
	r := fit(t, modeltest.XLA(t, 1), job)
	state, err := r.Stepper.Weights()
	if err != nil {
		t.Fatal(err)
	}
	return state, r
}

// far is the largest difference of two lists of numbers, relative to the largest number of the first.
func far(a, b []float32) float64 {
	difference, largest := 0.0, 0.0
	for i := range a {
		difference = max(difference, math.Abs(float64(a[i])-float64(b[i])))
		largest = max(largest, math.Abs(float64(a[i])))
	}
	return difference / largest
}

// The classifier on the frozen stage is added to predictions: the training takes the course that it takes without it, and leaves it as it is.
func TestTheTrainingDoesNotSeeTheFrozenLogits(t *testing.T) {
	job := finetuneJob(t)
	// Adam divides a gradient of nearly 0 by its own size, and so makes steps of rounding errors.
	job.Recipe.Optimizer, job.Recipe.LearningRate = stepper.SGD, 0.01
	alone, without := tunedWith(t, job, 0)
	half, _ := tunedWith(t, job, 0.5)
	whole, with := tunedWith(t, job, 1)
	const kernel, bias = "head/logits/kernel", "head/logits/bias"
	trained, classes := alone[kernel].Values, len(job.Dataset.Classes)
	unseen := len(half[kernel].Values) - len(trained)
	if unseen <= 0 || unseen%classes != 0 || len(whole[kernel].Values) != unseen+len(trained) {
		t.Fatalf("the kernels have %d, %d and %d numbers", len(trained), len(half[kernel].Values), len(whole[kernel].Values))
	}
	for path, array := range alone {
		got := half[path].Values
		if path == kernel {
			got = got[unseen:]
		}
		if path == bias { // those of both are added
			continue
		}
		if d := far(array.Values, got); d > 1e-3 {
			t.Errorf("%s differs by %g from the training without them", path, d)
		}
	}
	doubled := make([]float32, unseen)
	for i, v := range half[kernel].Values[:unseen] {
		doubled[i] = 2 * v
	}
	if d := far(whole[kernel].Values[:unseen], doubled); d > 1e-3 {
		t.Errorf("the part of the frozen stage at the weight 1 differs by %g from twice that at 0.5", d)
	}
	for i := range without.History {
		if a, b := without.History[i], with.History[i]; math.Abs(a.Loss-b.Loss) > 1e-3*a.Loss || a.ValLoss == b.ValLoss {
			t.Errorf("epoch %d has the training losses %g and %g, and the validation losses %g and %g", i+1, a.Loss, b.Loss, a.ValLoss, b.ValLoss)
		}
	}
	if got := with.Provenance.Recipe.FrozenLogits; got != 1 {
		t.Errorf("the record has the weight %g, want 1", got)
	}
}

func TestWhichFrozenStageIsAdded(t *testing.T) {
	device := modeltest.PureGo(t)
	for _, c := range []struct {
		unfreeze string
		weight   float64
		cut      []resnet.Stage
		want     resnet.Stage
	}{
		{"conv2", 0.3, nil, "conv1"},
		{"conv2", 0, nil, ""},
		{"conv1", 0.3, nil, ""},                              // it is trained
		{"conv2", 0.3, []resnet.Stage{"conv1", "conv2"}, ""}, // it is in the classifier that is trained
	} {
		job := finetuneJob(t)
		job.Recipe.Unfreeze, job.Recipe.FrozenLogits = resnet.Stage(c.unfreeze), c.weight
		if c.cut != nil {
			var err error
			var several *features.Backbone
			if several, err = job.Backbone.At(c.cut...); err != nil {
				t.Fatal(err)
			}
			job.Backbone = several
		}
		s, err := newSession(device, job, nil)
		if err != nil {
			t.Fatal(err)
		}
		s.given = s.job.Backbone
		if got := s.frozenStage(); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
		if slices.Contains(s.stages(), s.frozenStage()) {
			t.Errorf("%+v: %q is among %v", c, s.frozenStage(), s.stages())
		}
		if c.want == "" {
			told := 0
			s.events = func(e progress.Event) { told++ }
			if unseen, err := s.addFrozen(t.Context(), nil); err != nil || unseen.Features != 0 || s.job.Recipe.FrozenLogits != 0 || (told == 1) != (c.weight != 0) {
				t.Errorf("%+v: %d features are added with the weight %g, and %d notes tell it: %v", c, unseen.Features, s.job.Recipe.FrozenLogits, told, err)
			}
		}
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}
}

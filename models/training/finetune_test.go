package training

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/probe"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training/feed"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/record"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// finetuneJob trains conv2 of a backbone that is cut there.
func finetuneJob(t testing.TB) Job {
	t.Helper()
	options := modeltest.Options()
	options.Cut = "conv2"
	job := smallJob(t)
	job.Backbone = modeltest.Backbone(t, options)
	job.Recipe = recipe.FinetuneRecipe()
	r := &job.Recipe
	r.Unfreeze, r.Epochs, r.BatchSize, r.AugmentCopies, r.Seed, r.Augment = "conv2", 3, 8, 2, 7, "flip,brightness:0.1"
	return job
}

// told are the diagnoses of a training by code.
func told(t *testing.T, device *accel.Device, job Job) (*Result, map[string]string) {
	t.Helper()
	notes := map[string]string{}
	r, err := Fit(t.Context(), device, job, func(e progress.Event) {
		if e.Kind == progress.DiagnosisEvent {
			notes[e.Diagnosis.Code] = e.Diagnosis.Sentence
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r, notes
}

func TestFineTuningBeginsWithTheProbe(t *testing.T) {
	device, job := modeltest.XLA(t, 1), finetuneJob(t)
	job.Environment.Home = t.TempDir()
	r, notes := told(t, device, job)
	if r.Status != progress.Finished || len(r.History) != 3 || r.History.Best().ValAccuracy < 0.8 {
		t.Errorf("the run is %s with %+v", r.Status, r.History)
	}
	if r.Selection == nil || r.Provenance.Base == nil || r.Provenance.Recipe.Method != recipe.MethodFinetune || r.Provenance.Recipe.Augment == "" {
		t.Errorf("the outcome lacks what it began with: %+v", r.Provenance.Recipe)
	}
	if choice := r.Selection.Choice(); !slices.Equal(choice.Stages, []string{"conv2"}) || choice.Normalization != probe.L2 {
		t.Errorf("it began with %v, want a classifier on conv2 alone, of unit length", choice.Candidate)
	}
	for code, want := range map[string]string{
		CodeChosen: "cross-validation", CodeEstimate: "2 augmented copies of each of 36", CodeBegun: "on conv1+conv2 of the frozen backbone",
		CodeFrozenLogits: "a classifier on conv1, which stays frozen, are added with the weight 0.3",
	} {
		if !strings.Contains(notes[code], want) {
			t.Errorf("the note %s is %q, want %q in it", code, notes[code], want)
		}
	}
	if notes[CodeGain] == "" && notes[CodeNoGain] == "" {
		t.Errorf("nothing says what it brought: %v", notes)
	}
	if kept := r.Kept(); kept == nil || kept.Epoch != 3 {
		t.Errorf("the kept epoch is %+v, want the last", kept)
	}
	moved := false
	for _, c := range r.Changes {
		moved = moved || c.Stage == "conv2" && c.Relative > 1e-5
		if c.Stage == "conv1" {
			t.Errorf("conv1 was trained: %+v", c)
		}
	}
	if !moved {
		t.Errorf("conv2 did not move: %+v", r.Changes)
	}

	// The same seed gives the same bits: the batches that the estimate was measured with left no trace.
	job.Request.Name, job.Environment.Workers = "second", 3
	if again := fit(t, device, job); again.Provenance.HeadDigest != r.Provenance.HeadDigest {
		t.Error("the same training gave other weights")
	}
}

// With a learning rate of nearly 0 the network stays the classifier that it began with: the accuracy is that of the method auto.
func TestFineTuningWithoutMovingIsAuto(t *testing.T) {
	device, job := modeltest.XLA(t, 1), finetuneJob(t)
	job.Recipe.LearningRate, job.Recipe.Epochs, job.Recipe.WarmupEpochs, job.Recipe.FrozenLogits = 1e-12, 1, 0, 0
	r, notes := told(t, device, job)
	auto := job
	auto.Recipe = recipe.AutoRecipe()
	auto.Recipe.Seed, auto.Recipe.BatchSize, auto.Candidate = 7, 8, &r.Selection.Scores[r.Selection.Chosen].Candidate
	frozen := fit(t, device, auto)
	got, want := r.History[0], frozen.History[0]
	if got.ValAccuracy != want.ValAccuracy || got.ValLoss < 0.5*want.ValLoss || got.ValLoss > 2*want.ValLoss {
		t.Errorf("it began with the validation loss %g and accuracy %g, and auto has %g and %g", got.ValLoss, got.ValAccuracy, want.ValLoss, want.ValAccuracy)
	}
	if _, ok := notes[CodeUnchanged]; !ok {
		t.Errorf("nothing says that conv2 stayed as it was: %v", notes)
	}
}

// What is kept lies on the way from the classifier's weights to the trained ones, and the training continues from the trained ones.
func TestKeptWeightsAreInterpolated(t *testing.T) {
	device, job := modeltest.XLA(t, 1), finetuneJob(t)
	states, losses := map[float64]stepper.State{}, map[float64][]float64{}
	for _, fraction := range []float64{0.25, 0.5, 1} {
		job.Recipe.Interpolation = fraction
		r := fit(t, device, job)
		var err error
		if states[fraction], err = r.Stepper.Weights(); err != nil {
			t.Fatal(err)
		}
		for _, e := range r.History {
			losses[fraction] = append(losses[fraction], e.Loss)
		}
	}
	if !cmp.Equal(losses[0.25], losses[1]) {
		t.Errorf("the training took another course: %v and %v", losses[0.25], losses[1])
	}
	moved := 0.0
	for path, whole := range states[1] {
		for i, v := range whole.Values {
			// A quarter of the way is as far from half of it as half is from the whole, times a half.
			half, quarter := float64(states[0.5][path].Values[i]), float64(states[0.25][path].Values[i])
			moved = max(moved, math.Abs(float64(v)-half))
			if got := half + 2*(half-quarter); math.Abs(got-float64(v)) > 1e-5*(1+math.Abs(got)) {
				t.Fatalf("%s: the quarter is %g, the half %g, the whole %g", path, quarter, half, v)
			}
		}
	}
	if moved < 1e-3 {
		t.Errorf("the weights moved by %g", moved)
	}
}

// A stopping feed calls stop with the second batch of an epoch.
type stopping struct {
	feed.Feed
	epoch int
	stop  func()
}

func (f stopping) Open(ctx context.Context, order []int, epoch int) (feed.Pass, error) {
	pass, err := f.Feed.Open(ctx, order, epoch)
	if epoch == f.epoch && err == nil {
		pass = &stoppingPass{Pass: pass, stop: f.stop}
	}
	return pass, err
}

type stoppingPass struct {
	feed.Pass
	batches int
	stop    func()
}

func (p *stoppingPass) Next(ctx context.Context) (feed.Batch, error) {
	batch, err := p.Pass.Next(ctx)
	if p.batches++; p.batches == 2 {
		p.stop()
	}
	return batch, err
}

// An epoch that is cut short leaves the weights of the one before it, which are those on disk as well.
func TestStoppedFineTuningKeepsTheLastEpoch(t *testing.T) {
	device := modeltest.XLA(t, 1)
	for _, fraction := range []float64{0.5, 1} {
		job, home := finetuneJob(t), t.TempDir()
		job.Environment.Home, job.Recipe.Interpolation = home, fraction
		s, err := newSession(device, job, nil)
		if err != nil {
			t.Fatal(err)
		}
		if s.record, err = record.Create(home, record.NewRun(s.job, device, s.started)); err != nil {
			t.Fatal(err)
		}
		if err := s.prepareFineTuning(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		s.feed = stopping{s.feed, 3, cancel}
		err = s.run(ctx)
		cancel()
		loss, _, measured := s.validate(t.Context())
		r, err := s.end(ctx, err)
		if !errors.Is(err, progress.ErrStopped) || r == nil || len(r.History) != 2 {
			t.Fatalf("at %g it ended with %v", fraction, err)
		}
		defer r.Close()
		if got := r.History[1].ValLoss; measured != nil || math.Abs(got-loss) > 1e-6 {
			t.Errorf("at %g the kept weights have the loss %g, and the epoch %g: %v", fraction, loss, got, measured)
		}
		outcome, err := record.ReadOutcome(home, r.Name)
		if err != nil {
			t.Fatal(err)
		}
		onDisk, err := record.ReadWeights(home, outcome)
		if err != nil {
			t.Fatal(err)
		}
		if kept, err := r.Stepper.Weights(); err != nil || !cmp.Equal(kept, onDisk) {
			t.Errorf("at %g the weights on disk are not those of the model: %v", fraction, err)
		}
	}
}

func TestFineTuningResumes(t *testing.T) {
	device, job := modeltest.XLA(t, 1), finetuneJob(t)
	whole := fit(t, device, job)
	job.Environment.Home, job.Request.Name = t.TempDir(), "broken"
	abort := make(chan struct{})
	job.Control.Abort = abort
	_, err := Fit(context.Background(), device, job, func(e progress.Event) {
		if e.Kind == progress.EpochEvent && e.Epoch.Epoch == 2 {
			close(abort)
		}
	})
	if !errors.Is(err, progress.ErrAborted) {
		t.Fatal(err)
	}
	job.Control.Abort = nil
	selecting := false
	resumed, err := Resume(t.Context(), device, job, func(e progress.Event) { selecting = selecting || e.Kind == progress.SelectionEvent })
	if err != nil {
		t.Fatal(err)
	}
	defer resumed.Close()
	if diff := cmp.Diff(whole.History, resumed.History, sameNumbers); diff != "" || whole.Provenance.HeadDigest != resumed.Provenance.HeadDigest {
		t.Errorf("the resumed run has other numbers: %s", diff)
	}
	if selecting || !cmp.Equal(whole.Selection, resumed.Selection) {
		t.Error("the resumed run chose again")
	}
	lengthened(t, device, job, whole)
}

// A run is resumed with the stages of its own classifier, which an earlier version may have chosen among others.
func TestResumedFineTuningKeepsItsStages(t *testing.T) {
	device, job := modeltest.XLA(t, 1), finetuneJob(t)
	job.Request.Name, job.Environment.Home = "two-stages", t.TempDir()
	job.Candidate = &selection.Candidate{Stages: []string{"conv1", "conv2"}, Normalization: probe.L2, Kind: selection.Logistic, C: 10}
	abort := make(chan struct{})
	job.Control.Abort = abort
	_, err := Fit(t.Context(), device, job, func(e progress.Event) {
		if e.Kind == progress.EpochEvent && e.Epoch.Epoch == 1 {
			close(abort)
		}
	})
	if !errors.Is(err, progress.ErrAborted) {
		t.Fatal(err)
	}
	job.Control.Abort, job.Candidate = nil, nil
	resumed, err := Resume(t.Context(), device, job, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resumed.Close()
	if got := resumed.Selection.Choice().Stages; len(resumed.History) != 3 || !slices.Equal(got, []string{"conv1", "conv2"}) {
		t.Errorf("resumed with %v, it has %d epochs", got, len(resumed.History))
	}
}

// lengthened resumes a finished fine-tuning with more epochs and interrupts it before the first: its weights stay those that it had, and not
// those of a longer run at that place.
func lengthened(t *testing.T, device *accel.Device, job Job, whole *Result) {
	t.Helper()
	job.Recipe.Epochs *= 2
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := Resume(ctx, device, job, func(e progress.Event) {
		if e.Kind == progress.ResumedEvent {
			cancel()
		}
	})
	if !errors.Is(err, progress.ErrStopped) || r == nil {
		t.Fatal(err)
	}
	defer r.Close()
	if len(r.History) != len(whole.History) || r.Provenance.HeadDigest != whole.Provenance.HeadDigest {
		t.Errorf("%d epochs of %d with the weights %s, which were %s", len(r.History), len(whole.History), r.Provenance.HeadDigest, whole.Provenance.HeadDigest)
	}
	outcome, err := record.ReadOutcome(job.Environment.Home, r.Name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := record.ReadWeights(job.Environment.Home, outcome); err != nil {
		t.Error(err)
	}
}

// Feature maps that do not fit into memory are computed again in each epoch.
func TestKeptMapsAreBounded(t *testing.T) {
	device, job := modeltest.PureGo(t), finetuneJob(t)
	s, err := newSession(device, job, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if err := s.passForMaps(); err != nil {
		t.Fatal(err)
	}
	each := int64(s.frozen.Length()) * 4
	for _, c := range []struct {
		train, val, copies int64
		want               int
		validation         bool
	}{
		{36, 9, 2, 2, true},
		{maxKept / each / 3, 0, 6, 3, true},
		{maxKept / each, 1, 6, 0, true},
		{1, maxKept/each + 1, 6, 0, false},
	} {
		s.train, s.val, s.job.Recipe.AugmentCopies = make([]int, c.train), make([]int, c.val), int(c.copies)
		if copies, validation := s.kept(); copies != c.want || validation != c.validation {
			t.Errorf("%+v: %d copies, validation %t", c, copies, validation)
		}
	}
	s.train, s.val = make([]int, maxKept/each), nil
	for copies, want := range map[int]string{
		0: "", // asked for, whatever the memory
		6: fmt.Sprintf(", since the feature maps of %d images take %d MiB of memory, and at most 2048 are used for them", 6*len(s.train), 6*each*int64(len(s.train))>>20),
	} {
		if s.job.Recipe.AugmentCopies = copies; s.whyNotKept() != want {
			t.Errorf("with %d copies the maps are not kept%s, want %q", copies, s.whyNotKept(), want)
		}
	}
}

func TestFewCopiesAreNotKept(t *testing.T) {
	for _, test := range []struct{ asked, fit, want int }{{12, 100, 12}, {12, 6, 6}, {12, 3, 3}, {12, 2, 0}, {12, 0, 0}, {1, 1, 1}, {2, 1, 1}, {0, 5, 0}} {
		if got := worthKeeping(test.asked, test.fit); got != test.want {
			t.Errorf("of %d copies %d fit, and %d are kept, want %d", test.asked, test.fit, got, test.want)
		}
	}
}

func TestTheEstimateProposesSmallerImages(t *testing.T) {
	device, job := modeltest.PureGo(t), finetuneJob(t)
	s, err := newSession(device, job, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	var list []progress.Event
	s.events = func(e progress.Event) { list = append(list, e) }
	// 36 images are 5 batches, 9 are 2; each epoch reads its images once before it.
	s.tellEstimate(time.Second, time.Second, time.Second)
	want := "Fine-tuning takes about 33 s on " + device.Name()
	if len(list) != 1 || list[0].Diagnosis.Code != CodeEstimate || !strings.HasPrefix(list[0].Diagnosis.Sentence, want) {
		t.Errorf("it says %+v, want %q", list[0].Diagnosis, want)
	}
	for d, want := range map[time.Duration]string{
		300 * time.Microsecond: "0.01 s", 42400 * time.Millisecond: "42 s", 90 * time.Second: "1.5 minutes", 25 * time.Minute: "25 minutes", 3 * time.Hour: "3.0 hours",
	} {
		if got := roughly(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

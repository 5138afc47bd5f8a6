package transfer

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/headstart-nb/headstart/models/imagefolder"
)

// sameNumbers compares histories but for the times.
var sameNumbers = cmpopts.IgnoreFields(Epoch{}, "Seconds", "Rate", "Waited", "Left")

func fit(t *testing.T, c Config) *Model {
	t.Helper()
	m, err := Fit(context.Background(), c.Backbone.(tiny).device, c, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func TestFitLearnsAndPredicts(t *testing.T) {
	device := pureGo(t)
	c := tinyConfig(t, device)
	c.Epochs = 20
	m := fit(t, c)
	if got := m.History.Best().ValAccuracy; got < 0.9 {
		t.Errorf("a validation accuracy of %g on three colours", got)
	}
	report, err := m.Evaluate(context.Background(), c.Dataset, imagefolder.Val)
	if err != nil {
		t.Fatal(err)
	}
	if best := m.History.Best(); report.Loss != best.ValLoss || report.Accuracy != best.ValAccuracy {
		t.Errorf("evaluated to loss %g and accuracy %g, the best epoch had %g and %g", report.Loss, report.Accuracy, best.ValLoss,
			best.ValAccuracy)
	}
	missing := filepath.Join(c.Dataset.Root, "none.png")
	predictions, err := m.Predict(context.Background(), []string{filepath.Join(c.Dataset.Root, "red", "001.png"), missing}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if p := predictions[0]; len(p.Top) != 2 || p.Top[0].Class != "red" {
		t.Errorf("a red image is %+v", p)
	}
	if predictions[1].Error == "" {
		t.Error("a file that is not there was predicted")
	}
}

func TestEventsTellWhatIsComputedAndFound(t *testing.T) {
	device := pureGo(t)
	c := tinyConfig(t, device)
	c.Home = t.TempDir()
	last := func(c Config) (features FeatureProgress, epochs int) {
		m, err := Fit(context.Background(), device, c, func(e Event) {
			switch e.Kind {
			case FeaturesEvent:
				features = *e.Features
			case EpochEvent:
				epochs++
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		return features, epochs
	}
	f, epochs := last(c)
	if f.Computed != 45 || f.Cached != 0 || !f.Done || epochs != 5 {
		t.Errorf("the first time: %+v, %d epochs", f, epochs)
	}
	// Ten more images: ten are computed.
	writeImages(t, c.Dataset.Root, 10, "grey")
	c.Dataset = load(t, c.Dataset.Root)
	c.Name = "second"
	if f, _ = last(c); f.Computed != 10 || f.Cached != 45 {
		t.Errorf("with ten more images: %+v", f)
	}
}

func TestSameSeedSameBits(t *testing.T) {
	device := pureGo(t)
	c := tinyConfig(t, device)
	c.Head = "dense:8:relu,dropout:0.4"
	first := fit(t, c)
	for _, workers := range []int{1, 2, 7} {
		c.Workers = workers
		again := fit(t, c)
		if diff := cmp.Diff(first.History, again.History, sameNumbers); diff != "" {
			t.Errorf("with %d decoders: %s", workers, diff)
		}
		if first.Provenance.HeadDigest != again.Provenance.HeadDigest {
			t.Errorf("with %d decoders the weights differ", workers)
		}
	}
	c.Seed++
	if other := fit(t, c); other.Provenance.HeadDigest == first.Provenance.HeadDigest {
		t.Error("another seed gave the same weights")
	}
}

func TestInterruptKeepsTheBest(t *testing.T) {
	device := pureGo(t)
	c := tinyConfig(t, device)
	ctx, cancel := context.WithCancel(context.Background())
	m, err := Fit(ctx, device, c, func(e Event) {
		if e.Kind == EpochEvent && e.Epoch.Epoch == 2 {
			cancel()
		}
	})
	if !errors.Is(err, ErrStopped) || m == nil {
		t.Fatalf("an interrupt gave %v, %v", m, err)
	}
	defer m.Close()
	if m.Status != Stopped || len(m.History) != 2 {
		t.Errorf("status %s after %d epochs", m.Status, len(m.History))
	}
	if m, err := Fit(ctx, device, c, nil); !errors.Is(err, ErrStopped) || m != nil {
		t.Errorf("a training that was interrupted before it began gave %v, %v", m, err)
	}
}

func TestAbortEndsNow(t *testing.T) {
	device := pureGo(t)
	c := tinyConfig(t, device)
	c.Epochs = 1000
	abort := make(chan struct{})
	c.Abort = abort
	m, err := Fit(context.Background(), device, c, func(e Event) {
		if e.Kind == EpochEvent && e.Epoch.Epoch == 1 {
			close(abort)
		}
	})
	if !errors.Is(err, ErrAborted) || m != nil {
		t.Errorf("an abort gave %v, %v", m, err)
	}
}

func TestResumedRunEndsWithTheSameNumbers(t *testing.T) {
	device := pureGo(t)
	c := tinyConfig(t, device)
	c.Head, c.Schedule = "dense:8:relu,batchnorm,dropout:0.3", "plateau"
	whole := fit(t, c)
	c.Home, c.Name = t.TempDir(), "broken"
	abort := make(chan struct{})
	c.Abort = abort
	_, err := Fit(context.Background(), device, c, func(e Event) {
		if e.Kind == EpochEvent && e.Epoch.Epoch == 3 {
			close(abort)
		}
	})
	if !errors.Is(err, ErrAborted) {
		t.Fatal(err)
	}
	m, err := Resume(context.Background(), device, Config{
		Home: c.Home, Name: c.Name, Dataset: c.Dataset, Backbone: c.Backbone,
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
	runs, err := Runs(c.Home)
	if err != nil || len(runs) != 1 || runs[0].Status != Finished || len(runs[0].History) != c.Epochs {
		t.Errorf("the runs are %+v, %v", runs, err)
	}
}

func TestResumeRefusesOtherImages(t *testing.T) {
	device := pureGo(t)
	c := tinyConfig(t, device)
	c.Home = t.TempDir()
	fit(t, c)
	if err := os.Remove(filepath.Join(c.Dataset.Root, "red", "003.png")); err != nil {
		t.Fatal(err)
	}
	fewer := c
	fewer.Dataset = load(t, c.Dataset.Root)
	if _, err := Resume(context.Background(), device, fewer, nil); err == nil {
		t.Error("a run went on with other images")
	}
	other := c.Backbone.(tiny)
	other.cut = "low"
	c.Backbone = other
	if _, err := Resume(context.Background(), device, c, nil); err == nil {
		t.Error("a run went on with another backbone")
	}
}

func TestNaNStopsAndKeepsTheBest(t *testing.T) {
	device := pureGo(t)
	c := tinyConfig(t, device)
	c.Optimizer, c.LearningRate, c.Epochs, c.Schedule, c.WarmupEpochs = "sgd", 1e6, 30, "warmup", 30
	c.Task, c.Targets = Regression, make([][]float32, len(c.Dataset.Items))
	for i := range c.Targets {
		c.Targets[i] = []float32{float32(i)}
	}
	m, err := Fit(context.Background(), device, c, nil)
	if !errors.Is(err, ErrNaN) {
		t.Fatalf("a learning rate of a million gave %v", err)
	}
	if m != nil {
		defer m.Close()
		if m.Status != NaN {
			t.Errorf("the status is %s", m.Status)
		}
	}
}

func TestEarlyStop(t *testing.T) {
	device := pureGo(t)
	c := tinyConfig(t, device)
	c.Epochs, c.EarlyStop, c.LearningRate, c.Optimizer = 200, 3, 1.5, "momentum"
	m := fit(t, c)
	if m.Status != EarlyStop || len(m.History) != m.History.Best().Epoch+3 {
		t.Errorf("status %s, %d epochs, best %d", m.Status, len(m.History), m.History.Best().Epoch)
	}
}

func TestUnfrozenStagesLearn(t *testing.T) {
	device := pureGo(t)
	for _, stage := range []string{"high", "low"} {
		c := tinyConfig(t, device)
		c.Unfreeze, c.Epochs, c.Accumulate, c.ClipNorm = stage, 12, 2, 5
		m := fit(t, c)
		state, err := m.network.Weights()
		if err != nil {
			t.Fatal(err)
		}
		if cmp.Equal(state["backbone/high_mix/kernel"].Values, mix()) {
			t.Errorf("unfrozen from %s, the stage did not move", stage)
		}
		report, err := m.Evaluate(context.Background(), c.Dataset, imagefolder.Val)
		if err != nil || report.Accuracy < 0.6 {
			t.Errorf("unfrozen from %s: %+v, %v", stage, report, err)
		}
		p, err := m.Predict(context.Background(), []string{filepath.Join(c.Dataset.Root, "blue", "001.png")}, 1)
		if err != nil || p[0].Error != "" {
			t.Errorf("unfrozen from %s: %+v, %v", stage, p, err)
		}
	}
}

func TestAugmentation(t *testing.T) {
	device := pureGo(t)
	c := tinyConfig(t, device)
	c.Augment = "flip,brightness:0.1"
	passed := c.Backbone.(tiny).extracted
	a := fit(t, c)
	if got, want := passed.Load(), int64(5*36+9); got != want {
		t.Errorf("%d images went through the backbone, want %d", got, want)
	}
	b := fit(t, c)
	if a.Provenance.HeadDigest != b.Provenance.HeadDigest {
		t.Error("the same augmented training gave other weights")
	}
	passed.Store(0)
	c.AugmentCopies = 2
	fit(t, c)
	if got, want := passed.Load(), int64(2*36+9); got != want {
		t.Errorf("with two copies %d images went through, want %d", got, want)
	}
}

func TestLabelsAndValues(t *testing.T) {
	device := pureGo(t)
	c := tinyConfig(t, device)
	c.Epochs, c.Task, c.Targets = 20, Multi, make([][]float32, len(c.Dataset.Items))
	for i, item := range c.Dataset.Items {
		c.Targets[i] = make([]float32, 3)
		c.Targets[i][item.Label], c.Targets[i][2] = 1, 1
	}
	m := fit(t, c)
	if got := m.History.Best().ValAccuracy; got < 0.9 {
		t.Errorf("labels: an accuracy of %g", got)
	}
	c.Task = Regression
	for i, item := range c.Dataset.Items {
		c.Targets[i] = []float32{float32(item.Label)}
	}
	m = fit(t, c)
	report, err := m.Evaluate(context.Background(), c.Dataset, imagefolder.Val)
	if err != nil || report.Values == nil || report.Values.R2 < 0.5 {
		t.Errorf("values: %+v, %v", report, err)
	}
}

func TestClassWeights(t *testing.T) {
	device := pureGo(t)
	c := tinyConfig(t, device)
	plain := fit(t, c)
	c.ClassWeights = "red=5,blue=0.5"
	if m := fit(t, c); m.Provenance.HeadDigest == plain.Provenance.HeadDigest {
		t.Error("the weights of the classes changed nothing")
	}
	c.ClassWeights = "pink=3"
	if _, err := Fit(context.Background(), device, c, nil); err == nil {
		t.Error("a weight of a class that is not there was accepted")
	}
}

func TestSettingsThatMakeNoSense(t *testing.T) {
	device := pureGo(t)
	base := tinyConfig(t, device)
	for name, change := range map[string]func(*Config){
		"head":      func(c *Config) { c.Head = "dense" },
		"epochs":    func(c *Config) { c.Epochs = -1 },
		"rate":      func(c *Config) { c.LearningRate = -1 },
		"optimizer": func(c *Config) { c.Optimizer = "best" },
		"schedule":  func(c *Config) { c.Schedule = "fast" },
		"unfreeze":  func(c *Config) { c.Unfreeze = "conv9" },
		"augment":   func(c *Config) { c.Augment = "explode" },
		"task":      func(c *Config) { c.Task = "guess" },
		"targets":   func(c *Config) { c.Task = Multi },
		"dataset":   func(c *Config) { c.Dataset = nil },
		"name":      func(c *Config) { c.Home, c.Name = t.TempDir(), "../x" },
		"smoothing": func(c *Config) { c.LabelSmoothing = 2 },
	} {
		c := base
		change(&c)
		if _, err := Fit(context.Background(), device, c, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestRunsTellInterruptedOnes(t *testing.T) {
	device := pureGo(t)
	c := tinyConfig(t, device)
	c.Home = t.TempDir()
	seen := Status("")
	m, err := Fit(context.Background(), device, c, func(e Event) {
		if e.Kind == EpochEvent && seen == "" {
			r, err := ReadRun(c.Home, c.Name)
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
	if seen != Running {
		t.Errorf("while it runs the status is %q", seen)
	}
}

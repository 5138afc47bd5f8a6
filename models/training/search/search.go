// Package search looks for a head with its hyper-parameters by random trials.
package search

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/stepper"
	"github.com/headstart-nb/headstart/models/training/trial"
)

// Options say what Run tries and for how long. Start with DefaultOptions.
type Options struct {
	Trials  int
	Time    time.Duration // from the first trial on, after which no new one starts; 0: no limit
	Workers int           // trials at once
	Heads   []string      // the heads to choose from, without dropout
	Halving bool          // successive halving: bad trials end early (arXiv:1502.07943)
}

// DefaultOptions are 50 trials of small heads with successive halving, one at once for each core.
func DefaultOptions() Options {
	return Options{
		Trials: 50, Workers: runtime.GOMAXPROCS(0), Halving: true,
		Heads: []string{"none", "dense:64:relu", "dense:128:relu", "dense:256:relu", "dense:128:gelu"},
	}
}

// Validate refuses options that try nothing.
func (o Options) Validate() error {
	switch {
	case o.Trials < 1:
		return &recipe.FieldError{Field: "trials", Problem: fmt.Sprintf("must be at least 1, got %d", o.Trials)}
	case o.Workers < 1:
		return &recipe.FieldError{Field: "workers", Problem: fmt.Sprintf("must be at least 1, got %d", o.Workers)}
	case len(o.Heads) == 0:
		return &recipe.FieldError{Field: "heads", Problem: "must be at least one"}
	}
	for _, text := range o.Heads {
		if _, err := head.Parse(text); err != nil {
			return &recipe.FieldError{Field: "heads", Problem: "cannot be read: " + err.Error()}
		}
	}
	return nil
}

// A Result is the best result of a search with all trials.
type Result struct {
	Best   *training.Result
	Trials []trial.Trial     // that were trained, best first; none where the search ended before, with the best of the probes
	Probes *selection.Report // what was compared beside the trials; nil where probes cannot be fitted
}

// Run looks for head, learning rate, dropout and weight decay on cached features; the rest of the job is what all trials
// share, and its epochs are what a trial trains for. It tells each finished trial to tell and the computing of features to
// events; both may be nil. A canceled ctx ends the search with what was found, which is the best of the probes before a trial has come to
// its end.
//
// The trials are compared by cross-validation on the training images, with the probes of the method auto on the same folds. The
// best is then trained again as training.Fit does, a head with AdamW; the validation images measure it alone. What is drawn depends on
// the seed alone.
func Run(ctx context.Context, device *accel.Device, job training.Job, options Options, events func(progress.Event), tell func(trial.Trial)) (*Result, error) {
	job.Recipe.Optimizer, job.Recipe.Schedule = stepper.AdamW, recipe.ScheduleConstant
	if err := options.Validate(); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	if err := job.Validate(); err != nil {
		return nil, err
	}
	if !job.Recipe.ComputedOnce() {
		return nil, errors.New("search: it runs on features that are computed once: leave the backbone frozen, and augment with copies")
	}
	if len(job.Dataset.Select(imagefolder.Val)) == 0 {
		return nil, errors.New("search: without validation images no trial is better than another; load the dataset with a fifth of it for validation")
	}
	folds, err := training.OpenFolds(ctx, device, job, events)
	if err != nil {
		return nil, err
	}
	defer folds.Close()
	probes, err := training.CompareProbes(ctx, device, job, events)
	if err != nil {
		return nil, err
	}
	s := newSearch(folds, job, device, options, tell) // the time of the trials begins
	s.probes = probes
	if err := s.run(ctx); err != nil {
		return nil, err
	}
	return s.result(ctx, events)
}

// A search is a Run under way.
type search struct {
	job     training.Job
	device  *accel.Device
	options Options
	tell    func(trial.Trial)
	until   time.Time // no new trial after it; zero: no limit
	trials  []trial.Trial
	folds   *training.Folds

	probes *selection.Report // nil where there are none

	mu   sync.Mutex
	best float64
}

func newSearch(folds *training.Folds, job training.Job, device *accel.Device, options Options, tell func(trial.Trial)) *search {
	if tell == nil {
		tell = func(trial.Trial) {}
	}
	s := &search{job: job, device: device, options: options, tell: tell, folds: folds, best: math.Inf(1)}
	if options.Time > 0 {
		s.until = time.Now().Add(options.Time)
	}
	s.trials = trial.Draw(options.Trials, options.Heads, job.Recipe.Seed)
	return s
}

// run trains the trials, rung by rung. Those that go on begin again: that costs a tenth of the time, and no memory.
func (s *search) run(ctx context.Context) error {
	running := make([]*trial.Trial, len(s.trials))
	for i := range s.trials {
		running[i] = &s.trials[i]
	}
	rungs := trial.Rungs(s.job.Recipe.Epochs, s.options.Halving)
	for i, epochs := range rungs {
		last := i == len(rungs)-1
		err := s.rung(ctx, running, epochs, last)
		if err != nil && ctx.Err() == nil {
			return err
		}
		if ctx.Err() != nil || s.late() {
			return nil
		}
		slices.SortStableFunc(running, trial.Compare)
		keep := trial.Kept(len(running))
		if !last {
			for _, t := range running[keep:] {
				t.Ended, t.Best = true, false
				s.show(t)
			}
			running = running[:keep]
		}
	}
	return nil
}

func (s *search) late() bool { return !s.until.IsZero() && time.Now().After(s.until) }

// rung trains the trials for so many epochs, several at once. Each worker takes the trials of one head together: they
// share its compiled step.
func (s *search) rung(ctx context.Context, running []*trial.Trial, epochs int, last bool) error {
	queue := slices.Clone(running)
	slices.SortStableFunc(queue, func(a, b *trial.Trial) int { return strings.Compare(a.Head, b.Head) })
	work := make(chan *trial.Trial)
	group, ctx := errgroup.WithContext(ctx)
	for range min(s.options.Workers, len(queue)) {
		group.Go(func() error { return s.work(ctx, work, epochs, last) })
	}
	group.Go(func() error {
		defer close(work)
		for _, t := range queue {
			if s.late() {
				return nil
			}
			select {
			case work <- t:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return group.Wait()
}

func (s *search) work(ctx context.Context, queue <-chan *trial.Trial, epochs int, last bool) error {
	var compiled *stepper.Stepper
	built := ""
	defer func() {
		if compiled != nil {
			compiled.Close()
		}
	}()
	for t := range queue {
		if compiled == nil || built != t.Head {
			if compiled != nil {
				compiled.Close()
			}
			var err error
			if compiled, err = s.folds.Compile(t.Head); err != nil {
				return fmt.Errorf("search: trial %d: %w", t.Number, err)
			}
			built = t.Head
		}
		if err := s.train(ctx, compiled, t, epochs, last); err != nil {
			return err
		}
	}
	return nil
}

// train runs one trial from its beginning, once for each fold of the training images, and tells it. A loss that is not a number
// ends the trial, not the search.
func (s *search) train(ctx context.Context, compiled *stepper.Stepper, t *trial.Trial, epochs int, last bool) error {
	start := time.Now()
	runs, err := s.folds.Train(ctx, compiled, *t, epochs)
	if err != nil {
		return fmt.Errorf("search: trial %d: %w", t.Number, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t.Epochs, t.Loss, t.Seconds = epochs, math.MaxFloat64, t.Seconds+time.Since(start).Seconds()
	s.judge(t, runs)
	if t.Best = t.Loss < s.best; t.Best {
		s.best = t.Loss
	}
	t.Ended = last
	s.show(t)
	return nil
}

// judge takes the epoch with the lowest loss, a mean over the images of all folds. A trial that a fold ended before its first epoch keeps the
// largest loss.
func (s *search) judge(t *trial.Trial, runs []history.History) {
	folds := s.folds.Len()
	if len(runs) < folds {
		return
	}
	for e := range slices.MinFunc(runs, func(a, b history.History) int { return len(a) - len(b) }) {
		loss, accuracy, spread := 0.0, 0.0, 0.0
		for k, h := range runs {
			loss += h[e].ValLoss * s.folds.Share(k)
			accuracy += h[e].ValAccuracy * s.folds.Share(k)
		}
		for _, h := range runs {
			d := h[e].ValAccuracy - accuracy
			spread += d * d / float64(folds-1)
		}
		if loss < t.Loss {
			t.Loss, t.Accuracy, t.Error = loss, accuracy, math.Sqrt(spread/float64(folds))
		}
	}
}

// atLeast tells whether a fraction of images is at least another. That of a trial is added up from its folds, and off by rounding.
func atLeast(accuracy, other float64) bool { return accuracy >= other-1e-9 }

// show tells a trial with the head as it is trained.
func (s *search) show(t *trial.Trial) {
	told := *t
	told.Head = trial.WithDropout(t.Head, t.Dropout)
	s.tell(told)
}

// result trains the best trial, or the best of the probes, again as a run of its own.
func (s *search) result(ctx context.Context, events func(progress.Event)) (*Result, error) {
	var order []*trial.Trial
	for i := range s.trials {
		if s.trials[i].Epochs > 0 {
			order = append(order, &s.trials[i])
		}
	}
	slices.SortStableFunc(order, trial.Compare)
	if len(order) == 0 && s.probes == nil {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("search: no trial came to its end: %w", err)
		}
		return nil, fmt.Errorf("search: no trial came to its end in %s; give it more time", s.options.Time)
	}
	result := &Result{Trials: []trial.Trial{}, Probes: s.probes}
	for i, t := range order {
		t.Best, t.Head = i == 0, trial.WithDropout(t.Head, t.Dropout)
		result.Trials = append(result.Trials, *t)
	}
	job := s.job
	if len(order) > 0 {
		job.Recipe.Head, job.Recipe.LearningRate, job.Recipe.WeightDecay = order[0].Head, order[0].LearningRate, order[0].WeightDecay
	}
	if p := s.probes; p != nil && (len(order) == 0 || atLeast(p.Choice().Accuracy, order[0].Accuracy)) {
		auto := recipe.AutoRecipe()
		auto.Seed, auto.ClassWeights, auto.BatchSize = job.Recipe.Seed, job.Recipe.ClassWeights, job.Recipe.BatchSize
		auto.Augment, auto.AugmentCopies = job.Recipe.Augment, job.Recipe.AugmentCopies
		candidate := p.Choice().Candidate
		job.Recipe, job.Candidate = auto, &candidate
	}
	// The search may have been ended by ctx: its best is trained all the same, which takes a second.
	trained, err := training.Fit(context.WithoutCancel(ctx), s.device, job, events)
	if err != nil {
		return result, err
	}
	result.Best = trained
	return result, nil
}

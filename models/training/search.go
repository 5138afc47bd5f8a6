package training

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
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training/network"
	"github.com/headstart-nb/headstart/models/training/stepper"
	"github.com/headstart-nb/headstart/models/training/trial"
)

// SearchOptions say what Search tries and for how long. Start with DefaultSearchOptions.
type SearchOptions struct {
	Trials  int
	Time    time.Duration // no new trial starts after it; 0: no limit
	Workers int           // trials at once
	Heads   []string      // the heads to choose from, without dropout
	Halving bool          // successive halving: bad trials end early (arXiv:1502.07943)
}

// DefaultSearchOptions are 50 trials of small heads with successive halving, one at once for each core.
func DefaultSearchOptions() SearchOptions {
	return SearchOptions{
		Trials: 50, Workers: runtime.GOMAXPROCS(0), Halving: true,
		Heads: []string{"none", "dense:64:relu", "dense:128:relu", "dense:256:relu", "dense:128:gelu"},
	}
}

// Validate refuses options that try nothing.
func (o SearchOptions) Validate() error {
	switch {
	case o.Trials < 1:
		return &FieldError{"trials", fmt.Sprintf("must be at least 1, got %d", o.Trials)}
	case o.Workers < 1:
		return &FieldError{"workers", fmt.Sprintf("must be at least 1, got %d", o.Workers)}
	case len(o.Heads) == 0:
		return &FieldError{"heads", "must be at least one"}
	}
	for _, text := range o.Heads {
		if _, err := head.Parse(text); err != nil {
			return &FieldError{"heads", "cannot be read: " + err.Error()}
		}
	}
	return nil
}

// A Trial is one choice of the search.
type Trial = trial.Trial

// A SearchResult is the best result of a search with all trials.
type SearchResult struct {
	Best   *Result
	Trials []Trial           // best first
	Probes *selection.Report // what was compared beside the trials; nil where probes cannot be fitted
}

// Search looks for head, learning rate, dropout and weight decay on cached features; the rest of the job is what all trials
// share, and its epochs are what a trial trains for. It tells each finished trial to tell and the computing of features to
// events; both may be nil. A canceled ctx ends the search with what was found.
//
// The trials are compared by cross-validation on the training images, with the probes of the method auto on the same folds. The
// best is then trained again as Fit does, a head with AdamW; the validation images measure it alone. What is drawn depends on
// the seed alone.
func Search(ctx context.Context, device *accel.Device, job Job, options SearchOptions, events func(Event), tell func(Trial)) (*SearchResult, error) {
	job.Recipe.Optimizer, job.Recipe.Schedule = stepper.AdamW, ScheduleConstant
	if err := options.Validate(); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	if err := job.Validate(); err != nil {
		return nil, err
	}
	if job.Recipe.Unfreeze != StageNone || (job.Recipe.Augment != "" && job.Recipe.AugmentCopies == 0) {
		return nil, errors.New("search: it runs on features that are computed once: leave the backbone frozen, and augment with copies")
	}
	s, err := newSession(device, job, events)
	if err != nil {
		return nil, err
	}
	defer s.close()
	if len(s.val) == 0 {
		return nil, errors.New("search: without validation images no trial is better than another; load the dataset with a fifth of it for validation")
	}
	if err := s.openFeeds(ctx); err != nil {
		return nil, err
	}
	search := newSearch(s, options, tell)
	if search.probes, err = compareProbes(ctx, device, job, events); err != nil {
		return nil, err
	}
	if err := search.run(ctx); err != nil {
		return nil, err
	}
	return search.result(ctx, job, events)
}

// A search is a Search under way.
type search struct {
	session *session
	options SearchOptions
	tell    func(Trial)
	until   time.Time // no new trial after it; zero: no limit
	trials  []Trial
	folds   int
	fold    []int // of each training image

	probes *selection.Report // nil where there are none

	mu   sync.Mutex
	best float64
}

func newSearch(s *session, options SearchOptions, tell func(Trial)) *search {
	if tell == nil {
		tell = func(Trial) {}
	}
	se := &search{session: s, options: options, tell: tell, best: math.Inf(1)}
	if options.Time > 0 {
		se.until = time.Now().Add(options.Time)
	}
	se.trials = trial.Draw(options.Trials, options.Heads, s.job.Recipe.Seed)
	se.folds, se.fold = s.foldsOf()
	return se
}

// run trains the trials, rung by rung. Those that go on begin again: that costs a tenth of the time, and no memory.
func (se *search) run(ctx context.Context) error {
	running := make([]*Trial, len(se.trials))
	for i := range se.trials {
		running[i] = &se.trials[i]
	}
	rungs := trial.Rungs(se.session.job.Recipe.Epochs, se.options.Halving)
	for i, epochs := range rungs {
		last := i == len(rungs)-1
		err := se.rung(ctx, running, epochs, last)
		if err != nil && ctx.Err() == nil {
			return err
		}
		if ctx.Err() != nil || se.late() {
			return nil
		}
		slices.SortStableFunc(running, trial.Compare)
		keep := trial.Kept(len(running))
		if !last {
			for _, t := range running[keep:] {
				t.Ended, t.Best = true, false
				se.show(t)
			}
			running = running[:keep]
		}
	}
	return nil
}

func (se *search) late() bool { return !se.until.IsZero() && time.Now().After(se.until) }

// rung trains the trials for so many epochs, several at once. Each worker takes the trials of one head together: they
// share its compiled step.
func (se *search) rung(ctx context.Context, running []*Trial, epochs int, last bool) error {
	queue := slices.Clone(running)
	slices.SortStableFunc(queue, func(a, b *Trial) int { return strings.Compare(a.Head, b.Head) })
	work := make(chan *Trial)
	group, ctx := errgroup.WithContext(ctx)
	for range min(se.options.Workers, len(queue)) {
		group.Go(func() error { return se.work(ctx, work, epochs, last) })
	}
	group.Go(func() error {
		defer close(work)
		for _, t := range queue {
			if se.late() {
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

func (se *search) work(ctx context.Context, queue <-chan *Trial, epochs int, last bool) error {
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
			if compiled, err = se.build(t.Head); err != nil {
				return fmt.Errorf("search: trial %d: %w", t.Number, err)
			}
			built = t.Head
		}
		if err := se.train(ctx, compiled, t, epochs, last); err != nil {
			return err
		}
	}
	return nil
}

// build compiles a head with its dropout, optimizer and decay as inputs of the step.
func (se *search) build(text string) (*stepper.Stepper, error) {
	job := se.session.job
	n, err := network.New(job.Backbone, trial.WithDropout(text, trial.DropoutStep), features.Tuning{}, job.outputs())
	if err != nil {
		return nil, err
	}
	o := job.Recipe.options(n)
	o.DropoutInput = true
	return stepper.New(se.session.device.Backend, o)
}

// train runs one trial from its beginning, once for each fold of the training images, and tells it. A loss that is not a number
// ends the trial, not the search.
func (se *search) train(ctx context.Context, compiled *stepper.Stepper, t *Trial, epochs int, last bool) error {
	start := time.Now()
	var runs []History
	for k := range se.folds {
		own := *se.session // the session's loop on this network, without its events
		own.stepper, own.events, own.record, own.state, own.best = compiled, func(Event) {}, nil, loopState{}, nil
		own.job.Recipe.Epochs, own.job.Recipe.LearningRate, own.job.Recipe.WeightDecay = epochs, t.LearningRate, t.WeightDecay
		own.dropout, own.searching = t.Dropout, true
		own.train, own.val = se.outside(k), se.inside(k)
		if err := compiled.Reset(own.job.Recipe.Seed); err != nil {
			return err
		}
		if err := own.run(ctx); err != nil {
			return fmt.Errorf("search: trial %d: %w", t.Number, err)
		}
		if own.state.Status == Stopped {
			return ctx.Err()
		}
		runs = append(runs, own.state.History)
		if len(own.state.History) < epochs && own.state.Status == NaN {
			break
		}
	}
	se.mu.Lock()
	defer se.mu.Unlock()
	t.Epochs, t.Loss, t.Seconds = epochs, math.MaxFloat64, t.Seconds+time.Since(start).Seconds()
	se.judge(t, runs)
	if t.Best = t.Loss < se.best; t.Best {
		se.best = t.Loss
	}
	t.Ended = last
	se.show(t)
	return nil
}

// judge takes the epoch with the lowest mean loss over the folds. A trial that a fold ended before its first epoch keeps the
// largest loss.
func (se *search) judge(t *Trial, runs []History) {
	if len(runs) < se.folds {
		return
	}
	for e := range slices.MinFunc(runs, func(a, b History) int { return len(a) - len(b) }) {
		loss, accuracy, spread := 0.0, 0.0, 0.0
		for _, h := range runs {
			loss += h[e].ValLoss / float64(se.folds)
			accuracy += h[e].ValAccuracy / float64(se.folds)
		}
		for _, h := range runs {
			d := h[e].ValAccuracy - accuracy
			spread += d * d / float64(se.folds-1)
		}
		if loss < t.Loss {
			t.Loss, t.Accuracy, t.Error = loss, accuracy, math.Sqrt(spread/float64(se.folds))
		}
	}
}

// inside are the training images of a fold, and outside the others.
func (se *search) inside(k int) []int  { return se.of(func(fold int) bool { return fold == k }) }
func (se *search) outside(k int) []int { return se.of(func(fold int) bool { return fold != k }) }

func (se *search) of(wanted func(fold int) bool) []int {
	var items []int
	for i, item := range se.session.train {
		if wanted(se.fold[i]) {
			items = append(items, item)
		}
	}
	return items
}

// show tells a trial with the head as it is trained.
func (se *search) show(t *Trial) {
	told := *t
	told.Head = trial.WithDropout(t.Head, t.Dropout)
	se.tell(told)
}

// result trains the best trial again as a run of its own.
func (se *search) result(ctx context.Context, job Job, events func(Event)) (*SearchResult, error) {
	order := make([]*Trial, len(se.trials))
	for i := range se.trials {
		order[i] = &se.trials[i]
	}
	slices.SortStableFunc(order, trial.Compare)
	best := order[0]
	if best.Epochs == 0 {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("search: no trial came to its end: %w", err)
		}
		return nil, errors.New("search: no trial came to its end")
	}
	result := &SearchResult{Probes: se.probes}
	for _, t := range order {
		t.Best, t.Head = t == best, trial.WithDropout(t.Head, t.Dropout)
		result.Trials = append(result.Trials, *t)
	}
	job.Recipe.Head, job.Recipe.LearningRate, job.Recipe.WeightDecay = best.Head, best.LearningRate, best.WeightDecay
	if p := se.probes; p != nil && p.Choice().Accuracy >= best.Accuracy {
		auto := AutoRecipe()
		auto.Seed, auto.ClassWeights, auto.BatchSize = job.Recipe.Seed, job.Recipe.ClassWeights, job.Recipe.BatchSize
		candidate := p.Choice().Candidate
		job.Recipe, job.Candidate = auto, &candidate
	}
	// The search may have been ended by ctx: its best is trained all the same, which takes a second.
	trained, err := Fit(context.WithoutCancel(ctx), se.session.device, job, events)
	if err != nil {
		return result, err
	}
	result.Best = trained
	return result, nil
}

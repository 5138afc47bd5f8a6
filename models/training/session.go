package training

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/internal/timeline"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/augment"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training/feed"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/job"
	"github.com/headstart-nb/headstart/models/training/nan"
	"github.com/headstart-nb/headstart/models/training/network"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/record"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// A session is a training that is under way.
type session struct {
	job     Job
	device  *accel.Device
	network *network.Network
	frozen  *features.Pass // nil: images go to the network itself
	stepper *stepper.Stepper
	events  func(progress.Event)
	record  *record.Writer // nil: nothing is written to disk

	train, val []int
	feed, look feed.Feed // of training and of validation
	augmenter  *augment.Augmenter
	weights    []float32    // of classes; nil: all the same
	targets    job.Variance // of the training targets, for R2

	state record.State
	best  stepper.State // kept weights of the best epoch
	last  stepper.State // kept weights of the last finished epoch, where the recipe keeps that one

	initial stepper.State // weights before the first epoch
	nan     *nan.Error    // why the loss is not a number; nil while it is one

	given  *features.Backbone // of a method with probes: the job's, of which a cut is chosen
	base   *features.Identity // of given
	chosen *selection.Report  // of a method with probes; nil before it has chosen
	begun  *history.Epoch     // of the method finetune: the classifier on the frozen backbone; nil without validation images

	dropout   float64 // of a search, instead of the head's own
	searching bool    // it is that of Folds: heads are judged on parts of the training images, and no weights are kept

	started time.Time
	toldAt  time.Time
}

// newSession prepares all that a valid job needs but the images. The caller closes it.
func newSession(device *accel.Device, job Job, events func(progress.Event)) (*session, error) {
	if events == nil {
		events = func(progress.Event) {}
	}
	var err error
	if job.Recipe, err = job.Recipe.On(device); err != nil {
		return nil, err
	}
	s := &session{job: job, device: device, started: time.Now()}
	s.events = func(e progress.Event) {
		e.Run = s.job.Request.Name
		events(e)
	}
	s.train, s.val = job.Dataset.Select(imagefolder.Train), job.Dataset.Select(imagefolder.Val)
	if s.network, err = job.Network(); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	if s.weights, err = job.Recipe.ClassFactors(job.Dataset); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	s.targets = job.Variance(s.train)
	if s.network.Frozen != nil {
		if s.frozen, err = s.open(s.network.Frozen); err != nil {
			return nil, err
		}
		if err := s.frozen.SharedError(); err != nil {
			s.warn(CodeNotShared, "The shared features are not used: %v.", err)
		}
	}
	spec, err := augment.Parse(job.Recipe.Augment)
	if err == nil && !spec.Empty() {
		size := job.Backbone.Identity().Geometry.Size
		s.augmenter, err = augment.NewAugmenter(device, spec, job.Recipe.Seed, size, job.Recipe.BatchSize)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("train: %w", err), s.close())
	}
	return s, nil
}

// close frees what no result has taken over.
func (s *session) close() error {
	var err error
	if s.frozen != nil {
		err = s.frozen.Close()
	}
	if s.stepper != nil {
		s.stepper.Close()
	}
	if s.record != nil {
		err = errors.Join(err, s.record.Close())
	}
	if s.augmenter != nil {
		s.augmenter.Close()
	}
	return err
}

// prepare computes the features that are computed once, and builds the network.
func (s *session) prepare(ctx context.Context) error {
	built := s.startStepper(ctx)
	err := s.openFeeds(ctx)
	if buildErr := built(); err == nil {
		err = buildErr
	}
	if err != nil {
		return err
	}
	s.initial, err = s.stepper.Weights()
	return err
}

// startStepper compiles the network while the frozen pass computes, which leaves a core idle now and then, or when it is waited for: a
// network without a frozen pass takes the memory that decoding would take, and pure Go compiles nothing.
func (s *session) startStepper(ctx context.Context) (wait func() error) {
	build := func() (err error) {
		defer timeline.Start(ctx, "compile the head")()
		if s.stepper, err = stepper.New(s.device.Backend, stepperOptions(s.job.Recipe, s.network)); err != nil {
			return fmt.Errorf("train: %w", err)
		}
		return nil
	}
	if s.frozen == nil || !strings.HasPrefix(s.device.Name(), "xla") {
		return build
	}
	built := make(chan error, 1)
	go func() { built <- build() }()
	return func() error { return <-built }
}

// stepperOptions describe the training of a network to the stepper.
func stepperOptions(r recipe.Recipe, n *network.Network) stepper.Options {
	o := n.Options(r.BatchSize, r.Seed, r.Loss())
	o.LabelSmoothing, o.L2, o.Optimizer, o.Momentum = r.LabelSmoothing, r.L2, r.Optimizer, r.Momentum
	o.ClipNorm, o.Accumulate, o.Rate = r.ClipNorm, r.AccumulatedSteps, n.Rate(r.StageRate, r.TrainNorm)
	o.Devices = r.Devices
	return o
}

func (s *session) openFeeds(ctx context.Context) error {
	j := s.job
	images := s.images()
	augmented := images
	augmented.Augmenter = s.augmenter
	if s.frozen == nil {
		s.feed, s.look = augmented, images
		return nil
	}
	once := s.val
	if s.augmenter == nil || s.searching {
		once = append(append([]int{}, s.train...), s.val...)
	}
	plain, err := s.compute(ctx, once, nil)
	if err != nil {
		return err
	}
	s.look = feed.Table{Tables: []*features.Table{plain}, Batch: j.Recipe.BatchSize}
	switch {
	case s.augmenter == nil:
		s.feed = s.look
	case j.Recipe.AugmentCopies == 0:
		s.feed = augmented
		s.tell(diagnosis.Diagnosis{
			Severity: diagnosis.Note, Code: CodeNotCached,
			Sentence: "Augmented images go through the backbone again in every epoch.", Fix: "Augmented copies are computed once.",
		})
	default:
		copies := feed.Table{Batch: j.Recipe.BatchSize}
		for i := range j.Recipe.AugmentCopies {
			table, err := s.compute(ctx, s.train, &features.Variation{Augmenter: s.augmenter, Copy: i + 1})
			if err != nil {
				return err
			}
			copies.Tables = append(copies.Tables, table)
		}
		s.feed = copies
	}
	return nil
}

// open opens the frozen pass of a backbone.
func (s *session) open(backbone *features.Backbone) (*features.Pass, error) {
	return features.Open(backbone, s.device, s.job.Environment.Home, s.job.Environment.CacheSize)
}

func (s *session) compute(ctx context.Context, items []int, v *features.Variation) (*features.Table, error) {
	t, err := s.frozen.Compute(ctx, s.job.Dataset, items, v, s.job.Environment.Workers, func(p features.Progress) {
		s.events(progress.Event{Kind: progress.FeaturesEvent, Features: &p})
	})
	if err == nil && s.frozen.CacheError() != nil {
		s.warn(CodeNotOnDisk, "The features are not kept for the next time: %v.", s.frozen.CacheError())
	}
	return t, err
}

func (s *session) tell(d diagnosis.Diagnosis) {
	s.events(progress.Event{Kind: progress.DiagnosisEvent, Diagnosis: &d})
}

func (s *session) warn(code, format string, args ...any) {
	s.tell(diagnosis.Diagnosis{Severity: diagnosis.Warning, Code: code, Sentence: fmt.Sprintf(format, args...)})
}

// aborted tells whether Control.Abort is closed.
func (s *session) aborted() bool {
	select {
	case <-s.job.Control.Abort: // blocks for ever where it is nil
		return true
	default:
		return false
	}
}

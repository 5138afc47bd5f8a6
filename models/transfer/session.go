package transfer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/trainer"
)

// ErrAborted marks a training that Config.Abort ended at once, with nothing kept beyond the last finished epoch on disk.
var ErrAborted = errors.New("training aborted")

// A session is a training that is under way.
type session struct {
	config  Config
	device  *accel.Device
	shape   shape
	frozen  *frozenPass // nil: images go to the network itself
	trainer *trainer.Trainer
	events  func(Event)
	record  *record // nil: nothing is written to disk

	train, val []int
	feed, look feed // of training and of validation
	augmenter  *augmenter
	weights    []float32 // of classes; nil: all the same
	targets    spread    // of the training targets, for R2

	state loopState
	best  trainer.State // weights of the best epoch

	initial trainer.State // weights before the first epoch, where a stage is unfrozen

	dropout   float64 // of a search, instead of the head's own
	forgetful bool    // of a search: the weights of the best epoch are not kept

	started time.Time
	toldAt  time.Time
}

// loopState is where a training stands between two epochs.
type loopState struct {
	Epoch    int              `json:"epoch"` // finished ones
	History  History          `json:"history"`
	Plateau  trainer.Plateau  `json:"plateau"`
	Progress trainer.Progress `json:"progress"`
	Status   Status           `json:"status"`
}

// newSession prepares all that a training needs but the images. The caller closes it.
func newSession(device *accel.Device, config Config, events func(Event)) (*session, error) {
	if events == nil {
		events = func(Event) {}
	}
	config, err := config.on(device)
	if err != nil {
		return nil, err
	}
	s := &session{config: config, device: device, started: time.Now()}
	s.events = func(e Event) {
		e.Run = s.config.Name
		events(e)
	}
	s.train, s.val = config.Dataset.Select(imagefolder.Train), config.Dataset.Select(imagefolder.Val)
	if s.shape, err = newShape(config.Backbone, config.Head, Tuning{config.Unfreeze, config.Precision}, config.outputs()); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	if s.weights, err = config.classWeights(); err != nil {
		return nil, err
	}
	s.targets = newSpread(config, s.train)
	if s.shape.frozen != nil {
		s.frozen, err = newFrozenPass(s.shape.frozen, device, config.Home, config.CacheSize)
		if err != nil {
			return nil, err
		}
	}
	geometry := config.Backbone.Identity().Geometry
	s.augmenter, err = newAugmenter(device, config.Augment, config.Seed, geometry.Size, config.Batch)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("train: %w", err), s.close())
	}
	return s, nil
}

// close frees what no model has taken over.
func (s *session) close() error {
	var err error
	if s.frozen != nil {
		err = s.frozen.close()
	}
	if s.trainer != nil {
		s.trainer.Close()
	}
	if s.record != nil {
		err = errors.Join(err, s.record.close())
	}
	s.augmenter.close()
	return err
}

// prepare computes the features that are computed once, and builds the network.
func (s *session) prepare(ctx context.Context) error {
	if err := s.openFeeds(ctx); err != nil {
		return err
	}
	var err error
	s.trainer, err = newTrainer(s.device, s.shape, s.config)
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if s.config.Unfreeze != "" {
		s.initial, err = s.trainer.Weights()
	}
	return err
}

func (s *session) openFeeds(ctx context.Context) error {
	c := s.config
	images := imageFeed{
		data: c.Dataset, geometry: c.Backbone.Identity().Geometry, batch: c.Batch, workers: c.Workers, frozen: s.frozen,
	}
	anew := images
	anew.augmenter = s.augmenter
	if s.frozen == nil {
		s.feed, s.look = anew, images
		return nil
	}
	once := s.val
	if s.augmenter == nil {
		once = append(append([]int{}, s.train...), s.val...)
	}
	plain, err := s.compute(ctx, once, nil)
	if err != nil {
		return err
	}
	s.look = tableFeed{[]*table{plain}, c.Batch}
	switch {
	case s.augmenter == nil:
		s.feed = s.look
	case c.AugmentCopies == 0:
		s.feed = anew
		s.note("augmented images go through the backbone anew in every epoch; augmented copies (--augment-copies) are computed once")
	default:
		copies := tableFeed{batch: c.Batch}
		for i := range c.AugmentCopies {
			table, err := s.compute(ctx, s.train, &variant{s.augmenter, i + 1})
			if err != nil {
				return err
			}
			copies.tables = append(copies.tables, table)
		}
		s.feed = copies
	}
	return nil
}

func (s *session) compute(ctx context.Context, items []int, v *variant) (*table, error) {
	t, err := s.frozen.compute(ctx, s.config.Dataset, items, v, s.config.Workers, func(p FeatureProgress) {
		s.events(Event{Kind: FeaturesEvent, Features: &p})
	})
	if err == nil && s.frozen.cacheErr != nil {
		s.warn("the features are not kept for the next time: %v", s.frozen.cacheErr)
	}
	return t, err
}

func (s *session) note(text string) { s.events(Event{Kind: NoteEvent, Message: text}) }

func (s *session) warn(format string, args ...any) {
	s.events(Event{Kind: WarningEvent, Message: fmt.Sprintf(format, args...)})
}

// aborted tells whether Config.Abort is closed.
func (s *session) aborted() bool {
	select {
	case <-s.config.Abort: // blocks for ever where it is nil
		return true
	default:
		return false
	}
}

// spread is the variance of the targets around each output's mean, for R2.
type spread float64

func newSpread(c Config, items []int) spread {
	if c.Task != Regression || len(items) == 0 {
		return 0
	}
	total := 0.0
	for output := range c.outputs() {
		mean := 0.0
		for _, item := range items {
			mean += float64(c.Targets[item][output]) / float64(len(items))
		}
		for _, item := range items {
			d := float64(c.Targets[item][output]) - mean
			total += d * d
		}
	}
	return spread(total / float64(len(items)*c.outputs()))
}

// r2 is the coefficient of determination of a mean squared error.
func (s spread) r2(loss float64) float64 {
	if s == 0 {
		return 0
	}
	return 1 - loss/float64(s)
}

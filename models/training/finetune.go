package training

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/probe"
	"github.com/headstart-nb/headstart/models/training/feed"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/record"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// maxKept is how many bytes the feature maps take that fine-tuning keeps in memory, 2 GiB: at 224 pixels those of 2,600 images at
// conv4, augmented copies counted.
const maxKept = 2 << 30

// manyMinutes is from when on a smaller image size is proposed.
const manyMinutes = 20 * time.Minute

// prepareFineTuning is the method finetune up to its first epoch: the method auto's classifier becomes the head of a network whose
// last stages are trained. What images look like before these stages is computed once, for each augmented copy.
func (s *session) prepareFineTuning(ctx context.Context) error {
	return s.untilAborted(ctx, s.startFromProbe)
}

func (s *session) startFromProbe(ctx context.Context) error {
	found, err := s.fitProbe(ctx)
	if err != nil {
		return err
	}
	unseen, err := s.addFrozen(ctx, found)
	if err != nil {
		return err
	}
	if err := s.layOut(found); err != nil {
		return err
	}
	if err := s.passForMaps(); err != nil {
		return err
	}
	options := stepperOptions(s.job.Recipe, s.network)
	options.Unseen = unseen
	if s.stepper, err = stepper.New(s.device.Backend, options); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if err := s.setHead(found.linear); err != nil {
		return err
	}
	if s.initial, err = s.stepper.Weights(); err != nil {
		return err
	}
	if err := s.estimate(ctx); err != nil {
		return err
	}
	if err := s.openMaps(ctx); err != nil {
		return err
	}
	return s.measureStart(ctx)
}

// passForMaps opens the frozen pass to the first trained stage. The disk cache is for features: feature maps are hundreds of times
// larger.
func (s *session) passForMaps() error {
	err := s.frozen.Close()
	s.frozen = nil
	if s.network.Frozen == nil || err != nil {
		return err
	}
	s.frozen, err = features.Open(s.network.Frozen, s.device, "", 0)
	return err
}

// kept is how many feature maps of each training image are kept in memory, and whether those of the validation images are. No
// copies means that images go through the frozen stages in each epoch.
func (s *session) kept() (copies int, validation bool) {
	if s.frozen == nil {
		return 0, false
	}
	each := int64(s.frozen.Length()) * 4 // float32
	left := maxKept - each*int64(len(s.val))
	if left < 0 {
		return 0, false
	}
	fit := int(left / (each * int64(len(s.train))))
	if s.augmenter == nil {
		return min(1, fit), true
	}
	return worthKeeping(s.job.Recipe.AugmentCopies, fit), true
}

// worthKeeping is how many of the augmented copies that were asked for are kept where only some fit: none where these are fewer than a
// quarter. So few are soon fitted to the last; images that are augmented anew in each epoch take longer and are not.
func worthKeeping(asked, fit int) int {
	if 4*fit < asked {
		return 0
	}
	return min(asked, fit)
}

// openMaps computes the feature maps that are kept.
func (s *session) openMaps(ctx context.Context) error {
	copies, validation := s.kept()
	images := s.images()
	s.look = images
	if validation {
		table, err := s.compute(ctx, s.val, nil)
		if err != nil {
			return err
		}
		s.look = feed.Table{Tables: []*features.Table{table}, Batch: images.Batch}
	}
	if copies == 0 {
		images.Augmenter = s.augmenter
		s.feed = images
		return nil
	}
	tables := feed.Table{Batch: images.Batch}
	for i := range copies {
		var changed *features.Variation
		if s.augmenter != nil {
			changed = &features.Variation{Augmenter: s.augmenter, Copy: i + 1}
		}
		table, err := s.compute(ctx, s.train, changed)
		if err != nil {
			return err
		}
		tables.Tables = append(tables.Tables, table)
	}
	s.feed = tables
	return nil
}

// pilotBatches are computed to measure how long a batch takes; the first of them compiles.
const pilotBatches = 3

// estimate tells how long the fine-tuning will take, from batches that it computes for that. The weights stay as they are.
func (s *session) estimate(ctx context.Context) error {
	before, progress, err := s.stepper.State()
	if err != nil {
		return err
	}
	n := min(s.job.Recipe.BatchSize, len(s.train))
	var items []int
	for range pilotBatches {
		items = append(items, s.train[:n]...)
	}
	images := s.images()
	images.Augmenter = s.augmenter
	pass, err := images.Open(ctx, items, 1)
	if err != nil {
		return err
	}
	defer pass.Close()
	var read, step, look time.Duration // of the last batch
	for range pilotBatches {
		start := time.Now()
		next, err := pass.Next(ctx)
		if errors.Is(err, io.EOF) {
			break // fewer images than fill the batches
		}
		if err != nil {
			return err
		}
		read = time.Since(start)
		start = time.Now()
		if _, err := s.stepper.Step(s.batch(next, true), stepper.Hyper{LearningRate: s.job.Recipe.LearningRate}, 0); err != nil {
			return fmt.Errorf("train: %w", err)
		}
		step = time.Since(start)
		start = time.Now()
		if _, err := s.stepper.Logits(next.Features, next.Pixels, len(next.Items)); err != nil {
			return fmt.Errorf("train: %w", err)
		}
		look = time.Since(start)
	}
	s.tellEstimate(read, step, look)
	return s.stepper.SetState(before, progress)
}

// tellEstimate extrapolates what a batch took: read by the decoder and the frozen stages, in a training step, in a forward pass.
func (s *session) tellEstimate(read, step, look time.Duration) {
	r := s.job.Recipe
	batches := func(images int) time.Duration { return time.Duration((images + r.BatchSize - 1) / r.BatchSize) }
	copies, validation := s.kept()
	epoch, first := batches(len(s.train))*step+batches(len(s.val))*look, time.Duration(0)
	text := ""
	switch {
	case copies > 0:
		first = time.Duration(copies) * batches(len(s.train)) * read
		text = fmt.Sprintf("%s for the feature maps of %d images", roughly(first), copies*len(s.train))
		if s.augmenter != nil {
			text += fmt.Sprintf(", %d augmented copies of each of %d", copies, len(s.train))
		}
		text += fmt.Sprintf(" (kept in %d MiB of memory)", (int64(copies*len(s.train)+len(s.val))*int64(s.frozen.Length())*4)>>20)
	default:
		epoch += batches(len(s.train)) * read
		text = "nothing before the first" + s.whyNotKept()
	}
	if validation {
		first += batches(len(s.val)) * read
	} else {
		epoch += batches(len(s.val)) * read
	}
	whole := first + time.Duration(r.Epochs)*epoch
	d := diagnosis.Diagnosis{
		Severity: diagnosis.Note, Code: CodeEstimate,
		Sentence: fmt.Sprintf("Fine-tuning takes about %s on %s, measured on its first batches: %s, then %d epochs of %s each.",
			roughly(whole), s.device.Name(), text, r.Epochs, roughly(epoch)),
	}
	if r.EarlyStop > 0 {
		d.Sentence += " It may stop earlier."
	}
	if size := s.job.Backbone.Identity().Geometry.Size; whole > manyMinutes && size > smallSize {
		d.Severity, d.Code = diagnosis.Warning, CodeLong
		d.Fix = fmt.Sprintf("Smaller images take less: at %d pixels about %s.", smallSize,
			roughly(time.Duration(float64(whole)*float64(smallSize*smallSize)/float64(size*size))))
	}
	s.tell(d)
}

// whyNotKept is the reason, where memory is it, why no feature maps of the training images are kept.
func (s *session) whyNotKept() string {
	asked := 1
	if s.augmenter != nil {
		asked = s.job.Recipe.AugmentCopies
	}
	if s.frozen == nil || asked == 0 {
		return ""
	}
	images := asked * len(s.train)
	return fmt.Sprintf(", since the feature maps of %d images take %d MiB of memory, and at most %d are used for them",
		images, (int64(images+len(s.val))*int64(s.frozen.Length())*4)>>20, maxKept>>20)
}

// smallSize is the image size that is proposed where the time is long.
const smallSize = 112

// roughly is a duration for people, in two digits.
func roughly(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%.2g s", max(d.Seconds(), 0.01))
	case d < 10*time.Minute:
		return fmt.Sprintf("%.1f minutes", d.Minutes())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f minutes", d.Minutes())
	}
	return fmt.Sprintf("%.1f hours", d.Hours())
}

// measureStart measures the classifier before the first epoch.
func (s *session) measureStart(ctx context.Context) error {
	if len(s.val) == 0 {
		return nil
	}
	begun := history.Epoch{}
	var err error
	if begun.ValLoss, begun.ValAccuracy, err = s.validate(ctx); err != nil {
		return err
	}
	s.begun = &begun
	cut := s.network.Backbone.Network().Architecture().Cut
	d := diagnosis.Diagnosis{
		Severity: diagnosis.Note, Code: CodeBegun,
		Sentence: fmt.Sprintf("Before the fine-tuning, on %s of the frozen backbone: validation accuracy %s, loss %.3f.",
			cut, metric.Percent(begun.ValAccuracy, len(s.val)), begun.ValLoss),
	}
	if len(cut.Stages()) == 1 {
		d.Sentence += " A classifier on several of its stages may have more."
	}
	s.tell(d)
	return nil
}

// tellGain says what the fine-tuning brought, and warns where that is nothing. Accuracies are compared, not losses: label smoothing
// raises the loss of images that are right.
func (s *session) tellGain() {
	kept := record.Kept(s.state.History, s.job.Recipe, s.state.Status)
	if s.begun == nil || kept == nil {
		return
	}
	d := diagnosis.Diagnosis{
		Severity: diagnosis.Note, Code: CodeGain,
		Sentence: fmt.Sprintf("Fine-tuning brought the validation accuracy from %.1f %% to %s.", 100*s.begun.ValAccuracy,
			metric.Percent(kept.ValAccuracy, len(s.val))),
	}
	if kept.ValAccuracy <= s.begun.ValAccuracy {
		d.Severity, d.Code = diagnosis.Warning, CodeNoGain
		d.Sentence = fmt.Sprintf("Fine-tuning brought no validation accuracy: it was %.1f %% on the frozen backbone and is %s.", 100*s.begun.ValAccuracy,
			metric.Percent(kept.ValAccuracy, len(s.val)))
		d.Fix = "The classifier on the frozen backbone is as good, and smaller."
	}
	s.tell(d)
}

// images are the images of the dataset as they are, through the frozen stages.
func (s *session) images() feed.Images {
	return feed.Images{
		Data: s.job.Dataset, Geometry: s.job.Backbone.Identity().Geometry, Batch: s.job.Recipe.BatchSize,
		Workers: s.job.Environment.Workers, Frozen: s.frozen,
	}
}

// setHead gives the head the weights of a classifier.
func (s *session) setHead(l *probe.Linear) error {
	state, err := s.stepper.Weights()
	if err != nil {
		return err
	}
	for name, values := range map[string][]float64{"head/logits/kernel": l.Kernel, "head/logits/bias": l.Bias} {
		array, ok := state[name]
		if !ok || len(array.Values) != len(values) {
			return fmt.Errorf("train: the head has no weight %s of %d numbers", name, len(values))
		}
		for i, v := range values {
			array.Values[i] = float32(v)
		}
	}
	return s.stepper.SetWeights(state)
}

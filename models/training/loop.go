package training

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/headstart-nb/headstart/internal/timeline"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/training/feed"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/nan"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/schedule"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// run trains epoch after epoch until the last, or until there is a reason to stop, which it records in the state.
func (s *session) run(ctx context.Context) error {
	defer timeline.Start(ctx, "epochs")()
	steps := (len(s.train) + s.job.Recipe.BatchSize - 1) / s.job.Recipe.BatchSize
	for s.state.Status = progress.Running; s.state.Status == progress.Running; {
		if s.state.Epoch >= s.job.Recipe.Epochs {
			s.state.Status = progress.Finished
			break
		}
		if s.outOfPatience() { // before a resumed run was
			s.state.Status = progress.EarlyStop
			break
		}
		epoch, err := s.epoch(ctx, s.planned(s.state.Epoch+1).Course(steps), steps)
		switch {
		case s.aborted():
			return progress.ErrAborted
		case errors.Is(err, stepper.ErrNotFinite):
			s.state.Status = progress.NaN
			s.nan = s.whyNaN(ctx)
		case err != nil && ctx.Err() != nil:
			s.state.Status = progress.Stopped
		case err != nil:
			return err
		default:
			if err := s.finishEpoch(epoch); err != nil {
				return err
			}
			if s.state.Status == progress.NaN {
				s.nan = s.whyNaN(ctx)
			}
		}
	}
	return s.takeKept()
}

// epoch trains on every image once and looks at the validation images.
func (s *session) epoch(ctx context.Context, rates schedule.Course, steps int) (history.Epoch, error) {
	number := s.state.Epoch + 1
	start := time.Now()
	order := imagefolder.Shuffled(s.train, s.job.Recipe.Seed, number)
	pass, err := s.feed.Open(ctx, order, number)
	if err != nil {
		return history.Epoch{}, err
	}
	defer pass.Close()
	result := history.Epoch{Epoch: number, Epochs: s.planned(number).Epochs}
	var sum stepper.Result
	for step := range steps {
		if s.aborted() {
			return history.Epoch{}, progress.ErrAborted
		}
		if err := ctx.Err(); err != nil {
			return history.Epoch{}, err
		}
		// A batch that has begun is finished: only what waits for images is canceled.
		next, err := pass.Next(ctx)
		if errors.Is(err, io.EOF) {
			return history.Epoch{}, fmt.Errorf("epoch %d ended after %d of %d steps", number, step, steps)
		}
		if err != nil {
			return history.Epoch{}, err
		}
		done := (number-1)*steps + step
		result.LearningRate = s.job.Recipe.LearningRate * rates.At(done) * s.plateau()
		got, err := s.stepper.Step(s.batch(next, step == steps-1),
			stepper.Hyper{LearningRate: result.LearningRate, WeightDecay: s.job.Recipe.WeightDecay, Dropout: s.dropout}, s.random(done))
		if err != nil {
			return history.Epoch{}, err
		}
		sum.Loss += got.Loss
		sum.Correct += got.Correct
		sum.Rows += got.Rows
		s.tellStep(number, step+1, steps, sum.Loss/float64(sum.Rows), start)
	}
	result.Loss = sum.Loss / float64(sum.Rows)
	result.Accuracy = sum.Correct / float64(sum.Rows)
	if s.job.Recipe.Task == recipe.Regression {
		result.Accuracy = s.targets.R2(result.Loss)
	}
	result.Waited = pass.Waited().Seconds()
	if result.ValLoss, result.ValAccuracy, err = s.validateKept(ctx, number); err != nil {
		return history.Epoch{}, err
	}
	result.Seconds = time.Since(start).Seconds()
	result.Rate = float64(sum.Rows) / max(result.Seconds, 1e-9)
	result.Left = time.Duration(float64(s.job.Recipe.Epochs-number) * result.Seconds * float64(time.Second))
	return result, nil
}

// planned is the recipe with as many epochs as it had when an epoch was trained.
func (s *session) planned(epoch int) recipe.Recipe {
	r := s.job.Recipe
	if epoch <= len(s.job.Planned) {
		r.Epochs = s.job.Planned[epoch-1]
	}
	return r
}

// outOfPatience tells whether as many epochs as the recipe waits have passed without a better one.
func (s *session) outOfPatience() bool {
	best, patience := s.state.History.Best(), s.job.Recipe.EarlyStop
	return patience > 0 && best != nil && s.state.Epoch-best.Epoch >= patience
}

func (s *session) plateau() float64 {
	if s.job.Recipe.Schedule == recipe.SchedulePlateau && s.state.Plateau.Fraction > 0 {
		return s.state.Plateau.Fraction
	}
	return 1
}

// random decides the random choices of a step: any number that seed and step decide. The multiplier is splitmix64's.
func (s *session) random(step int) uint64 {
	return uint64(s.job.Recipe.Seed)*0x9e3779b97f4a7c15 + uint64(step)
}

func (s *session) batch(next feed.Batch, last bool) stepper.Batch {
	b := stepper.Batch{Rows: len(next.Items), Inputs: next.Features, Pixels: next.Pixels, Last: last}
	for _, item := range next.Items {
		b.Targets = s.job.Target(b.Targets, item)
		if s.weights != nil {
			b.Weights = append(b.Weights, s.weights[s.job.Dataset.Items[item].Label])
		}
	}
	return b
}

// progressEvery is how often the place inside an epoch is told.
const progressEvery = 200 * time.Millisecond

func (s *session) tellStep(epoch, step, steps int, loss float64, start time.Time) {
	if time.Since(s.toldAt) < progressEvery {
		return
	}
	s.toldAt = time.Now()
	each := time.Since(start) / time.Duration(step)
	left := (s.job.Recipe.Epochs-epoch)*steps + steps - step
	s.events(progress.Event{Kind: progress.StepEvent, Step: &progress.Step{
		Epoch: epoch, Step: step, Steps: steps, Loss: loss, Left: time.Duration(left) * each,
	}})
}

// validate computes loss and accuracy on the validation images; without any both are 0.
func (s *session) validate(ctx context.Context) (loss, accuracy float64, err error) {
	if len(s.val) == 0 {
		return 0, 0, nil
	}
	report, err := s.measure(ctx, s.val)
	if err != nil {
		return 0, 0, err
	}
	if report.Values != nil {
		return report.Loss, report.Values.R2, nil
	}
	return report.Loss, report.Accuracy, nil
}

// validateKept is validate with the weights that the epoch would be kept with. The stepper has its own again afterwards, to the bit.
func (s *session) validateKept(ctx context.Context, epoch int) (loss, accuracy float64, err error) {
	if s.planned(epoch).KeptFraction(epoch) == 1 || len(s.val) == 0 {
		return s.validate(ctx)
	}
	trained, err := s.stepper.Weights()
	if err != nil {
		return 0, 0, err
	}
	if err := s.stepper.SetWeights(s.asKept(trained, epoch)); err != nil {
		return 0, 0, err
	}
	loss, accuracy, err = s.validate(ctx)
	return loss, accuracy, errors.Join(err, s.stepper.SetWeights(trained))
}

// keptWeights are the stepper's weights after an epoch as they are kept.
func (s *session) keptWeights(epoch int) (stepper.State, error) {
	trained, err := s.stepper.Weights()
	if err != nil {
		return nil, err
	}
	return s.asKept(trained, epoch), nil
}

// asKept are trained weights after an epoch as they are kept.
func (s *session) asKept(trained stepper.State, epoch int) stepper.State {
	fraction := s.planned(epoch).KeptFraction(epoch)
	if fraction == 1 {
		return trained
	}
	return s.initial.Toward(trained, fraction)
}

// measure compares the network's outputs on items with their targets.
func (s *session) measure(ctx context.Context, items []int) (*metric.Report, error) {
	outputs, err := feed.Once(ctx, s.look, items, s.stepper.Logits, s.job.Outputs())
	if err != nil {
		return nil, err
	}
	s.job.Recipe.Task.Interpret(outputs, s.job.Outputs())
	return s.job.Report(outputs, items)
}

// judged is the loss and the accuracy that an epoch is judged by: those of the validation, or of the training where nothing validates.
func judged(e history.Epoch, validated bool) (loss, accuracy float64) {
	if !validated {
		return e.Loss, e.Accuracy
	}
	return e.ValLoss, e.ValAccuracy
}

// improves tells whether an epoch is better than the best before it, by what the recipe selects by.
func improves(r recipe.Recipe, before history.History, epoch history.Epoch, validated bool) bool {
	best := before.Best()
	if best == nil {
		return true
	}
	loss, accuracy := judged(epoch, validated)
	bestLoss, bestAccuracy := judged(*best, validated)
	return r.SelectBy.Prefers(loss, accuracy, bestLoss, bestAccuracy)
}

// finishEpoch records a finished epoch, and decides whether it was the best and whether another follows.
func (s *session) finishEpoch(epoch history.Epoch) error {
	loss, _ := judged(epoch, len(s.val) > 0)
	epoch.Best = improves(s.job.Recipe, s.state.History, epoch, len(s.val) > 0)
	if math.IsNaN(loss) {
		s.state.Status = progress.NaN
		return nil
	}
	if (epoch.Best || s.job.Recipe.KeepLast) && !s.searching {
		weights, err := s.keptWeights(epoch.Epoch)
		if err != nil {
			return err
		}
		if !weights.Finite() {
			// XLA's maximum on a CPU may take 0 for a NaN, so that a ReLU hides it: the loss is then that of a constant.
			s.state.Status = progress.NaN
			return nil
		}
		if s.last = weights; epoch.Best {
			s.best = weights
		}
	}
	s.state.Epoch++
	s.state.History = append(s.state.History, epoch)
	s.state.Plateau.Epoch(loss)
	if s.outOfPatience() {
		s.state.Status = progress.EarlyStop
	}
	if s.record != nil {
		if err := s.commit(); err != nil {
			s.warn(CodeNotOnDisk, "Epoch %d is not on disk: %v.", epoch.Epoch, err)
		}
	}
	s.events(progress.Event{Kind: progress.EpochEvent, Epoch: &epoch})
	return nil
}

// takeKept goes back to the weights of the epoch that is kept: an epoch that an interrupt has cut short has moved them since.
func (s *session) takeKept() error {
	kept := s.best
	if s.job.Recipe.KeepLast && s.state.Status != progress.NaN {
		kept = s.last
	}
	if kept == nil {
		return nil
	}
	return s.stepper.SetWeights(kept)
}

// whyNaN looks for the cause of a loss or of weights that are not numbers: first in what the network made of images before it was
// trained, and only then in the training. The weights are then the initial ones.
func (s *session) whyNaN(ctx context.Context) *nan.Error {
	e := &nan.Error{LearningRate: s.job.Recipe.LearningRate}
	if s.initial == nil || s.stepper.SetWeights(s.initial) != nil {
		return e
	}
	items := s.train
	if s.augmenter != nil && len(s.val) > 0 { // s.look has these as they are
		items = s.val
	}
	e.Cause = nan.FindCause(context.WithoutCancel(ctx), nan.Subject{ // an interrupt would hide the cause
		Dataset: s.job.Dataset, Items: items, Backbone: s.job.Backbone, Device: s.device, Look: s.look, Logits: s.stepper.Logits,
		Outputs: s.job.Outputs(), Precision: s.network.Tuning.Precision, Workers: s.job.Environment.Workers,
	})
	return e
}

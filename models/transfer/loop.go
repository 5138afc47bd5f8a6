package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/trainer"
)

// run trains epoch after epoch until the last, or until there is a reason to stop, which it records in the state.
func (s *session) run(ctx context.Context) error {
	steps := (len(s.train) + s.config.Batch - 1) / s.config.Batch
	schedule := s.config.schedule(steps)
	for s.state.Status = Running; s.state.Status == Running; {
		if s.state.Epoch >= s.config.Epochs {
			s.state.Status = Finished
			break
		}
		epoch, err := s.epoch(ctx, schedule, steps)
		switch {
		case s.aborted():
			return ErrAborted
		case errors.Is(err, trainer.ErrNotFinite):
			s.state.Status = NaN
		case err != nil && ctx.Err() != nil:
			s.state.Status = Stopped
		case err != nil:
			return err
		default:
			if err := s.finishEpoch(epoch); err != nil {
				return err
			}
		}
	}
	return s.takeBest()
}

// epoch trains on every image once and looks at the validation images.
func (s *session) epoch(ctx context.Context, schedule trainer.Schedule, steps int) (Epoch, error) {
	number := s.state.Epoch + 1
	start := time.Now()
	order := imagefolder.Shuffled(s.train, s.config.Seed, number)
	pass, err := s.feed.open(ctx, order, number)
	if err != nil {
		return Epoch{}, err
	}
	defer pass.close()
	result := Epoch{Epoch: number, Epochs: s.config.Epochs}
	var sum trainer.Result
	for step := range steps {
		if s.aborted() {
			return Epoch{}, ErrAborted
		}
		if err := ctx.Err(); err != nil {
			return Epoch{}, err
		}
		// A batch that has begun is finished: only what waits for images is cancelled.
		items, features, pixels, err := pass.next(ctx)
		if errors.Is(err, io.EOF) {
			return Epoch{}, fmt.Errorf("epoch %d ended after %d of %d steps", number, step, steps)
		}
		if err != nil {
			return Epoch{}, err
		}
		done := (number-1)*steps + step
		result.LearningRate = s.config.LearningRate * schedule.At(done) * s.plateau()
		got, err := s.trainer.Step(s.batch(items, features, pixels, step == steps-1),
			trainer.Hyper{LearningRate: result.LearningRate, WeightDecay: s.config.WeightDecay, Dropout: s.dropout}, s.random(done))
		if err != nil {
			return Epoch{}, err
		}
		sum.Loss += got.Loss
		sum.Correct += got.Correct
		sum.Rows += got.Rows
		s.tellStep(number, step+1, steps, sum.Loss/float64(sum.Rows), start)
	}
	result.Loss = sum.Loss / float64(sum.Rows)
	result.Accuracy = sum.Correct / float64(sum.Rows)
	if s.config.Task == Regression {
		result.Accuracy = s.targets.r2(result.Loss)
	}
	result.Waited = pass.waited().Seconds()
	if result.ValLoss, result.ValAccuracy, err = s.validate(ctx); err != nil {
		return Epoch{}, err
	}
	result.Seconds = time.Since(start).Seconds()
	result.Rate = float64(sum.Rows) / max(result.Seconds, 1e-9)
	result.Left = time.Duration(float64(s.config.Epochs-number) * result.Seconds * float64(time.Second))
	return result, nil
}

func (s *session) plateau() float64 {
	if s.config.Schedule == "plateau" && s.state.Plateau.Share > 0 {
		return s.state.Plateau.Share
	}
	return 1
}

// random is the chance of a step: any number that seed and step decide. The multiplier is splitmix64's.
func (s *session) random(step int) uint64 {
	return uint64(s.config.Seed)*0x9e3779b97f4a7c15 + uint64(step)
}

func (s *session) batch(items []int, features []float32, pixels []uint8, last bool) trainer.Batch {
	b := trainer.Batch{Rows: len(items), Inputs: features, Pixels: pixels, Last: last}
	for _, item := range items {
		b.Targets = s.config.target(b.Targets, item)
		if s.weights != nil {
			b.Weights = append(b.Weights, s.weights[s.config.Dataset.Items[item].Label])
		}
	}
	return b
}

func (s *session) tellStep(epoch, step, steps int, loss float64, start time.Time) {
	if time.Since(s.toldAt) < progressEvery {
		return
	}
	s.toldAt = time.Now()
	each := time.Since(start) / time.Duration(step)
	left := (s.config.Epochs-epoch)*steps + steps - step
	s.events(Event{Kind: StepEvent, Step: &Step{
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

// measure compares the network's outputs on items with their targets.
func (s *session) measure(ctx context.Context, items []int) (*metric.Report, error) {
	outputs, err := runOnce(ctx, s.look, items, s.trainer.Logits, s.config.Task, s.config.outputs())
	if err != nil {
		return nil, err
	}
	return report(s.config, outputs, items)
}

// report compares outputs with the targets of items.
func report(c Config, outputs []float32, items []int) (*metric.Report, error) {
	if c.Task != Single {
		var targets []float32
		for _, item := range items {
			targets = c.target(targets, item)
		}
		if c.Task == Multi {
			return metric.Label(c.classes(), outputs, targets)
		}
		return metric.Regress(c.classes(), outputs, targets)
	}
	labels, paths := make([]int, len(items)), make([]string, len(items))
	for i, item := range items {
		labels[i], paths[i] = c.Dataset.Items[item].Label, c.Dataset.Items[item].Path
	}
	return metric.Classify(c.classes(), outputs, labels, paths)
}

// finishEpoch records a finished epoch, and decides whether it was the best and whether another follows.
func (s *session) finishEpoch(epoch Epoch) error {
	judged := func(e Epoch) float64 {
		if len(s.val) == 0 {
			return e.Loss
		}
		return e.ValLoss
	}
	best := s.state.History.Best()
	epoch.Best = best == nil || judged(epoch) < judged(*best)
	if math.IsNaN(judged(epoch)) {
		s.state.Status = NaN
		return nil
	}
	s.state.Epoch++
	s.state.History = append(s.state.History, epoch)
	s.state.Plateau.Epoch(judged(epoch))
	var err error
	if epoch.Best && !s.forgetful {
		if s.best, err = s.trainer.Weights(); err != nil {
			return err
		}
	}
	if patience := s.config.EarlyStop; patience > 0 && !epoch.Best && epoch.Epoch-s.state.History.Best().Epoch >= patience {
		s.state.Status = EarlyStop
	}
	if s.record != nil {
		if err := s.record.commit(s); err != nil {
			s.warn("epoch %d is not on disk: %v", epoch.Epoch, err)
		}
	}
	s.events(Event{Kind: EpochEvent, Epoch: &epoch})
	return nil
}

// takeBest goes back to the weights of the best epoch.
func (s *session) takeBest() error {
	if s.best == nil || (s.config.KeepLast && s.state.Status != NaN) {
		return nil
	}
	return s.trainer.SetWeights(s.best)
}

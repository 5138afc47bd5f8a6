package training

import (
	"context"
	"errors"
	"io"
	"math"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// RateCurve is the loss over a rising learning rate.
type RateCurve struct {
	Rates     []float64 `json:"rates"`
	Losses    []float64 `json:"losses"`    // smoothed
	Suggested float64   `json:"suggested"` // where the loss falls fastest
}

// The range test's course.
const (
	rangeSteps  = 100
	rangeLow    = 1e-6
	rangeHigh   = 1.0
	rangeSmooth = 0.9 // fraction of the old loss in the running mean
	rangeBlowUp = 4   // times the lowest loss, at which the test ends
)

// FindRate runs the learning-rate range test (arXiv:1506.01186) on a copy of the network; no weights are kept.
func FindRate(ctx context.Context, device *accel.Device, job Job, events func(progress.Event)) (*RateCurve, error) {
	job.Recipe.Schedule = recipe.ScheduleConstant
	if err := job.Validate(); err != nil {
		return nil, err
	}
	s, err := newSession(device, job, events)
	if err != nil {
		return nil, err
	}
	defer s.close()
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	curve := &RateCurve{}
	mean, lowest := 0.0, math.Inf(1)
	for epoch := 1; len(curve.Rates) < rangeSteps; epoch++ {
		order := imagefolder.Shuffled(s.train, job.Recipe.Seed, epoch)
		done, err := s.rangeEpoch(ctx, order, epoch, func(rate, loss float64) bool {
			mean = rangeSmooth*mean + (1-rangeSmooth)*loss
			smooth := mean / (1 - math.Pow(rangeSmooth, float64(len(curve.Rates)+1)))
			curve.Rates, curve.Losses = append(curve.Rates, rate), append(curve.Losses, smooth)
			lowest = min(lowest, smooth)
			return len(curve.Rates) < rangeSteps && smooth < rangeBlowUp*lowest
		}, len(curve.Rates))
		if err != nil {
			return nil, err
		}
		if done {
			break
		}
	}
	curve.Suggested = curve.steepest(job.Recipe.LearningRate)
	return curve, nil
}

// rangeEpoch trains on with a rising rate until more says no.
func (s *session) rangeEpoch(ctx context.Context, order []int, epoch int, more func(rate, loss float64) bool, step int) (done bool, err error) {
	pass, err := s.feed.Open(ctx, order, epoch)
	if err != nil {
		return false, err
	}
	defer pass.Close()
	for ; ; step++ {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		next, err := pass.Next(ctx)
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		rate := rangeLow * math.Pow(rangeHigh/rangeLow, float64(step)/(rangeSteps-1))
		got, err := s.stepper.Step(s.batch(next, false),
			stepper.Hyper{LearningRate: rate, WeightDecay: s.job.Recipe.WeightDecay}, s.random(step))
		if errors.Is(err, stepper.ErrNotFinite) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		if !more(rate, got.Loss/float64(got.Rows)) {
			return true, nil
		}
	}
}

// steepest is the rate at which the smoothed loss falls fastest over the logarithm of the rate. The first tenth is left
// out: the running mean has not settled there. Where it falls nowhere, it is the rate that there was.
func (c *RateCurve) steepest(before float64) float64 {
	best, slope := before, 0.0
	for i := rangeSteps / 10; i+1 < len(c.Rates); i++ {
		if d := c.Losses[i+1] - c.Losses[i-1]; d < slope {
			best, slope = c.Rates[i], d
		}
	}
	return best
}

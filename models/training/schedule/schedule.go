// Package schedule is the learning rate over a training.
package schedule

import "math"

// Schedule is a learning-rate schedule.
type Schedule string

// The schedules. The two with a warm-up begin with a rise over Course.Warmup.
const (
	Constant Schedule = "constant"
	Cosine   Schedule = "cosine"   // falls to zero along half a cosine, after a warm-up
	OneCycle Schedule = "onecycle" // rises, then falls far below where it began
	Warmup   Schedule = "warmup"   // constant after a warm-up
	Plateau  Schedule = "plateau"  // falls to a tenth when the validation loss gets no better
)

// All lists the schedules.
func All() []Schedule {
	return []Schedule{Constant, Cosine, OneCycle, Warmup, Plateau}
}

// A Course is the learning rate over a training as a fraction of the recipe's.
type Course struct {
	Schedule Schedule
	Steps    int // of the whole training
	Warmup   int // steps of rising from zero, of warmup and cosine
}

// Constants of the one-cycle policy (arXiv:1708.07120) with the phases of its PyTorch version.
const (
	cycleRise  = 0.3 // fraction of the steps that rise
	cycleStart = 1.0 / 25
	cycleEnd   = 1.0 / 25 / 1e4
)

// At is the fraction at a step, counted from 0. The plateau schedule depends on losses: see Reduction.
func (c Course) At(step int) float64 {
	if c.Steps <= 1 { // both the first and the last, at which the rate would be 0
		return 1
	}
	switch c.Schedule {
	case Cosine:
		if step < c.Warmup {
			return float64(step+1) / float64(c.Warmup)
		}
		return (1 + math.Cos(math.Pi*position(step-c.Warmup, c.Steps-c.Warmup))) / 2
	case OneCycle:
		rise := int(cycleRise * float64(c.Steps))
		if step < rise {
			return between(cycleStart, 1, position(step, rise))
		}
		return between(1, cycleEnd, position(step-rise, c.Steps-rise))
	case Warmup:
		if step < c.Warmup {
			return float64(step+1) / float64(c.Warmup)
		}
	}
	return 1
}

// position is how far step is into steps, from 0 to 1 at the last one.
func position(step, steps int) float64 {
	if steps <= 1 {
		return 1
	}
	return min(1, float64(step)/float64(steps-1))
}

// between goes from a to b along half a cosine.
func between(a, b, at float64) float64 { return b + (a-b)*(1+math.Cos(math.Pi*at))/2 }

// A Reduction lowers the rate when the loss gets no better, as Keras's ReduceLROnPlateau does by default.
type Reduction struct {
	Fraction float64 `json:"fraction"` // of the configured rate; 0: no epoch has passed
	Best     float64 `json:"best"`
	Wait     int     `json:"wait"` // epochs without a better loss
}

// The plateau's constants: Keras's defaults, but for a patience that fits trainings of ten epochs.
const (
	plateauFactor   = 0.1
	plateauPatience = 3
	plateauDelta    = 1e-4
)

// Epoch takes the loss of a finished epoch and returns the fraction for the next one.
func (r *Reduction) Epoch(loss float64) float64 {
	if r.Fraction == 0 {
		r.Fraction, r.Best = 1, math.MaxFloat64
	}
	if loss < r.Best-plateauDelta {
		r.Best, r.Wait = loss, 0
		return r.Fraction
	}
	if r.Wait++; r.Wait >= plateauPatience {
		r.Fraction *= plateauFactor
		r.Wait = 0
	}
	return r.Fraction
}

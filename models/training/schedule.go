package training

import "math"

// Schedule is a learning-rate schedule.
type Schedule string

// The schedules. The two with a warm-up begin with a rise over Recipe.WarmupEpochs.
const (
	ScheduleConstant Schedule = "constant"
	ScheduleCosine   Schedule = "cosine"   // falls to zero along half a cosine, after a warm-up
	ScheduleOneCycle Schedule = "onecycle" // rises, then falls far below where it began
	ScheduleWarmup   Schedule = "warmup"   // constant after a warm-up
	SchedulePlateau  Schedule = "plateau"  // falls to a tenth when the validation loss gets no better
)

// Schedules lists the schedules.
func Schedules() []Schedule {
	return []Schedule{ScheduleConstant, ScheduleCosine, ScheduleOneCycle, ScheduleWarmup, SchedulePlateau}
}

// A course is the learning rate over a training as a fraction of the recipe's.
type course struct {
	schedule Schedule
	steps    int // of the whole training
	warmup   int // steps of rising from zero, of warmup and cosine
}

// Constants of the one-cycle policy (arXiv:1708.07120) with the phases of its PyTorch version.
const (
	cycleRise  = 0.3 // fraction of the steps that rise
	cycleStart = 1.0 / 25
	cycleEnd   = 1.0 / 25 / 1e4
)

// at is the fraction at a step, counted from 0. The plateau schedule depends on losses: see plateau.
func (c course) at(step int) float64 {
	switch c.schedule {
	case ScheduleCosine:
		if step < c.warmup {
			return float64(step+1) / float64(c.warmup)
		}
		return (1 + math.Cos(math.Pi*position(step-c.warmup, c.steps-c.warmup))) / 2
	case ScheduleOneCycle:
		rise := int(cycleRise * float64(c.steps))
		if step < rise {
			return between(cycleStart, 1, position(step, rise))
		}
		return between(1, cycleEnd, position(step-rise, c.steps-rise))
	case ScheduleWarmup:
		if step < c.warmup {
			return float64(step+1) / float64(c.warmup)
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

// A plateau lowers the rate when the loss gets no better, as Keras's ReduceLROnPlateau does by default.
type plateau struct {
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

// epoch takes the loss of a finished epoch and returns the fraction for the next one.
func (p *plateau) epoch(loss float64) float64 {
	if p.Fraction == 0 {
		p.Fraction, p.Best = 1, math.MaxFloat64
	}
	if loss < p.Best-plateauDelta {
		p.Best, p.Wait = loss, 0
		return p.Fraction
	}
	if p.Wait++; p.Wait >= plateauPatience {
		p.Fraction *= plateauFactor
		p.Wait = 0
	}
	return p.Fraction
}

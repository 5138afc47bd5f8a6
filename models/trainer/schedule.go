package trainer

import (
	"fmt"
	"math"
)

// Schedules lists the names that a Schedule takes.
func Schedules() []string { return []string{"constant", "cosine", "onecycle", "warmup", "plateau"} }

// A Schedule is the learning rate over a training as a share of the configured one.
type Schedule struct {
	Name   string
	Steps  int // of the whole training
	Warmup int // steps of rising from zero, of warmup and cosine
}

// Validate refuses a schedule that does not exist.
func (s Schedule) Validate() error {
	for _, name := range Schedules() {
		if s.Name == name {
			return nil
		}
	}
	return fmt.Errorf("there is no schedule %q: choose constant, cosine, onecycle, warmup or plateau", s.Name)
}

// Constants of the one-cycle policy (arXiv:1708.07120) with the phases of its PyTorch version.
const (
	cycleRise  = 0.3 // share of the steps that rise
	cycleStart = 1.0 / 25
	cycleEnd   = 1.0 / 25 / 1e4
)

// At is the share at a step, counted from 0. The plateau schedule is Plateau's, here it is constant.
func (s Schedule) At(step int) float64 {
	switch s.Name {
	case "cosine":
		if step < s.Warmup {
			return float64(step+1) / float64(s.Warmup)
		}
		return (1 + math.Cos(math.Pi*position(step-s.Warmup, s.Steps-s.Warmup))) / 2
	case "onecycle":
		rise := int(cycleRise * float64(s.Steps))
		if step < rise {
			return between(cycleStart, 1, position(step, rise))
		}
		return between(1, cycleEnd, position(step-rise, s.Steps-rise))
	case "warmup":
		if step < s.Warmup {
			return float64(step+1) / float64(s.Warmup)
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

// A Plateau lowers the rate when the loss gets no better, as Keras's ReduceLROnPlateau does by default.
type Plateau struct {
	Share float64 `json:"share"` // of the configured rate; 0: no epoch has passed
	Best  float64 `json:"best"`
	Wait  int     `json:"wait"` // epochs without a better loss
}

// The plateau's constants: Keras's defaults, but for a patience that fits trainings of ten epochs.
const (
	plateauFactor   = 0.1
	plateauPatience = 3
	plateauDelta    = 1e-4
)

// Epoch takes the loss of a finished epoch and returns the share for the next one.
func (p *Plateau) Epoch(loss float64) float64 {
	if p.Share == 0 {
		p.Share, p.Best = 1, math.MaxFloat64
	}
	if loss < p.Best-plateauDelta {
		p.Best, p.Wait = loss, 0
		return p.Share
	}
	if p.Wait++; p.Wait >= plateauPatience {
		p.Share *= plateauFactor
		p.Wait = 0
	}
	return p.Share
}

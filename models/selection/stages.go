package selection

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/probe"
)

// SetsOf are the sets of stages that are compared: each by itself, and the last two and more of them together. The stages are
// given from input to output.
func SetsOf(stages []string) [][]string {
	var sets [][]string
	for _, stage := range stages {
		sets = append(sets, []string{stage})
	}
	for n := 2; n <= len(stages); n++ {
		sets = append(sets, stages[len(stages)-n:])
	}
	return sets
}

// A StageScore is the best classifier of one set of stages.
type StageScore struct {
	Score                    // by cross-validation on the training images
	Chosen   bool            `json:"chosen"`        // it is the one of all sets that was chosen
	Images   int             `json:"images"`        // held out from the comparison
	Held     float64         `json:"held_accuracy"` // of a classifier that was fitted to all training images, on these
	Interval metric.Interval `json:"held_interval"` // of Held, by Wilson's formula
}

// Measure fits the best candidate of each set of stages in a report to the training images, and measures it on held-out
// ones, which had no part in the comparison. The order is that of the sets.
func Measure(ctx context.Context, train, held Data, r *Report, o Options) ([]StageScore, error) {
	var list []StageScore
	for _, set := range o.Sets {
		best := r.bestOf(set)
		if best < 0 {
			continue
		}
		s := StageScore{Score: r.Scores[best], Chosen: best == r.Chosen, Images: len(held.Labels)}
		right, err := s.judge(ctx, train, held, o.Workers)
		if err != nil {
			return nil, fmt.Errorf("measure %s: %w", strings.Join(set, "+"), err)
		}
		s.Held = fraction(right)
		s.Interval = metric.Wilson(s.Held, s.Images)
		list = append(list, s)
		if o.Events != nil {
			o.Events(Progress{Done: len(list), Total: len(o.Sets)})
		}
	}
	return list, nil
}

// bestOf is the index of the score that stands for a set of stages: what was chosen, or the highest accuracy; -1: there is none.
func (r *Report) bestOf(set []string) int {
	if slices.Equal(r.Choice().Stages, set) {
		return r.Chosen
	}
	return slices.IndexFunc(r.Scores, func(s Score) bool { return slices.Equal(s.Stages, set) }) // the highest is the first
}

// judge fits the candidate and tells which of the held-out rows it gets right.
func (c Candidate) judge(ctx context.Context, train, held Data, workers int) ([]bool, error) {
	features, err := train.Join(c)
	if err != nil {
		return nil, err
	}
	samples := probe.Samples{Features: features, Labels: train.Labels, Classes: train.Classes, Weights: train.Weights}
	model, err := c.Fit(ctx, samples, workers, nil)
	if err != nil {
		return nil, err
	}
	if features, err = held.Join(c); err != nil {
		return nil, err
	}
	return rightOf(model.Logits(features), held.Labels, held.Classes), nil
}

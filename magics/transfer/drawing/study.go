package drawing

import (
	"fmt"
	"strings"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/study"
)

// splitName is a split for people.
func splitName(split string) string {
	if split == imagefolder.Val {
		return "validation"
	}
	return split
}

// frozenNote says of what the features are, where that is not the model's own backbone.
func frozenNote(s *lab.Study) []string {
	if !s.Tuned {
		return WeightsNotes(s.Trained.Weights())
	}
	return append([]string{"Stages of this model's backbone were trained. The features here are those of the frozen backbone that it began with."},
		WeightsNotes(s.Trained.Weights())...)
}

// StageAccuracy shows the best classifier of each set of stages, measured twice.
func StageAccuracy(s *lab.Study) display.Bundle {
	held := 0
	if len(s.Stages) > 0 {
		held = s.Stages[0].Images
	}
	split := splitName(s.Split)
	d := study.IntervalsData{
		Title: "accuracy by stage, " + s.Model, Subtitle: fmt.Sprintf("linear classifiers on the frozen stages: %d training images, %d %s images", s.Train, held, split),
		Axis: "accuracy", Series: []string{split + " images, 95 % interval", "cross-validation, ± standard error"},
	}
	for _, score := range s.Stages {
		detail := score.Candidate.String()
		if _, after, ok := strings.Cut(detail, strings.Join(score.Candidate.Stages, "+")+", "); ok {
			detail = string(score.Kind) + ", " + after
		} else {
			detail = string(score.Kind)
		}
		d.Rows = append(d.Rows, study.IntervalRow{
			Name: strings.Join(score.Candidate.Stages, "+"), Detail: detail, Marked: score.Chosen,
			Values: []study.IntervalValue{
				{Value: score.Held, Low: score.Interval.Low, High: score.Interval.High},
				{Value: score.Accuracy, Low: score.Accuracy - score.Error, High: score.Accuracy + score.Error},
			},
		})
	}
	d.Notes = append(d.Notes, fmt.Sprintf("The classifier of each row, and which row is chosen, was decided by %d-fold cross-validation on the training images. "+
		"The %s images only measure: a stage that is chosen by them is measured too well.", s.Folds, split))
	d.Notes = append(d.Notes, frozenNote(s)...)
	return study.Intervals(d)
}

// LearningCurve shows the accuracy over the number of training images.
func LearningCurve(s *lab.Study) display.Bundle {
	c := s.Curve
	d := study.LearningCurveData{
		Title: "learning curve of " + s.Model, Subtitle: fmt.Sprintf("%s; %d-fold cross-validation on %d training images", c.Candidate, c.Folds, c.Images),
		Notes: []string{c.Summary()},
	}
	for _, p := range c.Points {
		d.Points = append(d.Points, study.LearningPoint{
			Images: p.Images, Fitted: p.Fitted, Averaged: p.Subsamples,
			Held: study.IntervalValue{Value: p.Accuracy, Low: p.Interval.Low, High: p.Interval.High},
		})
	}
	if c.Of > c.Images {
		d.Notes = append(d.Notes, fmt.Sprintf("Drawn from %d of the %d training images.", c.Images, c.Of))
	}
	d.Notes = append(d.Notes, frozenNote(s)...)
	return study.LearningCurve(d)
}

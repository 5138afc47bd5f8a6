package training

import (
	"context"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// Probes are what classifiers on frozen features are compared on: the pooled features of the stages that the method auto
// compares, from the cache where it has them.
type Probes struct {
	Train   selection.Data // the training images
	Held    selection.Data // those of another split; empty where none was asked for
	Options selection.Options
}

// OpenProbes computes the features for a dataset of a job, of the training images and those of another split; an empty split is
// none. Of the recipe only the seed and the class weights count. A job that the method auto cannot do is an error.
func OpenProbes(ctx context.Context, device *accel.Device, job Job, split string, events func(progress.Event)) (*Probes, error) {
	job.Recipe.Augment, job.Recipe.AugmentCopies = "", 0
	if err := probing(job).Validate(); err != nil {
		return nil, err
	}
	s, err := newProbing(device, job, events)
	if err != nil {
		return nil, err
	}
	defer s.close()
	s.val = nil
	if split != "" {
		s.val = job.Dataset.Select(split)
	}
	data, err := s.stageFeatures(ctx)
	if err != nil {
		return nil, err
	}
	p := &Probes{Train: data.Take(s.rowsOf(s.train)), Options: s.selectionOptions()}
	if len(s.val) > 0 {
		p.Held = data.Take(s.rowsOf(s.val))
	}
	p.Options.Events = func(p selection.Progress) {
		s.events(progress.Event{Kind: progress.SelectionEvent, Selection: &p})
	}
	return p, nil
}

// probing is the job that compares the classifiers of the method auto for a job.
func probing(j Job) Job {
	auto := recipe.AutoRecipe()
	auto.Task, auto.Seed, auto.ClassWeights, auto.BatchSize = j.Recipe.Task, j.Recipe.Seed, j.Recipe.ClassWeights, j.Recipe.BatchSize
	auto.Augment, auto.AugmentCopies = j.Recipe.Augment, j.Recipe.AugmentCopies
	j.Recipe, j.Request = auto, Request{}
	return j
}

// newProbing is a session of the method auto for a job, which the caller closes. It is nil for a job that the method cannot do.
func newProbing(device *accel.Device, job Job, events func(progress.Event)) (*session, error) {
	job = probing(job)
	if job.Validate() != nil {
		return nil, nil
	}
	s, err := newSession(device, job, events)
	if err != nil {
		return nil, err
	}
	s.given = s.job.Backbone
	return s, nil
}

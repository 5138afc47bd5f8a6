// Package job is a training to be done.
package job

import (
	"errors"
	"fmt"
	"slices"

	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training/network"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// A Job is a training to be done: the recipe, what it is done with, and where.
type Job struct {
	Recipe   recipe.Recipe
	Dataset  *imagefolder.Dataset // images with labels, split into train and val
	Backbone *features.Backbone
	Targets  [][]float32 // by item, for Multi (0 or 1 for each class) and Regression; nil for Single

	Candidate *selection.Candidate // the only one that a method with probes judges; nil: all
	// Planned repeats a run that was resumed with more epochs: how many the recipe had in each of the first epochs, on which schedules
	// depend. Later epochs have the recipe's.
	Planned []int

	Environment Environment
	Control     Control
	Request     Request

	Accept  []string // codes of the preflight's diagnoses that are accepted
	Classes []string // the label order of a saved model that this one has to match; nil: any
}

// An Environment is where a training is done. It does not change the numbers.
type Environment struct {
	Home      string // the state folder (cache/, runs/); empty: nothing is written to disk
	Workers   int    // decoding goroutines; 0: one for each core
	CacheSize int64  // bytes that the feature cache may take; 0: cache.DefaultLimit
	CSVLog    string // a file to which every epoch is written as a row; empty: none
}

// A Control ends a training from outside, beside its context.
type Control struct {
	// Abort ends the training at once when it is closed. Cancelling the context is the gentle way: the batch is finished
	// and the best model so far is kept.
	Abort <-chan struct{}
	// Recorded is called once the record of the run is on disk, from where on its name is taken; nil: nobody waits for that.
	Recorded func()
}

// A Request is who asked for a training, for its record.
type Request struct {
	Name  string   // of the run; empty: one is made from the time
	Model string   // the name that it has for what is trained; may be empty
	Cell  string   // text of the cell or command that started it
	Flags []string // its flags
}

// Validate refuses a job that cannot be done: a recipe that makes no sense, or one that does not fit backbone and data.
func (j Job) Validate() error {
	if j.Dataset == nil || j.Backbone == nil {
		return errors.New("train: a dataset and a backbone are needed; load the one and build the other first")
	}
	if err := j.Recipe.Validate(); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if j.Backbone.File() != nil && j.Recipe.Unfreeze != recipe.StageNone {
		return fmt.Errorf("train: unfreeze %s: %w", j.Recipe.Unfreeze, features.ErrFile)
	}
	stages := j.Backbone.Stages()
	if u := j.Recipe.Unfreeze; u != recipe.StageNone && !slices.Contains(stages, u) {
		return fmt.Errorf("train: %w", &network.StageError{Stage: u, Stages: stages})
	}
	if len(j.Dataset.Select(imagefolder.Train)) == 0 {
		return fmt.Errorf("train on %s: it has no images to train on", imagefolder.Printable(j.Dataset.Name))
	}
	if _, err := j.Recipe.ClassFactors(j.Dataset); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if shape := j.Backbone.FeatureShape(); j.Recipe.Method.Probes() && len(shape) != 1 {
		return fmt.Errorf("train: %w", &recipe.FieldError{Field: "method", Problem: fmt.Sprintf("%s needs pooled features, and these have the shape %v", j.Recipe.Method, shape)})
	}
	return j.checkTargets()
}

// Network lays out what is trained.
func (j Job) Network() (*network.Network, error) {
	return network.New(j.Backbone, j.Recipe.Head, j.Recipe.Tuning(), j.Outputs())
}

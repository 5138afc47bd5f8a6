// Package models is transfer learning in a few lines: a folder of images becomes a classifier.
//
//	session, err := models.Open(ctx, models.Options{})
//	data, err := session.Dataset(ctx, "photos")
//	model, err := session.Train(ctx, data, models.DefaultRecipe())
//	predictions, err := model.Predict(ctx, []string{"new.jpg"}, 3)
//
// It wires the packages below it, which are there for whoever needs more: accel, imagefolder, resnet, features,
// training and classifier.
package models

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/resnet/backbone"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/nbhelpers"
)

// The types of the packages below that these functions take and return.
type (
	Dataset     = imagefolder.Dataset
	Recipe      = recipe.Recipe
	Job         = training.Job
	Event       = progress.Event
	Model       = classifier.Model
	Prediction  = prediction.Prediction
	SaveOptions = classifier.SaveOptions
)

// seed of the weights of a random backbone.
const seed = 42

// Options choose where to compute and where to keep things.
type Options struct {
	Device string // auto (default), cpu, cuda or go
	Home   string // the state folder, with cached features and runs; empty: that of the kernel, or headstart in the user's cache folder

	Weights string // of the ResNet50: imagenet (default) or another of resnet.SetNames, random, or a file
	Cut     string // its last stage, conv1 to conv5; empty: the last that the weights have
	Size    int    // side of the images that it sees, in pixels; 0: 224

	// Events hears how trainings go. Where it is nil, a program in a cell of a notebook shows live curves.
	Events func(Event)
}

// A Session is an open device with the choices that its trainings share.
type Session struct {
	options Options
	device  *accel.Device
}

// Open opens the device.
func Open(ctx context.Context, options Options) (*Session, error) {
	if options.Home == "" {
		home, err := paths.State()
		if err != nil {
			return nil, fmt.Errorf("open a session: %w, or give a Home", err)
		}
		options.Home = home
	}
	device, err := accel.Open(ctx, accel.Options{Device: options.Device})
	if err != nil {
		return nil, err
	}
	return &Session{options: options, device: device}, nil
}

// Close gives the device back. Models of the session are closed first.
func (s *Session) Close() error { return s.device.Close() }

// Dataset loads a folder with a folder of images for each class, checked and split into four fifths for training and one
// for validation.
func (s *Session) Dataset(ctx context.Context, dir string) (*Dataset, error) {
	options := imagefolder.DefaultOptions()
	if s.options.Size != 0 {
		options.Size = s.options.Size
	}
	options.StateDir = filepath.Join(s.options.Home, "cache", "datasets")
	return imagefolder.Load(ctx, dir, options)
}

// Backbone opens the session's ResNet50, averaged over its last feature maps.
func (s *Session) Backbone(ctx context.Context) (*features.Backbone, error) {
	o := s.options
	options := resnet.DefaultOptions()
	if o.Weights != "" {
		options.Weights = resnet.ChooseWeights(o.Weights, seed)
	}
	if o.Cut != "" {
		options.Cut = resnet.Cut(o.Cut)
	}
	if o.Size != 0 {
		options.Size = o.Size
	}
	network, err := backbone.Open(ctx, options)
	if err != nil {
		return nil, err
	}
	return features.New(network, features.DefaultOptions()), nil
}

// DefaultRecipe is the classic recipe: a dense layer of 256 on the frozen backbone, ten epochs of Adam.
func DefaultRecipe() Recipe { return recipe.DefaultRecipe() }

// AutoRecipe chooses a linear classifier on the features of several stages by cross-validation.
func AutoRecipe() Recipe { return recipe.AutoRecipe() }

// FinetuneRecipe begins with what AutoRecipe finds and then trains the last stage as well.
func FinetuneRecipe() Recipe { return recipe.FinetuneRecipe() }

// Train trains the session's backbone with a head on a dataset, with live curves in a notebook. See training.Fit for what an interrupt does.
func (s *Session) Train(ctx context.Context, data *Dataset, recipe Recipe) (*Model, error) {
	return s.Do(ctx, Job{Recipe: recipe, Dataset: data})
}

// Do is Train with all that a job can say. A job without a backbone or a state folder gets the session's.
func (s *Session) Do(ctx context.Context, job Job) (*Model, error) {
	if job.Backbone == nil {
		backbone, err := s.Backbone(ctx)
		if err != nil {
			return nil, err
		}
		job.Backbone = backbone
	}
	if job.Environment.Home == "" {
		job.Environment.Home = s.options.Home
	}
	events := s.options.Events
	if events == nil && job.Dataset != nil && nbhelpers.InNotebook() {
		w := newWatcher(notebook(), job)
		defer w.close()
		events = w.hear
	}
	result, err := training.Fit(ctx, s.device, job, events)
	if result == nil {
		return nil, err
	}
	return classifier.New(result), err
}

// Load reads a model that was saved.
func (s *Session) Load(ctx context.Context, dir string) (*Model, error) {
	return classifier.Load(ctx, s.device, dir, classifier.LoadOptions{Home: s.options.Home, Weights: s.weightsFile()})
}

// weightsFile is the file with the backbone's weights, for models that were saved without.
func (s *Session) weightsFile() string {
	return resnet.ChooseWeights(s.options.Weights, seed).Path
}

// Package models is transfer learning in a few lines: a folder of images becomes a classifier.
//
//	session, err := models.Open(ctx, models.Options{})
//	data, err := session.Dataset(ctx, "photos")
//	classifier, err := session.Train(ctx, data, models.Config{})
//	predictions, err := classifier.Predict(ctx, []string{"new.jpg"}, 3)
//
// It wires the packages below it, which are there for whoever needs more: accel, imagefolder, resnet and transfer.
package models

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/transfer"
)

// The types of the packages below that these functions take and return.
type (
	Dataset     = imagefolder.Dataset
	Config      = transfer.Config
	Model       = transfer.Model
	Prediction  = transfer.Prediction
	Event       = transfer.Event
	SaveOptions = transfer.SaveOptions
)

// Options choose where to compute and where to keep things.
type Options struct {
	Device string // auto (default), cpu, cuda or go
	Home   string // the state folder, with cached features and runs; empty: that of the kernel, or headstart in the user's cache folder

	Weights string // of the ResNet50: imagenet (default), random, or a safetensors file
	Cut     string // its last stage, conv1 to conv5; empty: conv5
	Size    int    // side of the images that it sees, in pixels; 0: 224

	Events func(Event) // progress of trainings; may be nil
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
	return imagefolder.Load(ctx, dir, imagefolder.Options{
		Size: s.options.Size, Seed: transfer.DefaultSeed, StateDir: filepath.Join(s.options.Home, "cache", "datasets"),
	})
}

// Backbone opens the session's ResNet50, averaged over its last maps.
func (s *Session) Backbone(ctx context.Context) (transfer.Backbone, error) {
	o := s.options
	network, err := resnet.Open(ctx, resnet.Options{Weights: o.Weights, Cut: o.Cut, Size: o.Size, Seed: transfer.DefaultSeed})
	if err != nil {
		return nil, err
	}
	return transfer.ResNet(network, transfer.ResNetOptions{}), nil
}

// Train trains on a dataset. The zero Config is the classic recipe: a dense layer of 256 on the frozen backbone, ten epochs
// of Adam. See transfer.Fit for what an interrupt does.
func (s *Session) Train(ctx context.Context, data *Dataset, config Config) (*Model, error) {
	if config.Backbone == nil {
		backbone, err := s.Backbone(ctx)
		if err != nil {
			return nil, err
		}
		config.Backbone = backbone
	}
	if config.Home == "" {
		config.Home = s.options.Home
	}
	config.Dataset = data
	return transfer.Fit(ctx, s.device, config, s.options.Events)
}

// Load reads a model that was saved.
func (s *Session) Load(ctx context.Context, dir string) (*Model, error) {
	return transfer.Load(ctx, s.device, dir, transfer.LoadOptions{Home: s.options.Home, Weights: s.weightsFile()})
}

// weightsFile is the file with the backbone's weights, for models that were saved without.
func (s *Session) weightsFile() string {
	if s.options.Weights == resnet.WeightsImageNet || s.options.Weights == resnet.WeightsRandom {
		return ""
	}
	return s.options.Weights
}

// Package inference answers requests for predictions within limits, whatever protocol they come by.
package inference

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/imageio/room"
	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/models/serving/modelset"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// Limits bound what requests may cost. None may be 0.
type Limits struct {
	Images     int           // waiting or being computed, over all requests; more are refused at once
	PerRequest int           // images of one request
	Body       int64         // bytes of one request
	Memory     int64         // bytes of all requests that are held at once
	Pixels     int64         // width x height of an image; no model raises it
	Wait       time.Duration // until a request is answered
}

// DefaultLimits suit a service in front of which nothing else limits.
func DefaultLimits() Limits {
	return Limits{
		Images: 256, PerRequest: 64, Body: 32 << 20, Memory: 512 << 20, Pixels: imageio.DefaultMaxPixels, Wait: 30 * time.Second,
	}
}

// Validate refuses limits that let nothing through.
func (l Limits) Validate() error {
	for name, value := range map[string]int64{
		"images in the queue": int64(l.Images), "images of a request": int64(l.PerRequest), "bytes of a request": l.Body,
		"bytes of all requests": l.Memory, "pixels of an image": l.Pixels, "time of a request": int64(l.Wait),
	} {
		if value <= 0 {
			return fmt.Errorf("the limit of %s must be greater than 0; got %d", name, value)
		}
	}
	return nil
}

// A Service is safe for concurrent use.
type Service struct {
	set    *modelset.Set
	limits Limits
	places *semaphore.Weighted // images
	memory *semaphore.Weighted // bytes
	queued atomic.Int64        // images that have a place
	decode *semaphore.Weighted // images that are decoded at once
	room   *room.Shared        // bytes that these take
}

// New makes a service of models. What is more than all requests together may have is too much for one: else an idle service would be
// too busy for it, for ever.
func New(set *modelset.Set, limits Limits) *Service {
	limits.PerRequest, limits.Body = min(limits.PerRequest, limits.Images), min(limits.Body, limits.Memory)
	return &Service{
		set: set, limits: limits, places: semaphore.NewWeighted(int64(limits.Images)), memory: semaphore.NewWeighted(limits.Memory),
		decode: semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0))), room: room.New(),
	}
}

// Limits are those of the service.
func (s *Service) Limits() Limits { return s.limits }

// Models are what the service answers with.
func (s *Service) Models() *modelset.Set { return s.set }

// An Image is an encoded image, or the pixels of one that has the model's size.
type Image struct {
	Encoded []byte
	Pixels  []uint8 // [size, size, 3] RGB; nil: Encoded
}

// An Answer has one entry for each image of a request.
type Answer struct {
	Model    *modelset.Served // to be read only: it may have been replaced
	Outputs  [][]float32      // probabilities, or the values of a regression; nil where there is a failure
	Failures []error          // an ImageError where an image cannot be read; else nil
}

// Failed is the first failure; nil where there is none.
func (a *Answer) Failed() error { return errors.Join(a.Failures...) }

// Ranked is the answer for one image: the most probable classes, or all where top is 0.
func (a *Answer) Ranked(image, top int) prediction.Prediction {
	if err := a.Failures[image]; err != nil {
		return prediction.Prediction{Error: err.Error()}
	}
	if a.Model.Task == recipe.Regression {
		return prediction.Prediction{Value: a.Outputs[image]}
	}
	return prediction.Rank(a.Model.Classes, a.Outputs[image], top)
}

// Predict answers the images of a request. An image that cannot be read is a failure of its own. The error is a LimitError, an
// OverloadError, a modelset error, that of the context, or what went wrong in the model.
func (s *Service) Predict(ctx context.Context, model, version string, images []Image) (*Answer, error) {
	served, release, err := s.set.Use(model, version)
	if err != nil {
		return nil, err
	}
	defer release()
	if err := s.admit(len(images)); err != nil {
		return nil, err
	}
	defer s.leave(len(images))
	ctx, cancel := context.WithTimeout(ctx, s.limits.Wait)
	defer cancel()
	answer := &Answer{Model: served, Outputs: make([][]float32, len(images)), Failures: make([]error, len(images))}
	var wait sync.WaitGroup
	for i, image := range images {
		wait.Go(func() { answer.Outputs[i], answer.Failures[i] = s.predict(ctx, served, image) })
	}
	wait.Wait()
	for _, err := range answer.Failures {
		if err != nil && !errors.As(err, new(*ImageError)) {
			return nil, err
		}
	}
	return answer, nil
}

// admit takes places for the images of a request.
func (s *Service) admit(images int) error {
	switch {
	case images == 0:
		return ErrNoImage
	case images > s.limits.PerRequest:
		return &LimitError{What: "images in a request", Got: int64(images), Limit: int64(s.limits.PerRequest)}
	case !s.places.TryAcquire(int64(images)):
		return &OverloadError{What: fmt.Sprintf("%d images are waiting", s.limits.Images)}
	}
	s.queued.Add(int64(images))
	return nil
}

// leave gives the places back.
func (s *Service) leave(images int) {
	s.queued.Add(-int64(images))
	s.places.Release(int64(images))
}

// Queued is how many images wait or are computed, over all requests.
func (s *Service) Queued() int { return int(s.queued.Load()) }

func (s *Service) predict(ctx context.Context, served *modelset.Served, image Image) ([]float32, error) {
	pixels, err := s.pixels(ctx, served, image)
	if err != nil {
		return nil, err
	}
	return served.Predict(ctx, pixels)
}

// pixels brings an image to the model's size.
func (s *Service) pixels(ctx context.Context, served *modelset.Served, image Image) ([]uint8, error) {
	size := served.Geometry.Bytes()
	if image.Pixels != nil {
		if len(image.Pixels) != size {
			return nil, &ImageError{fmt.Errorf("there are %d bytes of pixels, and the model takes %d: its size is %d", len(image.Pixels), size, served.Geometry.Size)}
		}
		return image.Pixels, nil
	}
	if err := s.decode.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer s.decode.Release(1)
	pixels := make([]uint8, size)
	limits := imageio.Limits{MaxPixels: s.limits.Pixels, Room: s.room.Until(ctx)}
	if err := imageio.At(pixels, image.Encoded, served.Geometry, limits); err != nil {
		if _, ok := errors.AsType[*room.WaitError](err); ok {
			return nil, err
		}
		return nil, &ImageError{err}
	}
	return pixels, nil
}

// Explain computes where an image speaks for a class; an empty class is the most probable one.
func (s *Service) Explain(ctx context.Context, model, version, class string, image Image) (*classifier.HeatMap, error) {
	served, release, err := s.set.Use(model, version)
	if err != nil {
		return nil, err
	}
	defer release()
	if served.Task == recipe.Regression {
		return nil, ErrNoClasses
	}
	if class != "" && !slices.Contains(served.Classes, class) {
		return nil, &ClassError{class}
	}
	if err := s.admit(1); err != nil {
		return nil, err
	}
	defer s.leave(1)
	ctx, cancel := context.WithTimeout(ctx, s.limits.Wait)
	defer cancel()
	pixels, err := s.pixels(ctx, served, image)
	if err != nil {
		return nil, err
	}
	return served.Explain(ctx, pixels, class)
}

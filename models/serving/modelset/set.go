// Package modelset is the models that a server offers by name, each replaced when its folder changes.
package modelset

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/serving"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// A Model predicts and explains images of its size.
type Model interface {
	serving.Predictor
	ExplainPixels(ctx context.Context, pixels []uint8, class string) (*classifier.HeatMap, error)
	Close() error
}

// Facts are what requests need to know of a model.
type Facts struct {
	Classes      []string // in the order of the outputs
	Outputs      int      // numbers of an image
	Task         recipe.Task
	Geometry     imageio.Geometry // how images come to its size
	Architecture string           // for people
	Device       string           // that computes
}

// An Opener opens the model of a folder, ready to predict.
type Opener func(ctx context.Context, dir string) (Model, Facts, error)

// A Source is a model's folder under the name by which requests ask for it.
type Source struct{ Name, Dir string }

// Observer hears of what happens to the models.
type Observer interface {
	Computed(model string, images int, took time.Duration)
	Loaded(model string, err error)
}

// Options say how models are kept.
type Options struct {
	Batch    int           // most images computed at once
	Delay    time.Duration // how long an image waits at most for others
	Open     Opener
	Observer Observer
	Log      *slog.Logger
}

// A Set is safe for concurrent use.
type Set struct {
	options Options

	mu      sync.Mutex
	entries []*entry
	closed  bool
}

// entry is a model's place in the set.
type entry struct {
	source Source
	seen   fingerprint // of the folder when it was last read, whatever came of it
	now    *Served     // nil until it is loaded
}

// Served is a model in one version.
type Served struct {
	Facts
	Name    string
	Version string // of the folder's description: the first digits of its SHA-256

	model   Model
	batcher *serving.Batcher
	users   sync.WaitGroup
	explain chan struct{} // holds one while an explanation is computed
}

// Predict waits for the outputs of one image of the model's size.
func (s *Served) Predict(ctx context.Context, pixels []uint8) ([]float32, error) {
	return s.batcher.Predict(ctx, pixels)
}

// Explain computes where an image of the model's size speaks for a class; an empty class is the most probable one. One is computed
// at a time.
func (s *Served) Explain(ctx context.Context, pixels []uint8, class string) (*classifier.HeatMap, error) {
	select {
	case s.explain <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-s.explain }()
	return s.model.ExplainPixels(ctx, pixels, class)
}

// A NotFoundError is a model or a version that the set does not have.
type NotFoundError struct {
	Name, Version string // an empty version: the model is not there
	Have          []string
}

func (e *NotFoundError) Error() string {
	switch {
	case e.Version != "":
		return fmt.Sprintf("the model %s has no version %q; it has %s", e.Name, e.Version, strings.Join(e.Have, ", "))
	case e.Name == "":
		return "name the model; there are " + strings.Join(e.Have, ", ")
	}
	return fmt.Sprintf("there is no model %q; there are %s", e.Name, strings.Join(e.Have, ", "))
}

// A LoadingError is a model that is not loaded yet.
type LoadingError struct{ Name string }

func (e *LoadingError) Error() string { return fmt.Sprintf("the model %s is still loading", e.Name) }

// ErrClosed is a set whose models are freed.
var ErrClosed = errors.New("the server is shutting down")

// nameOf is what a model may be called: it stands in paths of URLs and in labels of metrics.
var nameOf = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// New makes a set whose models are still to be loaded.
func New(sources []Source, options Options) (*Set, error) {
	s := &Set{options: options}
	seen := map[string]bool{}
	for _, source := range sources {
		if !nameOf.MatchString(source.Name) {
			return nil, fmt.Errorf("serve %s: the name %q must consist of letters, digits, dots, dashes and underscores", source.Dir, source.Name)
		}
		if seen[source.Name] {
			return nil, fmt.Errorf("serve %s: two models have the name %q; give one another", source.Dir, source.Name)
		}
		seen[source.Name] = true
		s.entries = append(s.entries, &entry{source: source})
	}
	if len(s.entries) == 0 {
		return nil, errors.New("serve: there is no model")
	}
	return s, nil
}

// Names lists the models.
func (s *Set) Names() []string {
	names := make([]string, len(s.entries))
	for i, e := range s.entries {
		names[i] = e.source.Name
	}
	return names
}

// Ready tells whether all models are loaded.
func (s *Set) Ready() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		if e.now == nil {
			return false
		}
	}
	return !s.closed
}

// Use returns a model until release is called; it stays what it is while another version takes its place. An empty name is the
// only model, an empty version the present one.
func (s *Set) Use(name, version string) (served *Served, release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, ErrClosed
	}
	for _, e := range s.entries {
		if e.source.Name != name && (name != "" || len(s.entries) > 1) {
			continue
		}
		switch {
		case e.now == nil:
			return nil, nil, &LoadingError{e.source.Name}
		case version != "" && version != e.now.Version:
			return nil, nil, &NotFoundError{e.source.Name, version, []string{e.now.Version}}
		}
		e.now.users.Add(1)
		return e.now, sync.OnceFunc(e.now.users.Done), nil
	}
	return nil, nil, &NotFoundError{Name: name, Have: s.Names()}
}

// Close frees the models, after the requests that use them.
func (s *Set) Close() error {
	s.mu.Lock()
	s.closed = true
	var old []*Served
	for _, e := range s.entries {
		if e.now != nil {
			old = append(old, e.now)
		}
		e.now = nil
	}
	s.mu.Unlock()
	var err error
	for _, served := range old {
		err = errors.Join(err, served.retire())
	}
	return err
}

// retire frees a model that nobody can ask for anymore, after the requests that use it.
func (s *Served) retire() error {
	s.users.Wait()
	s.batcher.Close()
	if err := s.model.Close(); err != nil {
		return fmt.Errorf("close the model %s: %w", s.Name, err)
	}
	return nil
}

package teaching

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/features/cache"
	"github.com/headstart-nb/headstart/models/weights"
)

// StateFile is the file of a model's folder with what was taught, so that more can be.
const StateFile = "taught.safetensors"

// The parts of a StateFile.
const (
	stateTensor   = "features" // [images, features], of length 1 in each part
	stateMetadata = "teaching" // a description, as JSON
)

// mostNumbers bounds the features that are read: 1 GB, which mostTaught images of all stages of a ResNet50 need a third of.
const mostNumbers = 1 << 28

// description is what a StateFile says beside the features.
type description struct {
	Backbone features.Identity `json:"backbone"` // that the teaching began with
	Classes  []string          `json:"classes"`
	Images   []taughtImage     `json:"images"`
}

type taughtImage struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Class  int    `json:"class"`
	Call   int    `json:"call"` // by which it was taught
}

// Write writes what was taught to a folder, as its StateFile.
func (t *Teaching) Write(dir string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	said := description{Backbone: t.began, Classes: t.classes, Images: []taughtImage{}}
	for _, e := range t.examples {
		said.Images = append(said.Images, taughtImage{Name: e.name, SHA256: hex.EncodeToString(e.key[:]), Class: e.class, Call: e.call})
	}
	text, err := json.Marshal(said)
	if err != nil {
		return fmt.Errorf("write what was taught: %w", err)
	}
	return atomicfile.WriteResult(filepath.Join(dir, StateFile), func(w io.Writer) error {
		return weights.WriteRows(w, stateTensor, []int{len(t.examples), t.o.Backbone.FeatureShape()[0]}, map[string]string{stateMetadata: string(text)},
			func(yield func([]float32, error) bool) {
				for i := range t.examples {
					if !yield(t.centroids.Row(i), nil) {
						return
					}
				}
			})
	})
}

// A State is what a StateFile holds.
type State struct {
	said description
	cols int
	rows []float32 // [images, cols]
}

// Backbone is that which the teaching began with.
func (s *State) Backbone() features.Identity { return s.said.Backbone }

// Classes are those that were taught.
func (s *State) Classes() []string { return slices.Clone(s.said.Classes) }

// Read reads the StateFile of a folder. The folder may be a stranger's: nothing in it is trusted.
func Read(dir string) (*State, error) {
	path := filepath.Join(dir, StateFile)
	s, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("read what was taught from %s: %w", path, err)
	}
	return s, nil
}

func read(path string) (s *State, err error) {
	rows, err := weights.OpenRows(path, stateTensor)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	shape := rows.Shape()
	if len(shape) != 2 || shape[0] > mostTaught || shape[1] > mostNumbers/max(1, shape[0]) {
		return nil, fmt.Errorf("its features have the shape %v; at most %d rows and %d numbers make sense", shape, mostTaught, mostNumbers)
	}
	s = &State{cols: shape[1]}
	if err := json.Unmarshal([]byte(rows.Metadata()[stateMetadata]), &s.said); err != nil {
		return nil, fmt.Errorf("its description is damaged: %w", err)
	}
	if err := s.check(shape[0]); err != nil {
		return nil, err
	}
	s.rows = make([]float32, shape[0]*shape[1])
	return s, rows.Read(s.rows, 0)
}

func (s *State) check(rows int) error {
	if len(s.said.Images) != rows {
		return fmt.Errorf("it describes %d images, and has the features of %d", len(s.said.Images), rows)
	}
	for i, class := range s.said.Classes {
		if err := CheckClass(class); err != nil {
			return err
		}
		if slices.Contains(s.said.Classes[:i], class) {
			return fmt.Errorf("the class %q is there twice", class)
		}
	}
	for _, image := range s.said.Images {
		if image.Class < 0 || image.Class >= len(s.said.Classes) {
			return fmt.Errorf("an image is of class %d of %d", image.Class, len(s.said.Classes))
		}
		if _, err := cache.ParseKey(image.SHA256); err != nil {
			return err
		}
	}
	return s.said.Backbone.Geometry.Validate()
}

// Resume continues a teaching. The backbone of the options must be that of the state, from wherever its weights are now.
func Resume(o Options, s *State) (*Teaching, error) {
	t := New(o)
	t.began = s.said.Backbone
	if want := o.Backbone.FeatureShape()[0]; s.cols != want {
		return nil, fmt.Errorf("resume the teaching of %s: its images have %d features, and those of %s are %d", o.Name, s.cols, o.Backbone.Identity(), want)
	}
	t.classes = slices.Clone(s.said.Classes)
	t.centroids.Grow(len(t.classes))
	for i, image := range s.said.Images {
		key, err := cache.ParseKey(image.SHA256)
		if err != nil {
			return nil, err
		}
		if _, err := t.centroids.AddKept(s.rows[i*s.cols:(i+1)*s.cols], image.Class); err != nil {
			return nil, fmt.Errorf("resume the teaching of %s: %w", o.Name, err)
		}
		t.examples = append(t.examples, example{key: key, name: image.Name, class: image.Class, call: image.Call})
		t.calls = max(t.calls, image.Call)
	}
	return t, nil
}

// InFolder tells whether there is a folder of a model, with what was taught to it. Where there is something else it is an error, so
// that nothing is written over it.
func InFolder(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && len(entries) == 0:
		return false, nil
	case err != nil:
		return false, fmt.Errorf("teach %s: %w", dir, err)
	case slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == StateFile }):
		return true, nil
	}
	return false, &NotTaughtError{dir}
}

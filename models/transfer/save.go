package transfer

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/headstart-nb/headstart/models/run"
	"github.com/headstart-nb/headstart/models/weights"
)

// Files of a saved model.
const (
	modelFile    = "model.json"
	headFile     = "head.safetensors"
	backboneFile = "backbone.safetensors"
	cardFile     = "README.md"

	formatVersion = 2 // 1 described architecture and weights by sentences
)

// SaveOptions say what goes into a saved model's folder.
type SaveOptions struct {
	HeadOnly bool              // leave the backbone's weights out; their hash is recorded
	Figures  map[string][]byte // PNG by file name, shown in the model card
}

// manifest is model.json.
type manifest struct {
	Format     int               `json:"format"`
	Name       string            `json:"name"`
	Classes    []string          `json:"classes"`
	Task       Task              `json:"task"`
	Head       string            `json:"head"`
	Unfrozen   string            `json:"unfrozen,omitempty"`
	Backbone   Identity          `json:"backbone"`
	SHA256     map[string]string `json:"sha256"` // of the files with weights
	Status     Status            `json:"status"`
	History    History           `json:"history"`
	Provenance Provenance        `json:"provenance"`
}

// Save writes the model as one folder, which must not exist or be empty: head.safetensors (with the trained stages of the
// backbone), backbone.safetensors, model.json (classes, preprocessing, provenance, history) and README.md, the model card.
func (m *Model) Save(dir string, options SaveOptions) (err error) {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("save the model to %s: the folder is not empty; choose another", dir)
	}
	parent := filepath.Dir(filepath.Clean(dir))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("save the model: %w", err)
	}
	// Written beside its place and renamed: there is never half a model.
	temporary, err := os.MkdirTemp(parent, ".saving-*")
	if err != nil {
		return fmt.Errorf("save the model: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("save the model to %s: %w", dir, errors.Join(err, os.RemoveAll(temporary)))
		}
	}()
	if err := m.write(temporary, options); err != nil {
		return err
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, os.ErrNotExist) { // empty, as seen above
		return err
	}
	if err := os.Chmod(temporary, 0o755); err != nil {
		return err
	}
	return os.Rename(temporary, dir)
}

func (m *Model) write(dir string, options SaveOptions) error {
	m.turn.Lock()
	state, err := m.network.Weights()
	m.turn.Unlock()
	if err != nil {
		return err
	}
	list := manifest{
		Format: formatVersion, Name: m.Name, Classes: m.Classes, Task: m.Task, Head: m.Head.String(), Unfrozen: m.Unfrozen,
		Backbone: m.Backbone.Identity(), SHA256: map[string]string{}, Status: m.Status, History: m.History, Provenance: m.Provenance,
	}
	trained := map[string]weights.Float32{}
	for path, array := range state {
		trained[path] = weights.Float32(array)
	}
	if list.SHA256[headFile], err = writeTensors(filepath.Join(dir, headFile), trained); err != nil {
		return err
	}
	if !options.HeadOnly {
		frozen, err := m.backboneWeights()
		if err != nil {
			return err
		}
		if list.SHA256[backboneFile], err = writeTensors(filepath.Join(dir, backboneFile), frozen); err != nil {
			return err
		}
	}
	err = run.WriteFile(filepath.Join(dir, modelFile), func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", " ")
		return encoder.Encode(list)
	})
	if err != nil {
		return err
	}
	var figures []string
	for name, png := range options.Figures {
		if !filepath.IsLocal(name) || filepath.Base(name) != name || !strings.HasSuffix(name, ".png") {
			return fmt.Errorf("a figure cannot have the name %q", name)
		}
		if err := os.WriteFile(filepath.Join(dir, name), png, 0o644); err != nil {
			return err
		}
		figures = append(figures, name)
	}
	return os.WriteFile(filepath.Join(dir, cardFile), []byte(m.Card(figures)), 0o644)
}

// writeTensors writes a file and returns its SHA-256.
func writeTensors(path string, list map[string]weights.Float32) (string, error) {
	hash := sha256.New()
	err := run.WriteFile(path, func(w io.Writer) error {
		return weights.Write(io.MultiWriter(w, hash), list, nil)
	})
	return hex.EncodeToString(hash.Sum(nil)), err
}

// backboneWeights reads the backbone's weights as loaded, by their names in Backbone.After, which are Keras's.
func (m *Model) backboneWeights() (list map[string]weights.Float32, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("read the backbone's weights: %v", r)
		}
	}()
	store := model.NewStore()
	defer store.Finalize()
	exec, err := model.NewExec(m.device.Backend, store, func(scope *model.Scope, x *graph.Node) *graph.Node {
		return m.Backbone.After(scope, "", Tuning{}, x)
	})
	if err != nil {
		return nil, fmt.Errorf("read the backbone's weights: %w", err)
	}
	defer exec.Finalize()
	size := m.Backbone.Identity().Geometry.Size
	if _, err := exec.Compile(shapes.Make(dtypes.Uint8, 1, size, size, 3)); err != nil {
		return nil, fmt.Errorf("read the backbone's weights: %w", err)
	}
	list = map[string]weights.Float32{}
	for v := range store.IterVariables() {
		value, err := v.Value()
		if err != nil {
			return nil, fmt.Errorf("read the backbone's weights: %w", err)
		}
		flat, err := tensors.CopyFlatData[float32](value)
		if err != nil {
			return nil, fmt.Errorf("read the backbone's weight %s: %w", v.Path(), err)
		}
		list[strings.TrimPrefix(v.Path(), "/")] = weights.Float32{Shape: v.Shape().Dimensions, Values: flat}
	}
	return list, nil
}

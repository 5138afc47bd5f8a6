// Package servingtest is a model for tests of a model server: what is tried is the server.
package servingtest

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/serving/modelset"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// A Stub calls an image light whose first byte is above the middle, and else dark.
type Stub struct {
	Size   int           // the side of its images in pixels
	Delay  time.Duration // how long a batch takes
	Before func()        // is called before each batch; may be nil
}

// PredictPixels is one of modelset.Model's.
func (s Stub) PredictPixels(_ context.Context, pixels []uint8, n int) ([]float32, error) {
	if s.Before != nil {
		s.Before()
	}
	time.Sleep(s.Delay)
	outputs := make([]float32, 0, 2*n)
	for i := range n {
		light := float32(pixels[i*len(pixels)/n]) / 255
		outputs = append(outputs, light, 1-light)
	}
	return outputs, nil
}

// ExplainPixels is one of modelset.Model's.
func (Stub) ExplainPixels(context.Context, []uint8, string) (*classifier.HeatMap, error) {
	return &classifier.HeatMap{Class: "light", Height: 1, Width: 1, Values: []float32{1}}, nil
}

// Close is one of modelset.Model's.
func (Stub) Close() error { return nil }

// Open is a modelset.Opener of s.
func (s Stub) Open(context.Context, string) (modelset.Model, modelset.Facts, error) {
	return s, modelset.Facts{Classes: []string{"light", "dark"}, Outputs: 2, Task: recipe.Single, Geometry: imageio.Geometry{Size: s.Size}}, nil
}

// Sources is a set of one model, whose files are written to an empty folder.
func Sources(dir string) ([]modelset.Source, error) {
	err := os.WriteFile(filepath.Join(dir, "model.json"), []byte("{}"), 0o644)
	return []modelset.Source{{Name: "stub", Dir: dir}}, err
}

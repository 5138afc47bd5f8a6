package transfer

import (
	"context"
	"crypto/sha256"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/headstart-nb/headstart/models/featurecache"
	"github.com/headstart-nb/headstart/models/imageio"
)

// predictAhead is how many files are held in memory at once.
const predictAhead = 64

// A Prediction is what the model says of one image.
type Prediction struct {
	Path  string    `json:"path,omitempty"`
	Top   []Score   `json:"top,omitempty"`   // most probable first
	Value []float32 `json:"value,omitempty"` // of Regression
	Error string    `json:"error,omitempty"` // why there is none: the file does not exist, is no image ...

	Cached bool `json:"cached,omitempty"` // the features were found in the cache, not computed
}

// A Score is the probability of one class.
type Score struct {
	Class       string  `json:"class"`
	Index       int     `json:"index"`
	Probability float32 `json:"probability"`
}

// Predict reads image files and returns the k most probable classes of each; k <= 0 means all. A file that cannot be
// read gets a Prediction with its Error. The features go through the cache.
func (m *Model) Predict(ctx context.Context, files []string, k int) ([]Prediction, error) {
	predictions := make([]Prediction, 0, len(files))
	for at := 0; at < len(files); at += predictAhead {
		some, err := m.predictSome(ctx, files[at:min(at+predictAhead, len(files))], k)
		if err != nil {
			return predictions, err
		}
		predictions = append(predictions, some...)
	}
	return predictions, nil
}

// opened is a decoded file.
type opened struct {
	key    featurecache.Key
	pixels []uint8
	cached bool // its features were found
	err    error
}

func (m *Model) predictSome(ctx context.Context, files []string, k int) ([]Prediction, error) {
	list := make([]opened, len(files))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	geometry := m.Backbone.Identity().Geometry
	for i, file := range files {
		group.Go(func() error {
			list[i] = openImage(file, geometry)
			return nil
		})
	}
	_ = group.Wait() // the errors are in the list
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var good []*opened
	for i := range list {
		if list[i].err == nil {
			good = append(good, &list[i])
		}
	}
	outputs, err := m.predictOpened(ctx, good)
	if err != nil {
		return nil, fmt.Errorf("predict: %w", err)
	}
	predictions := make([]Prediction, len(files))
	for i, o := range list {
		if o.err != nil {
			predictions[i] = Prediction{Path: files[i], Error: o.err.Error()}
			continue
		}
		predictions[i] = m.prediction(outputs[:m.outputs()], k)
		predictions[i].Path, predictions[i].Cached = files[i], o.cached
		outputs = outputs[m.outputs():]
	}
	return predictions, nil
}

func openImage(file string, geometry imageio.Geometry) opened {
	data, err := imageio.ReadFile(file)
	if err != nil {
		return opened{err: err}
	}
	o := opened{key: sha256.Sum256(data), pixels: make([]uint8, geometry.Bytes())}
	if err := imageio.At(o.pixels, data, geometry, imageio.Limits{}); err != nil {
		o.err = fmt.Errorf("read %s: %w", file, err)
	}
	return o
}

// predictOpened returns the outputs of images, with features from the cache where it has them.
func (m *Model) predictOpened(ctx context.Context, list []*opened) ([]float32, error) {
	m.turn.Lock()
	defer m.turn.Unlock()
	if m.frozen == nil || m.frozen.space == nil {
		var pixels []uint8
		for _, o := range list {
			pixels = append(pixels, o.pixels...)
		}
		return m.forward(ctx, pixels, len(list))
	}
	length := m.frozen.length()
	features := make([]float32, len(list)*length)
	var missing []int
	var pixels []uint8
	for i, o := range list {
		o.cached = m.frozen.space.Get(o.key, features[i*length:(i+1)*length])
		if !o.cached {
			missing = append(missing, i)
			pixels = append(pixels, o.pixels...)
		}
	}
	if len(missing) > 0 {
		rows, err := m.frozen.extract(ctx, pixels, len(missing), len(missing))
		if err != nil {
			return nil, err
		}
		for at, i := range missing {
			row := rows[at*length : (at+1)*length]
			copy(features[i*length:], row)
			m.frozen.noteCache(m.frozen.space.Put(list[i].key, row))
		}
	}
	return m.outputsOf(features, nil, len(list))
}

// PredictPixels returns the probabilities [n, classes] (for Regression the values) of n images of the backbone's size,
// as [n, size, size, 3] RGB bytes.
func (m *Model) PredictPixels(ctx context.Context, pixels []uint8, n int) ([]float32, error) {
	if n < 0 || len(pixels) != n*m.Backbone.Identity().Geometry.Bytes() {
		return nil, fmt.Errorf("predict: %d bytes are not %d images of %d pixels square", len(pixels), n,
			m.Backbone.Identity().Geometry.Size)
	}
	m.turn.Lock()
	defer m.turn.Unlock()
	return m.forward(ctx, pixels, n)
}

func (m *Model) forward(ctx context.Context, pixels []uint8, n int) ([]float32, error) {
	if m.frozen == nil {
		return m.outputsOf(nil, pixels, n)
	}
	if n == 0 {
		return nil, nil
	}
	features, err := m.frozen.extract(ctx, pixels, n, n)
	if err != nil {
		return nil, err
	}
	return m.outputsOf(features, nil, n)
}

func (m *Model) outputsOf(features []float32, pixels []uint8, n int) ([]float32, error) {
	logits := m.network.Logits
	if n == 1 {
		logits = m.network.LogitsAlone
	}
	outputs, err := logits(features, pixels, n)
	if err != nil {
		return nil, err
	}
	probabilities(m.Task, outputs, m.outputs())
	return outputs, nil
}

// prediction sorts the outputs of one image.
func (m *Model) prediction(outputs []float32, k int) Prediction {
	if m.Task == Regression {
		return Prediction{Value: slices.Clone(outputs)}
	}
	scores := make([]Score, len(outputs))
	for i, p := range outputs {
		scores[i] = Score{Class: m.Classes[i], Index: i, Probability: p}
	}
	slices.SortStableFunc(scores, func(a, b Score) int {
		switch {
		case a.Probability > b.Probability:
			return -1
		case a.Probability < b.Probability:
			return 1
		}
		return 0
	})
	if k > 0 {
		scores = scores[:min(k, len(scores))]
	}
	return Prediction{Top: scores}
}

package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/headstart-nb/headstart/internal/homepath"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/lab/named"
	"github.com/headstart-nb/headstart/models/lab/predictor"
	"github.com/headstart-nb/headstart/models/lab/teaching"
	"github.com/headstart-nb/headstart/models/onnxnet"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/resnet/backbone"
)

// A Model is a backbone with the plan of a head, and the trained model once a run has made it.
type Model struct {
	Name     string
	Backbone *backbone.Backbone // nil where the network is that of an ONNX file

	file      *onnxnet.Network // nil for a ResNet
	precision resnet.Precision
	teaching  *teaching.Teaching // of a model that is taught image by image; nil for others

	mu     sync.Mutex
	head   string
	chosen bool // the head was asked for
	result *classifier.Model
	run    string               // that made result; empty for a loaded model
	data   *imagefolder.Dataset // that result was trained on; nil for a loaded model
}

// Head is the plan of the head, as models/head reads it.
func (m *Model) Head() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.head
}

// HeadChosen tells whether the head was asked for, or found by a search.
func (m *Model) HeadChosen() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.chosen
}

// backbone is the network as training uses it, with images that come to its own size as a geometry says; what that leaves open is as
// the weights want it.
func (m *Model) backbone(g imagefolder.Geometry) *features.Backbone {
	if m.file != nil {
		return features.OfFile(m.file, features.Options{Method: g.Method, Decode: g.Decode})
	}
	return features.New(m.Backbone, features.Options{Precision: m.precision, Method: g.Method, Decode: g.Decode})
}

func (m *Model) trained() *classifier.Model {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.result
}

// take replaces the trained model, and frees what the one before held on the device.
func (m *Model) take(result *classifier.Model, run string, data *imagefolder.Dataset) {
	m.mu.Lock()
	before := m.result
	m.result, m.run, m.data = result, run, data
	m.mu.Unlock()
	if before != nil && !before.Shares(result) {
		_ = before.Close() // after a prediction that has begun
	}
}

func (m *Model) close() {
	if m.teaching != nil {
		m.teaching.Close()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.result != nil {
		_ = m.result.Close()
		m.result = nil
	}
}

// Identity is the backbone with its weights, for images that come to its size as the weights want it.
func (m *Model) Identity() features.Identity { return m.backbone(imagefolder.Geometry{}).Identity() }

// IdentityFor is Identity with images brought to the size as a geometry says.
func (m *Model) IdentityFor(g imagefolder.Geometry) features.Identity {
	return m.backbone(g).Identity()
}

// FeatureShape is the shape of one image's features.
func (m *Model) FeatureShape() []int { return m.backbone(imagefolder.Geometry{}).FeatureShape() }

// StageDims are the lengths of the parts of a pooled vector that come from different stages.
func (m *Model) StageDims() []int { return m.backbone(imagefolder.Geometry{}).StageDims() }

// ModelOptions choose a backbone and a head.
type ModelOptions struct {
	Name     string // empty: that of the architecture
	Backbone resnet.Options
	File     string // an ONNX file, whose network is the backbone in place of a ResNet; empty: none
	FileUse  onnxnet.Options
	Head     string
	// HeadChosen says that the head was asked for: a training without further choices then trains that one.
	HeadChosen bool
	// Precision is that of the frozen pass.
	Precision resnet.Precision
}

// Architectures lists the names of the architectures.
func Architectures() []string {
	var names []string
	for _, depth := range resnet.Depths() {
		names = append(names, architecture(depth))
	}
	return names
}

func architecture(depth int) string { return fmt.Sprintf("resnet%d", depth) }

// BuildModel opens the backbone of an architecture's name, loads its weights strictly, and makes it the current model. A size of 0 is that of the current
// dataset, else the architecture's usual one.
func (l *Lab) BuildModel(ctx context.Context, name string, o ModelOptions) (*Model, error) {
	if o.File != "" {
		return l.buildFile(ctx, o)
	}
	at := slices.Index(Architectures(), name)
	if at < 0 {
		return nil, &named.NotFoundError{Kind: named.KindArchitecture, Name: name, Have: Architectures()}
	}
	o.Backbone.Depth = resnet.Depths()[at]
	if o.Name == "" {
		o.Name = name
	}
	if o.Backbone.Top {
		return l.buildTop(ctx, o)
	}
	if _, err := head.Parse(o.Head); err != nil {
		return nil, err
	}
	if o.Backbone.Size == 0 {
		o.Backbone.Size = resnet.DefaultOptions().Size
		if data, err := l.Dataset(""); err == nil {
			o.Backbone.Size = data.Options.Size
		}
	}
	network, err := backbone.Open(ctx, o.Backbone)
	if err != nil {
		return nil, err
	}
	m := &Model{Name: o.Name, Backbone: network, head: o.Head, chosen: o.HeadChosen, precision: o.Precision}
	l.putModel(m)
	return m, nil
}

// buildFile makes the network of an ONNX file the backbone of the current model.
func (l *Lab) buildFile(ctx context.Context, o ModelOptions) (*Model, error) {
	if _, err := head.Parse(o.Head); err != nil {
		return nil, err
	}
	path, err := homepath.Expand(o.File)
	if err != nil {
		return nil, err
	}
	file, err := onnxnet.Open(ctx, path, o.FileUse)
	if err != nil {
		return nil, err
	}
	if o.Name == "" {
		o.Name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	}
	m := &Model{Name: o.Name, file: file, head: o.Head, chosen: o.HeadChosen, precision: resnet.Float32}
	l.putModel(m)
	return m, nil
}

// buildTop makes the classifier of ImageNet's classes that the weights were published with the current model. It predicts at once.
func (l *Lab) buildTop(ctx context.Context, o ModelOptions) (*Model, error) {
	if o.Backbone.Weights.Kind == resnet.KindRandom {
		return nil, &resnet.NoTopError{Weights: o.Backbone.Weights.String()}
	}
	if o.Backbone.Size == 0 {
		o.Backbone.Size = resnet.DefaultOptions().Size
	}
	whole, err := backbone.Open(ctx, o.Backbone)
	if err != nil {
		return nil, err
	}
	device, err := l.Device(ctx)
	if err != nil {
		return nil, err
	}
	top := &Model{Backbone: whole, precision: o.Precision}
	classifier, err := classifier.Top(ctx, device, l.home, top.backbone(imagefolder.Geometry{}))
	if err != nil {
		return nil, err
	}
	m := &Model{Name: o.Name, Backbone: classifier.Backbone().Network(), head: classifier.Head().String(), precision: o.Precision}
	m.take(classifier, "", nil)
	l.putModel(m)
	return m, nil
}

// Classes is how many classes the model tells apart; 0 before a training.
func (m *Model) Classes() int {
	if trained := m.trained(); trained != nil {
		return len(trained.Classes)
	}
	return 0
}

// LoadModel reads a saved model and makes it the current one. An empty name is the folder's. weights is the file of the
// backbone's weights where the folder has none. More images can be taught to a model that was taught.
func (l *Lab) LoadModel(ctx context.Context, dir, name, weights string) (*predictor.Predictor, error) {
	dir, err := homepath.Expand(dir)
	if err != nil {
		return nil, err
	}
	if there, err := teaching.InFolder(dir); err == nil && there {
		m, err := l.OpenTaught(ctx, dir, name, weights)
		if err != nil {
			return nil, err
		}
		return l.Trained(ctx, Ref{Model: m.Name})
	}
	device, err := l.Device(ctx)
	if err != nil {
		return nil, err
	}
	loaded, err := classifier.Load(ctx, device, dir, classifier.LoadOptions{Weights: weights, Home: l.home})
	if err != nil {
		return nil, err
	}
	return l.holdLoaded(loaded, cmp.Or(name, filepath.Base(filepath.Clean(dir))), "", nil), nil
}

// LoadRun makes a run's model a model of its own, the current one: from the state folder, whatever has been trained since. An empty
// name is the run's.
func (l *Lab) LoadRun(ctx context.Context, run, name string) (*predictor.Predictor, error) {
	if err := errors.Join(l.checkEnded(run), l.checkKnown(run)); err != nil {
		return nil, err
	}
	loaded, err := l.readRun(ctx, run)
	if err != nil {
		return nil, &NoWeightsError{run, err}
	}
	return l.holdLoaded(loaded, cmp.Or(name, run), run, l.datasetOf(loaded.Provenance.DatasetDigest)), nil
}

// holdLoaded makes a model that was read the current one. run and data are what it was trained by and on, where that is known.
func (l *Lab) holdLoaded(loaded *classifier.Model, name, run string, data *imagefolder.Dataset) *predictor.Predictor {
	backbone := loaded.Backbone()
	m := &Model{Name: name, Backbone: backbone.Network(), file: backbone.File(), head: loaded.Head().String(), precision: backbone.Identity().Precision}
	m.take(loaded, run, data)
	l.putModel(m)
	return &predictor.Predictor{Model: loaded, Name: name, Dataset: data}
}

func (l *Lab) putModel(m *Model) {
	l.mu.Lock()
	replaced := l.models.Put(m.Name, m)
	l.mu.Unlock()
	if replaced != nil {
		replaced.close()
	}
}

// Model returns the model of a name, trained or not; an empty name is the current one.
func (l *Lab) Model(name string) (*Model, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m, ok := l.models.Get(name); ok {
		return m, nil
	}
	return nil, &named.NotFoundError{Kind: named.KindModel, Name: name, Have: l.models.Names()}
}

// Method is how the images of a dataset come to the size of the current model: as the dataset says, else as the model's weights
// want it. Without a model it may be empty.
func (l *Lab) Method(data *imagefolder.Dataset) imagefolder.Method {
	m, err := l.Model("")
	if err != nil {
		return data.Options.Method
	}
	return m.backbone(data.Geometry()).Identity().Geometry.Method
}

// Models lists the models, the current one last.
func (l *Lab) Models() []*Model {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.models.All()
}

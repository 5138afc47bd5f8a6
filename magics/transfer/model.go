package transfer

import (
	"context"
	"fmt"
	"sync"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/resnet"
	training "github.com/headstart-nb/headstart/models/transfer"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// A Model is a backbone with the plan of a head, and the trained model once a run has made it.
type Model struct {
	Name     string
	Backbone *resnet.Backbone
	Head     string

	precision string

	mu     sync.Mutex
	result *training.Model
	data   *imagefolder.Dataset // that result was trained on; nil for a loaded model
}

// backbone is the network as training uses it; geometry says how images come to its size, which is the network's own.
func (m *Model) backbone(geometry imagefolder.Geometry) training.Backbone {
	return training.ResNet(m.Backbone, training.ResNetOptions{Precision: m.precision, Method: geometry.Method})
}

func (m *Model) trained() *training.Model {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.result
}

// dataset is what the model was trained on; nil where it was loaded from a folder.
func (m *Model) dataset() *imagefolder.Dataset {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.data
}

// setTrained replaces the trained model, and frees what the one before held on the device.
func (m *Model) setTrained(result *training.Model, data *imagefolder.Dataset) {
	m.mu.Lock()
	before := m.result
	m.result, m.data = result, data
	m.mu.Unlock()
	if before != nil {
		_ = before.Close() // after a prediction that is under way
	}
}

func (m *Model) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.result != nil {
		_ = m.result.Close()
		m.result = nil
	}
}

// ModelFlags are the choices of %model; the command line shares them.
type ModelFlags struct {
	Weights    string
	Variant    string
	Cut        string
	Pool       string
	Head       string
	Preprocess string
	Precision  string
	Device     string
	Name       string
	Offline    bool
	Seed       int64
}

// Declare declares the flags.
func (o *ModelFlags) Declare(f *pflag.FlagSet) {
	magics.Suggest(f, &o.Weights, "weights", "imagenet", []string{"imagenet", "random"}, "FILE",
		"pretrained on ImageNet (fetched once), random, or a safetensors file")
	magics.Enum(f, &o.Variant, "variant", "auto", []string{"auto", "v1", "v1.5"},
		"v1 is Keras's, v1.5 torchvision's; auto knows it from the weights")
	magics.Enum(f, &o.Cut, "cut", "conv5", []string{"conv1", "conv2", "conv3", "conv4", "conv5"}, "last stage that runs")
	magics.Enum(f, &o.Pool, "pool", "avg", []string{"avg", "max", "none"}, "how the last map becomes a vector")
	f.StringVar(&o.Head, "head", head.Default, "layers before the one that gives the classes, such as \"dense:256:relu,dropout:0.2\"")
	magics.Enum(f, &o.Preprocess, "preprocess", "auto", []string{"auto", "caffe", "torch", "rescale"},
		"what is done to the pixels; auto does what the weights were trained with")
	magics.Enum(f, &o.Precision, "precision", "float32", []string{"float32", "bfloat16", "float16"}, "of the frozen pass")
	declareDevice(f, &o.Device)
	f.StringVar(&o.Name, "name", "", "what to call the model; by default the architecture's name")
	f.BoolVar(&o.Offline, "offline", false, "do not fetch weights: what is not cached is an error")
	f.Int64Var(&o.Seed, "seed", training.DefaultSeed, "seed of random weights")
}

// architectures maps the names that %model takes to a ResNet's depth.
func architectures() map[string]int {
	return map[string]int{"resnet50": 50, "resnet101": 101, "resnet152": 152}
}

// BuildModel opens a backbone, loads its weights strictly, and makes it the current model.
func (l *Lab) BuildModel(ctx context.Context, architecture string, size int, o ModelFlags, fetched func(done, total int64)) (*Model, error) {
	depth, ok := architectures()[architecture]
	if !ok {
		return nil, unknown("model architecture", architecture, []string{"resnet50", "resnet101", "resnet152"}, "one of these")
	}
	if _, err := head.Parse(o.Head); err != nil {
		return nil, err
	}
	weights, err := expandHome(o.Weights)
	if err != nil {
		return nil, err
	}
	backbone, err := resnet.Open(ctx, resnet.Options{
		Depth: depth, Weights: weights, Variant: o.Variant, Cut: o.Cut, Pool: o.Pool, Preprocess: o.Preprocess,
		Size: size, Seed: uint64(o.Seed), Offline: o.Offline, Progress: fetched,
	})
	if err != nil {
		return nil, err
	}
	name := o.Name
	if name == "" {
		name = architecture
	}
	m := &Model{Name: name, Backbone: backbone, Head: o.Head, precision: o.Precision}
	l.mu.Lock()
	replaced := l.models.put(name, m)
	l.mu.Unlock()
	if replaced != nil {
		replaced.close()
	}
	return m, nil
}

func modelMagic(l *Lab) magics.Magic {
	return &magics.Command[ModelFlags]{
		Use:     "model ARCHITECTURE",
		Short:   "Builds a frozen backbone with a head, and shows its layers",
		Long:    "ARCHITECTURE is resnet50, resnet101 or resnet152. Weights are loaded strictly: a tensor that is missing,\nunexpected or of the wrong shape is an error that names it.",
		Example: "%model resnet50 --weights imagenet --head \"dense:256:relu,dropout:0.2\"",
		Args: magics.Args{Min: 1, Max: 1, Complete: func(context.Context, []string, string) []string {
			return []string{"resnet50", "resnet101", "resnet152"}
		}},
		JSON:  true,
		Flags: func(f *pflag.FlagSet, o *ModelFlags) { o.Declare(f) },
		Do: func(ctx context.Context, in *magics.Invocation, o *ModelFlags) error {
			if err := l.changeDevice(ctx, o.Device); err != nil {
				return err
			}
			size, classes := 0, 0
			if data, err := l.Dataset(""); err == nil {
				size, classes = data.Options.Size, len(data.Classes)
			}
			bar := newBar(ctx, in, "fetching weights", "bytes")
			m, err := l.BuildModel(ctx, in.Args[0], size, *o, func(done, total int64) { bar.report(int(done), int(total), "") })
			bar.end()
			if err != nil {
				return err
			}
			return in.Result(describe(m), func() (display.Bundle, error) { return layerTable(m, classes) })
		},
	}
}

// modelSummary is what --json tells of a model.
type modelSummary struct {
	Name         string   `json:"name"`
	Backbone     string   `json:"backbone"`
	Weights      string   `json:"weights"`
	Digest       string   `json:"weights_digest"`
	Pretrained   bool     `json:"pretrained"`
	Preprocess   string   `json:"preprocess"`
	Cut          string   `json:"cut"`
	Pool         string   `json:"pool"`
	FeatureShape []int    `json:"feature_shape"`
	Head         string   `json:"head"`
	Notes        []string `json:"notes"`
}

func describe(m *Model) modelSummary {
	b, info := m.Backbone, m.Backbone.Weights()
	return modelSummary{
		Name: m.Name, Backbone: b.Name(), Weights: info.Origin, Digest: b.WeightsDigest(), Pretrained: b.Trained(),
		Preprocess: b.Preprocess(), Cut: b.Cut(), Pool: b.Pool(), FeatureShape: b.FeatureShape(), Head: m.Head,
		Notes: append([]string{}, info.Notes...),
	}
}

// untrainedNote labels everything that comes from a random backbone.
const untrainedNote = "untrained backbone: its weights are random, so this shows how things work, not what transfer learning can do"

// layerTable lists the backbone stage by stage and the head layer by layer; classes is 0 while no dataset says how many.
func layerTable(m *Model, classes int) (display.Bundle, error) {
	b := m.Backbone
	table := figure.LayersData{Title: fmt.Sprintf("%s: %s, weights %s, preprocessing %s", m.Name, b.Name(), b.Weights().Origin, b.Preprocess())}
	table.Layers = stageRows(b.Layers())
	spec, err := head.Parse(m.Head)
	if err != nil {
		return display.Bundle{}, err
	}
	outputs := classes
	if outputs == 0 {
		outputs = 1
		table.Notes = append(table.Notes, "The last layer gets as many outputs as the dataset has classes; no dataset is loaded yet, so it is shown with one.")
	}
	plan, err := spec.Plan(b.FeatureShape(), outputs)
	if err != nil {
		return display.Bundle{}, err
	}
	for _, step := range plan.Steps {
		var trainable, frozen int64
		for _, w := range step.Weights {
			if w.Trainable {
				trainable += int64(w.Size())
			} else {
				frozen += int64(w.Size())
			}
		}
		table.Layers = append(table.Layers, figure.Layer{
			Name: step.Name, Kind: step.String(), Output: withBatch(step.Output), Params: trainable + frozen, Trainable: trainable > 0,
		})
	}
	if b.Trained() {
		table.Notes = append(table.Notes, b.Weights().Notes...)
	} else {
		table.Notes = append(table.Notes, untrainedNote)
	}
	return figure.Layers(table), nil
}

// stageRows sums the backbone's layers up by stage: 175 rows tell nobody anything. --json callers have the library.
func stageRows(layers []resnet.Layer) []figure.Layer {
	var rows []figure.Layer
	stage := ""
	convolutions := 0
	for _, layer := range layers {
		if layer.Stage == "" || layer.Stage != stage || len(rows) == 0 {
			rows = append(rows, figure.Layer{Name: layer.Name, Kind: layer.Kind})
			if layer.Stage != "" {
				rows[len(rows)-1].Name = layer.Stage
			}
			stage, convolutions = layer.Stage, 0
		}
		row := &rows[len(rows)-1]
		row.Output, row.Params = withBatch(layer.Output), row.Params+int64(layer.Parameters)
		if layer.Stage != "" {
			if layer.Kind == "Conv2D" {
				convolutions++
			}
			row.Kind = fmt.Sprintf("%d convolutions", convolutions)
			if convolutions == 1 {
				row.Kind = "1 convolution"
			}
		}
	}
	return rows
}

func withBatch(shape []int) []int { return append([]int{-1}, shape...) }

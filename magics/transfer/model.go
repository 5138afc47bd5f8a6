package transfer

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/resnet/summary"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

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
	magics.Suggest(f, &o.Weights, "weights", resnet.SetImageNet, append(resnet.SetNames(), string(resnet.KindRandom)), "FILE",
		"weights: pretrained on ImageNet (fetched once) or on generated shapes (sample, built in), random, or a safetensors file")
	magics.Enum(f, &o.Variant, "variant", string(resnet.VariantAuto), words(resnet.Variants()),
		"variant: v1 is Keras's, v1.5 torchvision's; auto is that of the weights")
	magics.Enum(f, &o.Cut, "cut", string(resnet.CutAuto), words(resnet.Cuts()), "last stage to compute; auto is the last that the weights have")
	magics.Enum(f, &o.Pool, "pool", string(resnet.PoolAvg), words(resnet.Pools()), "pooling of the last feature maps")
	f.StringVar(&o.Head, "head", head.Default, "head: layers before the one that gives the classes, such as \"dense:256:relu,dropout:0.2\"")
	magics.Enum(f, &o.Preprocess, "preprocess", string(resnet.PreprocessAuto), words(resnet.Preprocessings()),
		"preprocessing of the pixels; auto is what the weights were trained with")
	magics.Enum(f, &o.Precision, "precision", string(resnet.Float32), words(resnet.Precisions()), "precision of the frozen pass")
	magics.Renamed(f, "arrangement", "variant")
	declareDevice(f, &o.Device)
	f.StringVar(&o.Name, "name", "", "name of the model; by default the architecture's")
	f.BoolVar(&o.Offline, "offline", false, "use only cached weights, without the network")
	f.Int64Var(&o.Seed, "seed", 42, "seed of random weights")
}

// options are what the flags ask for. A size of 0 is that of the current dataset.
func (o ModelFlags) options(size int, fetched func(done, total int64)) (lab.ModelOptions, error) {
	weights, err := lab.ExpandHome(o.Weights)
	return lab.ModelOptions{
		Name: o.Name, Head: o.Head, Precision: resnet.Precision(o.Precision),
		Backbone: resnet.Options{
			Weights: resnet.ChooseWeights(weights, uint64(o.Seed)), Variant: resnet.Variant(o.Variant), Cut: resnet.Stage(o.Cut),
			Pool: resnet.Pool(o.Pool), Preprocess: resnet.Preprocess(o.Preprocess), Size: size, Offline: o.Offline, Progress: fetched,
		},
	}, err
}

func modelMagic(p *Presenter) magics.Magic {
	return &magics.Command[ModelFlags]{
		Use:     "model ARCHITECTURE",
		Short:   "Builds a frozen backbone with a head, and shows its layers",
		Long:    "ARCHITECTURE is resnet50, resnet101 or resnet152. Weights are loaded strictly: a tensor that is missing,\nunexpected or of the wrong shape is an error that names it.",
		Example: "%model resnet50 --weights imagenet --head \"dense:256:relu,dropout:0.2\"",
		Args: magics.Args{Min: 1, Max: 1, Complete: func(context.Context, []string, string) []string {
			return lab.Architectures()
		}},
		JSON:  true,
		Flags: func(f *pflag.FlagSet, o *ModelFlags) { o.Declare(f) },
		Do: advising(func(ctx context.Context, in *magics.Invocation, o *ModelFlags) error {
			return p.BuildModel(ctx, pageOf(in), in.Args[0], *o)
		}),
	}
}

// BuildModel builds a backbone with a head for the current dataset, and shows its layers.
func (p *Presenter) BuildModel(ctx context.Context, page Page, architecture string, o ModelFlags) error {
	if err := p.lab.UseDevice(ctx, o.Device); err != nil {
		return err
	}
	bar := newBar(ctx, page, "fetching weights", "bytes")
	options, err := o.options(0, func(done, total int64) { bar.report(int(done), int(total), "") })
	if err != nil {
		return err
	}
	m, err := p.lab.BuildModel(ctx, architecture, options)
	bar.end()
	if err != nil {
		return err
	}
	classes := 0
	if data, err := p.lab.Dataset(""); err == nil {
		classes = len(data.Classes)
	}
	return page.Result(ctx, describe(m), func() (display.Bundle, error) { return layerTable(m, classes) })
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

func describe(m *lab.Model) modelSummary {
	b, a := m.Backbone, m.Backbone.Architecture()
	return modelSummary{
		Name: m.Name, Backbone: b.Name(), Weights: b.Weights().String(), Digest: b.Weights().SHA256, Pretrained: b.Trained(),
		Preprocess: string(a.Preprocess), Cut: string(a.Cut), Pool: string(a.Pool), FeatureShape: b.FeatureShape(), Head: m.Head(),
		Notes: append([]string{}, b.Notes()...),
	}
}

// layerTable lists the backbone stage by stage and the head layer by layer; classes is 0 while no dataset says how many.
func layerTable(m *lab.Model, classes int) (display.Bundle, error) {
	b := m.Backbone
	table := figure.LayersData{Title: fmt.Sprintf("%s: %s, weights %s, preprocessing %s", m.Name, b.Name(), b.Weights(), b.Architecture().Preprocess)}
	table.Layers = stageRows(summary.Layers(b))
	spec, err := head.Parse(m.Head())
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
	table.Notes = append(table.Notes, weightsNotes(b.Weights())...)
	if b.Trained() {
		table.Notes = append(table.Notes, b.Notes()...)
	}
	return figure.Layers(table), nil
}

// stageRows sums the backbone's layers up by stage: 175 rows tell nobody anything. --json callers have the library.
func stageRows(layers []summary.Layer) []figure.Layer {
	var rows []figure.Layer
	stage := resnet.Stage("")
	convolutions := 0
	for _, layer := range layers {
		if layer.Stage == "" || layer.Stage != stage || len(rows) == 0 {
			rows = append(rows, figure.Layer{Name: layer.Name, Kind: layer.Kind})
			if layer.Stage != "" {
				rows[len(rows)-1].Name = string(layer.Stage)
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

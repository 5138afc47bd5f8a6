package transfer

import (
	"cmp"
	"context"
	"errors"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/internal/homepath"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/magics/transfer/recipeflag"
	"github.com/headstart-nb/headstart/magics/transfer/sharedflag"
	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/onnxnet"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// ModelFlags are the choices of %model; the command line shares them.
type ModelFlags struct {
	Backbone   string // an ONNX file
	Weights    string
	Variant    string
	Cut        string
	Pool       string
	Top        bool
	Head       string
	Preprocess string
	Precision  string
	Device     string
	Name       string
	Offline    bool
	Seed       int64

	flags *pflag.FlagSet // that they are declared on, to see which were given
}

// Declare declares the flags.
func (o *ModelFlags) Declare(f *pflag.FlagSet) {
	o.flags = f
	magics.Path(f, &o.Backbone, "backbone", "", "ONNX file of any network for images, in place of a ResNet; --cut then names one of its outputs")
	magics.Suggest(f, &o.Weights, "weights", resnet.SetImageNet, append(resnet.SetNames(), string(resnet.KindRandom)), "hf:OWNER/NAME@REVISION|FILE",
		"weights: pretrained on ImageNet (fetched once; imagenet-v2 and -a1 for fine-tuning, dino without labels) or on generated shapes "+
			"(sample, built in), random, of the Hugging Face hub, or a file (safetensors, .pth)")
	magics.Enum(f, &o.Variant, "variant", string(resnet.VariantAuto), recipeflag.Words(resnet.Variants()),
		"variant: v1 is Keras's, v1.5 torchvision's; auto is that of the weights")
	magics.Suggest(f, &o.Cut, "cut", string(resnet.CutAuto), recipeflag.Words(resnet.Cuts()), "STAGE+STAGE|OUTPUT",
		"stages whose features the head gets, such as conv4 or conv4+conv5; auto is the last that the weights have")
	magics.Enum(f, &o.Pool, "pool", string(resnet.PoolAvg), recipeflag.Words(resnet.Pools()), "pooling of the feature maps")
	f.BoolVar(&o.Top, "top", false, "keep the classifier of ImageNet's 1,000 classes, and predict them without a training")
	f.StringVar(&o.Head, "head", head.Default, "head: layers before the one that gives the classes, such as \"dense:256:relu,dropout:0.2\"")
	magics.Enum(f, &o.Preprocess, "preprocess", string(resnet.PreprocessAuto), recipeflag.Words(append(resnet.Preprocessings(), onnxnet.PreprocessNone)),
		"preprocessing of the pixels; auto is what the weights were trained with, none leaves them to an ONNX file")
	magics.Enum(f, &o.Precision, "precision", string(resnet.Float32), recipeflag.Words(resnet.Precisions()), "precision of the frozen pass")
	magics.Renamed(f, "arrangement", "variant")
	sharedflag.Device(f, &o.Device)
	f.StringVar(&o.Name, "name", "", "name of the model; by default the architecture's")
	f.BoolVar(&o.Offline, "offline", false, "use only cached weights, without the network")
	f.Int64Var(&o.Seed, "seed", 42, "seed of random weights")
}

// options are what the flags ask for. A size of 0 is that of the current dataset.
func (o ModelFlags) options(size int, fetched func(done, total int64)) (lab.ModelOptions, error) {
	weights, err := homepath.Expand(o.Weights)
	if err == nil && o.Top && o.Head != head.Default {
		err = errors.New("build a model: --top keeps the head that the weights were published with; leave out --head")
	}
	return lab.ModelOptions{
		File: o.Backbone, FileUse: o.fileUse(),
		Name: o.Name, Head: cmp.Or(o.Head, head.Default), HeadChosen: o.Head != "" && o.flags != nil && o.flags.Changed("head"), Precision: resnet.Precision(o.Precision),
		Backbone: resnet.Options{
			Weights: resnet.ChooseWeights(weights, uint64(o.Seed)), Variant: resnet.Variant(o.Variant), Cut: resnet.Cut(o.Cut),
			Pool: resnet.Pool(o.Pool), Top: o.Top, Preprocess: resnet.Preprocess(o.Preprocess), Size: size, Offline: o.Offline, Progress: fetched,
		},
	}, err
}

// Check refuses what no data is needed to refuse: a cut that no ResNet has.
func (o ModelFlags) Check() error {
	if o.Backbone != "" {
		return nil
	}
	network := resnet.DefaultOptions()
	network.Cut = resnet.Cut(o.Cut)
	return network.Validate()
}

// fileUse is how an ONNX file is used as the backbone.
func (o ModelFlags) fileUse() onnxnet.Options {
	use := onnxnet.Options{Output: o.Cut, Preprocess: resnet.Preprocess(o.Preprocess)}
	if o.Cut == string(resnet.CutAuto) {
		use.Output = ""
	}
	return use
}

// errNoArchitecture is a model without a network.
var errNoArchitecture = errors.New("build a model: the architecture is missing: name one, such as resnet50, or an ONNX file with --backbone FILE")

func modelMagic(p *Presenter) magics.Magic {
	return &magics.Command[ModelFlags]{
		Use:     "model [ARCHITECTURE]",
		Short:   "Builds a frozen backbone with a head, and shows its layers",
		Long:    "ARCHITECTURE is resnet18, resnet34, resnet50, resnet101 or resnet152. Weights are loaded strictly: a tensor that is missing,\nunexpected or of the wrong shape is an error that names it. With --backbone the network is that of an ONNX file: its features are\nthose before the last classifier, or of the output that --cut names.",
		Example: "%model resnet50 --weights imagenet --head \"dense:256:relu,dropout:0.2\"\n%model resnet50 --top\n%model --backbone mobilenet.onnx",
		Args: magics.Args{Max: 1, Complete: func(context.Context, []string, string) []string {
			return lab.Architectures()
		}},
		JSON:  true,
		Flags: func(f *pflag.FlagSet, o *ModelFlags) { o.Declare(f) },
		Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, o *ModelFlags) error {
			if (len(in.Args) == 0) == (o.Backbone == "") {
				return errNoArchitecture
			}
			return p.BuildModel(ctx, output.Of(in), cmp.Or(in.Args...), *o)
		}),
	}
}

// BuildModel builds a backbone with a head for the current dataset, and shows its layers.
func (p *Presenter) BuildModel(ctx context.Context, page output.Page, architecture string, o ModelFlags) error {
	m, err := p.OpenModel(ctx, page, architecture, o)
	if err != nil {
		return err
	}
	classes := m.Classes()
	if data, err := p.lab.Dataset(""); err == nil && classes == 0 {
		classes = len(data.Classes)
	}
	return page.Result(ctx, describe(m), func() (display.Bundle, error) { return drawing.LayerTable(m, classes, p.reader) })
}

// OpenModel is BuildModel without a word about the layers.
func (p *Presenter) OpenModel(ctx context.Context, page output.Page, architecture string, o ModelFlags) (*lab.Model, error) {
	if err := p.lab.UseDevice(ctx, o.Device); err != nil {
		return nil, err
	}
	bar := page.Bar(ctx, "fetching weights", "bytes")
	options, err := o.options(0, func(done, total int64) { bar.Report(int(done), int(total), "") })
	if err != nil {
		return nil, err
	}
	defer bar.End()
	return p.lab.BuildModel(ctx, architecture, options)
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
	Classes      int      `json:"classes,omitempty"` // that it predicts without a training
	Notes        []string `json:"notes"`
}

func describe(m *lab.Model) modelSummary {
	id := m.Identity()
	a := id.Architecture
	s := modelSummary{
		Name: m.Name, Backbone: id.Name(), Weights: id.Weights.String(), Digest: id.Weights.SHA256, Pretrained: id.Weights.Trained,
		Preprocess: string(a.Preprocess), Cut: id.Cut(), Pool: string(a.Pool), FeatureShape: m.FeatureShape(), Head: m.Head(), Classes: m.Classes(),
		Notes: []string{},
	}
	if m.Backbone != nil {
		s.Notes = append(s.Notes, m.Backbone.Notes()...)
	}
	return s
}

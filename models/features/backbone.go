// Package features computes what a frozen backbone makes of images, for each image once.
//
// Open gives a Pass, whose Compute fills a Table for items of a dataset and whose Images takes decoded images. OfDataset and
// OfStages are the whole job for a dataset: features of the backbone's own cut, or of several stages as one array each.
// Backbone.At cuts a backbone after other stages; cut after several, its features are their pooled vectors, concatenated.
// The cache keeps each stage by itself, so that it does not matter for which cut a stage was computed.
package features

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/onnxnet"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/resnet/backbone"
)

// Options say how a ResNet is used as a backbone.
type Options struct {
	Precision resnet.Precision   // of the frozen pass
	Method    imagefolder.Method // how images come to the network's size; empty: as the weights' publisher brings them there, if that is known
	Decode    imageio.Decoding   // of images before they are resized; empty: imageio.DefaultDecoding
}

// DefaultOptions are float32, and images resized as the weights' publisher does.
func DefaultOptions() Options { return Options{Precision: resnet.Float32} }

// A Backbone is a ResNet, or a network of an ONNX file, with how images come to it. It is immutable and safe for concurrent use.
type Backbone struct {
	network *backbone.Backbone // nil for one of a file
	file    *onnxnet.Network
	options Options
}

// New makes a backbone of a network.
func New(network *backbone.Backbone, options Options) *Backbone {
	options.Method = cmp.Or(options.Method, network.Weights().Resize, imagefolder.Bilinear)
	options.Decode = cmp.Or(options.Decode, imageio.DefaultDecoding)
	return &Backbone{network: network, options: options}
}

// Network is the ResNet; nil where the network is that of an ONNX file.
func (b *Backbone) Network() *backbone.Backbone { return b.network }

// An Extractor computes the features of images on a device.
type Extractor interface {
	Batch() int
	Extract(ctx context.Context, pixels []uint8, n int) ([]float32, error)
	Close() error
}

// Extractor prepares the frozen pass on a device for about that many images.
func (b *Backbone) Extractor(ctx context.Context, device *accel.Device, expected int) (Extractor, error) {
	if b.file != nil {
		return b.file.NewExtractor(ctx, device, expected)
	}
	options := backbone.DefaultExtractorOptions()
	options.Expected, options.Precision = expected, b.options.Precision
	return b.network.NewExtractor(ctx, device, options)
}

// FeatureMaps is the same network without pooling, cut after one stage.
func (b *Backbone) FeatureMaps(stage resnet.Stage) (*Backbone, error) {
	if b.file != nil {
		return nil, ErrFile
	}
	network, err := b.network.CutAt(stage)
	if err == nil {
		network, err = network.Pooled(resnet.PoolNone)
	}
	if err != nil {
		return nil, err
	}
	return &Backbone{network: network, options: b.options}, nil
}

// At is the same network cut after other stages, from input to output, none of them past its last. The features are the
// stages' pooled vectors, concatenated.
func (b *Backbone) At(stages ...resnet.Stage) (*Backbone, error) {
	if b.file != nil {
		if !slices.Equal(stages, b.Cut()) {
			return nil, fmt.Errorf("cut at %v: %w", stages, ErrFile)
		}
		return b, nil
	}
	network, err := b.network.CutAt(stages...)
	if err != nil {
		return nil, err
	}
	return &Backbone{network: network, options: b.options}, nil
}

// A Tuning says how what follows a stage is trained.
type Tuning struct {
	Unfreeze  resnet.Stage     // the first stage whose variables are trained; empty: none
	Precision resnet.Precision // of the feature maps; empty: that of the input. The variables are float32
}

// After builds what follows a stage, with trainable variables below scope: x are that stage's feature maps, [batch, height,
// width, channels]. An empty stage means the whole network: x are images then, [batch, size, size, 3], uint8 RGB.
// The result is [batch, FeatureShape...], float32. It panics as graph code does.
func (b *Backbone) After(scope *model.Scope, stage resnet.Stage, tuning Tuning, x *graph.Node) *graph.Node {
	tuning.set(scope)
	if stage == "" {
		return b.network.Features(scope, x)
	}
	return b.network.FeaturesAfter(scope, stage, x)
}

func (t Tuning) set(scope *model.Scope) {
	scope.SetParam(backbone.ParamUnfreeze, string(t.Unfreeze))
	scope.SetParam(backbone.ParamPrecision, string(t.Precision))
}

// MapsAfter is After before the pooling: the feature maps of each stage of the cut.
func (b *Backbone) MapsAfter(scope *model.Scope, stage resnet.Stage, tuning Tuning, x *graph.Node) []*graph.Node {
	tuning.set(scope)
	return b.network.MapsAfter(scope, stage, x)
}

// PoolFeatures makes features of the feature maps of each stage of the cut.
func (b *Backbone) PoolFeatures(maps []*graph.Node) *graph.Node { return b.network.PoolFeatures(maps) }

// StageOf gives the stage of a variable of After by its path below scope, such as conv5_block1_1_conv/kernel, and tells
// whether a batch norm has it. A path that After does not create is an error.
func (b *Backbone) StageOf(path string) (stage resnet.Stage, norm bool, err error) {
	return b.network.StageOf(path)
}

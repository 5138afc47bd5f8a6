// Package features computes what a frozen backbone makes of images, for each image once.
package features

import (
	"context"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/resnet"
)

// Options say how a ResNet is used as a backbone.
type Options struct {
	Precision resnet.Precision   // of the frozen pass
	Method    imagefolder.Method // how images come to the network's size
}

// DefaultOptions are float32, and images resized as a whole.
func DefaultOptions() Options {
	return Options{Precision: resnet.Float32, Method: imagefolder.Bilinear}
}

// A Backbone is a ResNet with how images come to it. It is immutable and safe for concurrent use.
type Backbone struct {
	network *resnet.Backbone
	options Options
}

// New makes a backbone of a network.
func New(network *resnet.Backbone, options Options) *Backbone { return &Backbone{network, options} }

// Network is the ResNet.
func (b *Backbone) Network() *resnet.Backbone { return b.network }

// FeatureShape is the shape of one image's features: [dim] when pooled, [height, width, channels] otherwise.
func (b *Backbone) FeatureShape() []int { return b.network.FeatureShape() }

// Stages are those from input to output that can be cut at or unfrozen from.
func (b *Backbone) Stages() []resnet.Stage { return b.network.Stages() }

// Extractor prepares the frozen pass on a device for about that many images.
func (b *Backbone) Extractor(ctx context.Context, device *accel.Device, expected int) (*resnet.Extractor, error) {
	options := resnet.DefaultExtractorOptions()
	options.Expected, options.Precision = expected, b.options.Precision
	return b.network.NewExtractor(ctx, device, options)
}

// FeatureMaps is the same network without pooling, cut after a stage; empty: after its last.
func (b *Backbone) FeatureMaps(stage resnet.Stage) (*Backbone, error) {
	network, err := b.network.Pooled(resnet.PoolNone)
	if err == nil && stage != "" {
		network, err = network.CutAt(stage)
	}
	if err != nil {
		return nil, err
	}
	return &Backbone{network, b.options}, nil
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
	scope.SetParam(resnet.ParamUnfreeze, string(tuning.Unfreeze))
	scope.SetParam(resnet.ParamPrecision, string(tuning.Precision))
	if stage == "" {
		return b.network.Features(scope, x)
	}
	return b.network.FeaturesAfter(scope, stage, x)
}

// PoolFeatures makes features of the feature maps of the last stage.
func (b *Backbone) PoolFeatures(maps *graph.Node) *graph.Node { return b.network.PoolFeatures(maps) }

// StageOf gives the stage of a variable of After by its path below scope, such as conv5_block1_1_conv/kernel, and tells
// whether a batch norm has it. A path that After does not create is an error.
func (b *Backbone) StageOf(path string) (stage resnet.Stage, norm bool, err error) {
	return b.network.StageOf(path)
}

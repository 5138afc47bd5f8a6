// Package features computes what a frozen backbone makes of images, for each image once.
package features

import (
	"context"
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"

	"strings"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/weights"
)

// Options say how a ResNet is used as a backbone.
type Options struct {
	Precision string             // of the frozen pass: float32, bfloat16 or float16
	Method    imagefolder.Method // how images come to the network's size
	Untrained bool               // the weights were random at first, though they come from a file
}

// DefaultOptions are float32 and bilinear.
func DefaultOptions() Options { return Options{Precision: "float32", Method: imagefolder.Bilinear} }

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

// Stages are the names from input to output that can be cut at or unfrozen from.
func (b *Backbone) Stages() []string { return b.network.Stages() }

// Extractor prepares the frozen pass on a device for about that many images.
func (b *Backbone) Extractor(ctx context.Context, device *accel.Device, expected int) (*resnet.Extractor, error) {
	return b.network.NewExtractor(ctx, device, resnet.ExtractorOptions{Expected: expected, Precision: b.options.Precision})
}

// FeatureMaps is the same network without pooling, cut after a stage; empty: after its last.
func (b *Backbone) FeatureMaps(stage string) (*Backbone, error) {
	network, err := b.network.With(stage, resnet.PoolNone)
	if err != nil {
		return nil, fmt.Errorf("cut the backbone after %s: %w", stage, err)
	}
	return &Backbone{network, b.options}, nil
}

// A Tuning says how what follows a stage is trained.
type Tuning struct {
	Unfreeze  string // the first stage whose variables are trained; empty: none
	Precision string // of the feature maps: float32 or bfloat16; empty: that of the input. The variables are float32
}

// After builds what follows a stage, with trainable variables below scope: x are that stage's feature maps, [batch, height,
// width, channels]. An empty stage means the whole network: x are images then, [batch, size, size, 3], uint8 RGB.
// The result is [batch, FeatureShape...], float32. It panics as graph code does.
func (b *Backbone) After(scope *model.Scope, stage string, tuning Tuning, x *graph.Node) *graph.Node {
	scope.SetParam(resnet.ParamUnfreeze, tuning.Unfreeze)
	scope.SetParam(resnet.ParamPrecision, tuning.Precision)
	if stage == "" {
		return b.network.Features(scope, x)
	}
	return b.network.FeaturesAfter(scope, stage, x)
}

// PoolFeatures makes features of the feature maps of the last stage.
func (b *Backbone) PoolFeatures(maps *graph.Node) *graph.Node { return b.network.PoolFeatures(maps) }

// StageOf gives the stage of a variable of After by its path below scope, such as conv5_block1_1_conv/kernel, and tells
// whether a batch norm has it. A path that After does not create is an error.
func (b *Backbone) StageOf(path string) (stage string, norm bool, err error) {
	return b.network.StageOf(path)
}

// Weights reads the weights as they were loaded, by their names in After, which are Keras's.
func (b *Backbone) Weights(device *accel.Device) (list map[string]weights.Float32, err error) {
	caught := exceptions.TryCatch[error](func() { list, err = b.weights(device) })
	if caught != nil {
		err = caught
	}
	if err != nil {
		return nil, fmt.Errorf("read the backbone's weights: %w", err)
	}
	return list, nil
}

func (b *Backbone) weights(device *accel.Device) (map[string]weights.Float32, error) {
	store := model.NewStore()
	defer store.Finalize()
	exec, err := model.NewExec(device.Backend, store, func(scope *model.Scope, x *graph.Node) *graph.Node {
		return b.After(scope, "", Tuning{}, x)
	})
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	size := b.network.Size()
	if _, err := exec.Compile(shapes.Make(dtypes.Uint8, 1, size, size, 3)); err != nil {
		return nil, err
	}
	list := map[string]weights.Float32{}
	for v := range store.IterVariables() {
		value, err := v.Value()
		if err != nil {
			return nil, err
		}
		flat, err := tensors.CopyFlatData[float32](value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.Path(), err)
		}
		list[strings.TrimPrefix(v.Path(), "/")] = weights.Float32{Shape: v.Shape().Dimensions, Values: flat}
	}
	return list, nil
}

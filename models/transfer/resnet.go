package transfer

import (
	"context"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/resnet"
)

// ResNetOptions say how a ResNet is used as a backbone.
type ResNetOptions struct {
	Precision resnet.Precision   // of the frozen pass
	Method    imagefolder.Method // how images come to the network's size
}

// DefaultResNetOptions are float32, and images resized as a whole.
func DefaultResNetOptions() ResNetOptions {
	return ResNetOptions{Precision: resnet.Float32, Method: imagefolder.Bilinear}
}

// ResNet makes a Backbone of a ResNet.
func ResNet(network *resnet.Backbone, options ResNetOptions) Backbone {
	return resnetBackbone{network, options}
}

type resnetBackbone struct {
	*resnet.Backbone
	options ResNetOptions
}

var _ Backbone = resnetBackbone{}

func (b resnetBackbone) Identity() Identity {
	a := b.Architecture()
	geometry := imagefolder.Geometry{Size: a.Size, Method: b.options.Method}
	fingerprint := []string{b.Fingerprint(), string(geometry.Method), string(b.options.Precision)}
	return Identity{
		Architecture: a, Weights: b.Weights(), Geometry: geometry, Precision: b.options.Precision,
		Fingerprint: strings.Join(fingerprint, "|"),
	}
}

func (b resnetBackbone) Stages() []string {
	var names []string
	for _, stage := range b.Backbone.Stages() {
		names = append(names, string(stage))
	}
	return names
}

func (b resnetBackbone) Extractor(ctx context.Context, device *accel.Device, expected int) (Extractor, error) {
	options := resnet.DefaultExtractorOptions()
	options.Expected, options.Precision = expected, b.options.Precision
	return b.NewExtractor(ctx, device, options)
}

func (b resnetBackbone) Maps(stage string) (Backbone, error) {
	network, err := b.Pooled(resnet.PoolNone)
	if err == nil && stage != "" {
		network, err = network.CutAt(resnet.Stage(stage))
	}
	if err != nil {
		return nil, err
	}
	return resnetBackbone{network, b.options}, nil
}

func (b resnetBackbone) After(scope *model.Scope, stage string, tuning Tuning, x *graph.Node) *graph.Node {
	scope.SetParam(resnet.ParamUnfreeze, tuning.Unfreeze)
	scope.SetParam(resnet.ParamPrecision, tuning.Precision)
	if stage == "" {
		return b.Features(scope, x)
	}
	return b.FeaturesAfter(scope, resnet.Stage(stage), x)
}

func (b resnetBackbone) StageOf(path string) (stage string, norm bool, err error) {
	found, norm, err := b.Backbone.StageOf(path)
	return string(found), norm, err
}

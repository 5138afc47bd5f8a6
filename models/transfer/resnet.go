package transfer

import (
	"context"
	"fmt"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/resnet"
)

// ResNetOptions say how a ResNet is used as a backbone.
type ResNetOptions struct {
	Precision string             // of the frozen pass: float32 (default), bfloat16 or float16
	Method    imagefolder.Method // how images come to the network's size; empty: bilinear
	Untrained bool               // the weights were random at first, though they come from a file
}

// ResNet makes a Backbone of a ResNet.
func ResNet(network *resnet.Backbone, options ResNetOptions) Backbone {
	if options.Precision == "" {
		options.Precision = "float32"
	}
	if options.Method == "" {
		options.Method = imagefolder.Bilinear
	}
	return resnetBackbone{network, options}
}

type resnetBackbone struct {
	*resnet.Backbone
	options ResNetOptions
}

var _ Backbone = resnetBackbone{}

func (b resnetBackbone) Identity() Identity {
	info := b.Weights()
	geometry := imagefolder.Geometry{Size: b.Size(), Method: b.options.Method}
	fingerprint := []string{b.Fingerprint(), string(geometry.Method), b.options.Precision}
	return Identity{
		Architecture: b.Name(), Weights: info.Origin, WeightsDigest: b.WeightsDigest(), Trained: b.Trained() && !b.options.Untrained,
		Cut: b.Cut(), Pool: b.Backbone.Pool(), Preprocess: b.Preprocess(), Belongs: info.Preprocess,
		Geometry: geometry, Precision: b.options.Precision,
		Fingerprint: strings.Join(fingerprint, "|"),
	}
}

func (b resnetBackbone) Extractor(ctx context.Context, device *accel.Device, expected int) (Extractor, error) {
	return b.NewExtractor(ctx, device, resnet.ExtractorOptions{Expected: expected, Precision: b.options.Precision})
}

func (b resnetBackbone) Maps(stage string) (Backbone, error) {
	network, err := b.With(stage, resnet.PoolNone)
	if err != nil {
		return nil, fmt.Errorf("cut the backbone behind %s: %w", stage, err)
	}
	return resnetBackbone{network, b.options}, nil
}

func (b resnetBackbone) After(scope *model.Scope, stage string, tuning Tuning, x *graph.Node) *graph.Node {
	scope.SetParam(resnet.ParamUnfreeze, tuning.Unfreeze)
	scope.SetParam(resnet.ParamPrecision, tuning.Precision)
	if stage == "" {
		return b.Features(scope, x)
	}
	return b.FeaturesAfter(scope, stage, x)
}

package features

import (
	"cmp"
	"errors"

	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/onnxnet"
	"github.com/headstart-nb/headstart/models/resnet"
)

// Output is the one stage of a network of an ONNX file: the output that it is cut at.
const Output resnet.Stage = "output"

// ErrFile is something that a network of an ONNX file is not made for: its stages, its feature maps and its weights are not
// known as those of a ResNet are.
var ErrFile = errors.New("a network of an ONNX file is frozen, and gives the features of one output alone")

// OfFile makes a backbone of a network of an ONNX file. Without a method in the options, images are cropped, as most networks for
// ImageNet want it.
func OfFile(file *onnxnet.Network, options Options) *Backbone {
	options.Method = cmp.Or(options.Method, imageio.Crop)
	options.Decode = cmp.Or(options.Decode, imageio.DefaultDecoding)
	options.Precision = resnet.Float32
	return &Backbone{file: file, options: options}
}

// File is the network of an ONNX file; nil for a ResNet.
func (b *Backbone) File() *onnxnet.Network { return b.file }

// FeatureShape is the shape of one image's features: [dim] when pooled, [height, width, channels] otherwise.
func (b *Backbone) FeatureShape() []int {
	if b.file != nil {
		return []int{b.file.Length()}
	}
	return b.network.FeatureShape()
}

// Stages are those from input to output that can be cut at; those of a ResNet can be unfrozen as well.
func (b *Backbone) Stages() []resnet.Stage {
	if b.file != nil {
		return []resnet.Stage{Output}
	}
	return b.network.Stages()
}

// Cut are the stages whose features the backbone gives, in their order.
func (b *Backbone) Cut() []resnet.Stage {
	if b.file != nil {
		return []resnet.Stage{Output}
	}
	return b.network.Architecture().Cut.Stages()
}

// StageDims are the lengths of the parts of a pooled vector that come from different stages.
func (b *Backbone) StageDims() []int {
	if b.file != nil {
		return []int{b.file.Length()}
	}
	return b.network.StageDims()
}

// Name is for people.
func (b *Backbone) Name() string { return b.Identity().Name() }

// Top tells whether the features are the logits of ImageNet's classes.
func (b *Backbone) Top() bool { return b.network != nil && b.network.Top() }

// fileIdentity is Identity for a network of an ONNX file.
func (b *Backbone) fileIdentity() Identity {
	o := b.file.Options()
	return Identity{
		Architecture: resnet.Architecture{Cut: resnet.CutAfter(Output), Pool: resnet.PoolAvg, Preprocess: o.Preprocess, Size: o.Size},
		Weights: resnet.Origin{
			Kind: resnet.KindFile, Path: b.file.Path(), SHA256: o.SHA256, Trained: true, Preprocess: o.Preprocess, Resize: b.options.Method,
		},
		Geometry:  imageio.Geometry{Size: o.Size, Method: b.options.Method, Decode: b.options.Decode},
		Precision: b.options.Precision, Output: o.Output, Fingerprint: b.fingerprint(b.file.Fingerprint(), string(b.options.Method)),
	}
}

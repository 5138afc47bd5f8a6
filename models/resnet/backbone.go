// Package resnet is the residual network of He et al. (https://arxiv.org/abs/1512.03385) as its publishers trained it: the
// same architecture, padding, batch norm and preprocessing, so that their weights give their numbers.
package resnet

import (
	"fmt"
	"slices"
	"strings"
)

// Backbone is an immutable network with its weights. It is safe for concurrent use.
type Backbone struct {
	network         network
	parameters      parameters
	cut, pool, mode string // mode is the preprocessing
	size            int
	info            WeightsInfo
}

// WeightsInfo says where weights come from.
type WeightsInfo struct {
	Origin  string // "random (seed 42)", or a file's path, or the publisher's name and revision
	Names   string // whose names the file uses: torchvision, timm, huggingface, keras; empty for random
	SHA256  string // hex, of the file, or of the seed's description for random weights
	Trained bool
	// Preprocess is what the weights were trained with, where their names tell; empty for random.
	Preprocess string
	License    string   // SPDX identifier where the publisher states one
	Notes      []string // what a reader should know: biases taken as zero, tensors beyond the cut left alone, float16 widened
}

// Name is for people: "ResNet50 v1".
func (b *Backbone) Name() string {
	return fmt.Sprintf("ResNet%d %s", b.network.depth, b.network.variant)
}

// describe names a network with its cut, for errors.
func describe(n network, cut string, top bool) string {
	text := fmt.Sprintf("ResNet%d %s cut at %s", n.depth, n.variant, cut)
	if top {
		text = fmt.Sprintf("ResNet%d %s with its top", n.depth, n.variant)
	}
	return text
}

// Depth is 50, 101 or 152.
func (b *Backbone) Depth() int { return b.network.depth }

// Variant is "v1" or "v1.5".
func (b *Backbone) Variant() string { return b.network.variant }

// Preprocess is what the graph does to the images: "caffe", "torch" or "rescale".
func (b *Backbone) Preprocess() string { return b.mode }

// Pool is "avg", "max" or "none".
func (b *Backbone) Pool() string { return b.pool }

// Cut is the last stage that runs.
func (b *Backbone) Cut() string { return b.cut }

// Size is the height and width of the images in pixels.
func (b *Backbone) Size() int { return b.size }

// Top tells whether the features are the logits of ImageNet's classes, in the order of Labels.
func (b *Backbone) Top() bool { return b.parameters.top != nil }

// Weights says where the weights come from.
func (b *Backbone) Weights() WeightsInfo {
	info := b.info
	info.Notes = slices.Clone(info.Notes)
	return info
}

// WeightsDigest is the SHA-256 of the weights' file in hex, or of the random weights' description.
func (b *Backbone) WeightsDigest() string { return b.info.SHA256 }

// Trained is false for random weights: what is learnt on them must be labelled as coming from an untrained backbone.
func (b *Backbone) Trained() bool { return b.info.Trained }

// Fingerprint names everything that the features of a given image depend on, apart from the last bits that the device,
// the precision and the formulation decide. It is a key for caches.
func (b *Backbone) Fingerprint() string {
	return strings.Join([]string{
		b.Name(), b.cut, b.pool, b.mode, fmt.Sprint(b.size), fmt.Sprintf("top=%t", b.Top()), b.info.SHA256,
	}, "|")
}

// FeatureShape is the shape of one image's features: [features] when pooled, else [height, width, channels].
func (b *Backbone) FeatureShape() []int {
	maps := b.network.shape(b.size, b.cut)
	switch {
	case b.Top():
		return []int{classes}
	case b.pool == PoolNone:
		return maps
	default:
		return maps[2:]
	}
}

// FeatureDim is the size of the last axis of the features.
func (b *Backbone) FeatureDim() int {
	shape := b.FeatureShape()
	return shape[len(shape)-1]
}

// Stages lists the stages from input to cut: where to cut, what to unfreeze.
func (b *Backbone) Stages() []string {
	names := b.network.stageNames()
	return names[:slices.Index(names, b.cut)+1]
}

// With returns the same network and weights with an earlier cut or another pooling; an empty string keeps what is. The top,
// if there is one, is left off.
func (b *Backbone) With(cut, pool string) (*Backbone, error) {
	changed := *b
	changed.parameters.top = nil
	if cut != "" {
		if err := b.network.checkStage(cut); err != nil {
			return nil, err
		}
		if !slices.Contains(b.Stages(), cut) {
			return nil, fmt.Errorf("resnet: the backbone is cut at %s and has no weights up to %s", b.cut, cut)
		}
		changed.cut = cut
	}
	if pool != "" {
		if err := checkPool(pool); err != nil {
			return nil, err
		}
		changed.pool = pool
	}
	return &changed, nil
}

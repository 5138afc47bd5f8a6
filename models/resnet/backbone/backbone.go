// Package backbone is a residual network with its weights.
//
// It computes as its publishers trained it: with the same architecture, padding, batch norm and preprocessing, so that their weights
// give their numbers.
package backbone

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/models/resnet"
)

// Backbone is an immutable network with its weights. It is safe for concurrent use.
type Backbone struct {
	architecture resnet.Architecture
	network      resnet.Network // of the architecture, whole
	parameters   parameters
	contents     *contents // of the parameters
	origin       resnet.Origin
	notes        []string
}

// Architecture is the network without its weights.
func (b *Backbone) Architecture() resnet.Architecture { return b.architecture }

// Name is for people: "ResNet50 v1".
func (b *Backbone) Name() string { return b.architecture.Name() }

// HasWeights is false for what WithoutWeights gives.
func (b *Backbone) HasWeights() bool { return b.parameters.layers != nil }

// WithoutWeights is the network with all that is known of its weights but their numbers, which are freed where nothing else holds
// them. Extractor.Beside computes with those that are on a device; whatever else needs them gives ErrNoWeights.
func (b *Backbone) WithoutWeights() *Backbone {
	changed := *b
	changed.parameters = parameters{}
	return &changed
}

// Top tells whether the features are the logits of ImageNet's classes, in the order of Labels.
func (b *Backbone) Top() bool { return b.architecture.Top }

// Weights says where the weights come from. Its SHA256 is that of the file, or of the random weights' description.
func (b *Backbone) Weights() resnet.Origin { return b.origin }

// Notes are what a reader of the numbers should know about the weights: biases taken as zero, tensors past the cut left
// out, float16 widened.
func (b *Backbone) Notes() []string { return slices.Clone(b.notes) }

// Trained is false for random weights: what is learned on them must be labeled as coming from an untrained backbone.
func (b *Backbone) Trained() bool { return b.origin.Trained }

// Fingerprint names everything that the features of a given image depend on, apart from the last bits that the device,
// the precision and the formulation decide. The weights are named by their file: see ContentFingerprint.
func (b *Backbone) Fingerprint() string { return b.fingerprint(b.origin.SHA256) }

func (b *Backbone) fingerprint(weights string) string {
	a := b.architecture
	return strings.Join([]string{
		a.Name(), string(a.Cut), string(a.Pool), string(a.Preprocess), fmt.Sprint(a.Size), fmt.Sprintf("top=%t", a.Top), weights,
	}, "|")
}

// FeatureShape is the shape of one image's features: [features] when pooled, else [height, width, channels].
func (b *Backbone) FeatureShape() []int {
	switch {
	case b.Top():
		return []int{resnet.Classes}
	case b.architecture.Pool == resnet.PoolNone:
		return b.network.Shape(b.architecture.Size, b.architecture.Cut.Last())
	}
	sum := 0
	for _, n := range b.StageDims() {
		sum += n
	}
	return []int{sum}
}

// StageDims are the channels of each stage of the cut, in its order. Where the features are pooled, they are the lengths of the
// parts of their vector.
func (b *Backbone) StageDims() []int {
	var list []int
	for _, s := range b.architecture.Cut.Stages() {
		list = append(list, b.network.Shape(b.architecture.Size, s)[2])
	}
	return list
}

// FeatureDim is the size of the last axis of the features.
func (b *Backbone) FeatureDim() int {
	shape := b.FeatureShape()
	return shape[len(shape)-1]
}

// Stages lists the stages from input to the last of the cut: where to cut, what to unfreeze.
func (b *Backbone) Stages() []resnet.Stage { return resnet.StagesTo(b.architecture.Cut.Last()) }

// CutAt returns the same network and weights with an earlier cut, after stages given from input to output. The top, if there is
// one, is left off.
func (b *Backbone) CutAt(stages ...resnet.Stage) (*Backbone, error) {
	cut := resnet.CutAfter(stages...)
	changed := b.withoutTop()
	changed.architecture.Cut = cut
	if err := cmp.Or(cut.Check(b.architecture.Cut.Last()), changed.architecture.Validate()); err != nil {
		return nil, fmt.Errorf("cut %s: %w", b.architecture.Describe(), err)
	}
	return changed, nil
}

// Pooled returns the same network and weights with another pooling. The top, if there is one, is left off.
func (b *Backbone) Pooled(pool resnet.Pool) (*Backbone, error) {
	changed := b.withoutTop()
	changed.architecture.Pool = pool
	if err := changed.architecture.Validate(); err != nil {
		return nil, fmt.Errorf("pool %s: %w", b.architecture.Describe(), err)
	}
	return changed, nil
}

func (b *Backbone) withoutTop() *Backbone {
	changed := *b
	changed.parameters.top, changed.architecture.Top = nil, false
	return &changed
}

// Forward runs the network up to its cut, without preprocessing, pooling and top. It returns the feature maps of each stage of
// the cut, in its order.
func Forward[T any](b *Backbone, e resnet.Engine[T], x T) []T {
	return resnet.RunAfter(b.network, e, x, "", b.architecture.Cut)
}

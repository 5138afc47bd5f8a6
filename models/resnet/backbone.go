// Package resnet is the residual network of He et al. (https://arxiv.org/abs/1512.03385) as its publishers trained it: the
// same architecture, padding, batch norm and preprocessing, so that their weights give their numbers.
package resnet

import (
	"context"
	"errors"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Options choose a backbone. The zero value is ResNet50 with the pretrained ImageNet weights, cut after conv5, averaged.
type Options struct {
	// Depth is 50 (also 0), 101 or 152.
	Depth int
	// Weights is "imagenet" (also the empty string: fetched once, then cached), "random", or the path of a safetensors
	// file under torchvision's, timm's, Hugging Face's or Keras's names.
	Weights string
	// Arrangement is "v1" (Keras, Caffe), "v1.5" (torchvision, timm, Hugging Face), or "auto" (also the empty string):
	// known from the names in the file; v1 for random weights.
	Arrangement string
	// Cut is the last stage that runs: "conv1" to "conv5"; empty means conv5.
	Cut string
	// Pool is "avg" (also the empty string), "max" or "none".
	Pool string
	// Top adds the classifier that the weights were trained with: Features are then logits, [batch, 1000].
	Top bool
	// Preprocess is "auto" (also the empty string: what the weights were trained with), "caffe", "torch" or "rescale".
	Preprocess string
	// Size is the height and width of the pictures in pixels; 0 means 224.
	Size int
	// Seed makes the random weights.
	Seed uint64

	// CacheDir holds the fetched weights; empty means the Hugging Face cache, which Python programs share.
	CacheDir string
	// Offline forbids the network: what is not cached is an error.
	Offline bool
	// Progress is told how many of the total bytes are fetched; it may be nil.
	Progress func(done, total int64)
}

// Backbone is an immutable network with its weights. It is safe for concurrent use.
type Backbone struct{}

// Layer is one row of the layer table.
type Layer struct {
	Name       string // as Keras names it: conv2_block1_1_conv
	Kind       string // Input, Preprocess, Conv2D, BatchNorm, MaxPool, Add, Pool, Dense
	Stage      string // conv1 to conv5, or empty
	Output     []int  // without the batch: [height, width, channels] or [features]
	Parameters int    // moving mean and variance included, as Keras counts
}

// WeightsInfo says where weights come from.
type WeightsInfo struct {
	Origin  string // "random (seed 42)", or a file's path, or the publisher's name and revision
	Names   string // whose names the file uses: torchvision, timm, huggingface, keras; empty for random
	SHA256  string // hex, of the file, or of the seed's description for random weights
	Trained bool
	License string   // SPDX identifier where the publisher states one
	Notes   []string // what a reader should know: biases taken as zero, tensors beyond the cut left alone, float16 widened
}

// ParamUnfreeze is the scope's hyperparameter (a string) that names the first stage that Features makes trainable: that
// stage and all after it. Empty freezes everything. Batch norm keeps its moving averages in any case, and its scale and
// offset are trained in the unfrozen stages.
const ParamUnfreeze = "resnet_unfreeze"

// Open builds the backbone and loads its weights, strictly: every tensor that is missing, unexpected or of the wrong shape
// is named in the error.
func Open(ctx context.Context, options Options) (*Backbone, error) {
	return nil, errors.New("open resnet: not built yet")
}

// Name is for people: "ResNet50 v1".
func (b *Backbone) Name() string { return "" }

// Depth is 50, 101 or 152.
func (b *Backbone) Depth() int { return 0 }

// Arrangement is "v1" or "v1.5".
func (b *Backbone) Arrangement() string { return "" }

// Preprocess is what the graph does to the pictures: "caffe", "torch" or "rescale".
func (b *Backbone) Preprocess() string { return "" }

// Pool is "avg", "max" or "none".
func (b *Backbone) Pool() string { return "" }

// Cut is the last stage that runs.
func (b *Backbone) Cut() string { return "" }

// Size is the height and width of the pictures in pixels.
func (b *Backbone) Size() int { return 0 }

// Weights says where the weights come from.
func (b *Backbone) Weights() WeightsInfo { return WeightsInfo{} }

// WeightsDigest is the SHA-256 of the weights' file in hex, or of the random weights' description.
func (b *Backbone) WeightsDigest() string { return "" }

// Trained is false for random weights: what is learnt on them must be labelled as coming from an untrained backbone.
func (b *Backbone) Trained() bool { return false }

// Fingerprint names everything that the features of a given picture depend on, apart from the last bits that the device,
// the precision and the formulation decide. It is a key for caches.
func (b *Backbone) Fingerprint() string { return "" }

// FeatureShape is the shape of one picture's features: [features] when pooled, else [height, width, channels].
func (b *Backbone) FeatureShape() []int { return nil }

// FeatureDim is the size of the last axis of the features.
func (b *Backbone) FeatureDim() int { return 0 }

// Stages lists the stages from input to cut: where to cut, what to unfreeze.
func (b *Backbone) Stages() []string { return nil }

// Layers is the layer table, input to output.
func (b *Backbone) Layers() []Layer { return nil }

// With returns the same network and weights with another cut or pooling; an empty string keeps what is.
func (b *Backbone) With(cut, pool string) (*Backbone, error) { return nil, errors.New("not built yet") }

// Features builds the network, batch norm unfolded, into the graph of images, which are [batch, height, width, 3] RGB from 0
// to 255, uint8 or float. The weights become variables below scope, created with the loaded values where they do not yet
// exist. Which are trainable is decided by ParamUnfreeze. It returns [batch, FeatureShape...] and panics as graph code does.
func (b *Backbone) Features(scope *model.Scope, images *graph.Node) *graph.Node { return nil }

// FeaturesAfter is the part of Features that follows a stage: input is that stage's output, [batch, height, width,
// channels], such as an extractor of With(stage, "none") gives. It serves fine-tuning on cached maps.
func (b *Backbone) FeaturesAfter(scope *model.Scope, stage string, input *graph.Node) *graph.Node {
	return nil
}

// PoolFeatures pools maps [batch, height, width, channels] as the backbone does: [batch, channels], or the maps themselves
// where the pooling is none. With it, a map from With("", "none") leads to the same features, for Grad-CAM.
func (b *Backbone) PoolFeatures(maps *graph.Node) *graph.Node { return nil }

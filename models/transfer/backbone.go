package transfer

import (
	"context"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
)

// A Backbone turns images into features. ResNet makes one of a *resnet.Backbone.
type Backbone interface {
	// FeatureShape is the shape of one image's features: [dim] when pooled, [height, width, channels] else.
	FeatureShape() []int
	// Stages are the names from input to output that can be cut at or unfrozen from.
	Stages() []string
	// Identity says which weights and which treatment of the images give these features.
	Identity() Identity
	// Extractor prepares the fast, frozen pass on a device for about that many images.
	Extractor(ctx context.Context, device *accel.Device, expected int) (Extractor, error)

	// Maps is the same network without pooling, cut behind a stage; empty: behind its last.
	Maps(stage string) (Backbone, error)
	// After builds what follows a stage, with trainable variables below scope: x are that stage's maps, [batch, height, width,
	// channels]. An empty stage means the whole network: x are images then, [batch, size, size, 3], uint8 RGB.
	// The result is [batch, FeatureShape...], float32.
	After(scope *model.Scope, stage string, tuning Tuning, x *graph.Node) *graph.Node
	// PoolFeatures makes features of the maps of the last stage.
	PoolFeatures(maps *graph.Node) *graph.Node
	// StageOf gives the stage of a variable of After by its path below scope, such as conv5_block1_1_conv/kernel, and tells
	// whether a batch norm has it. A path that After does not create is an error.
	StageOf(path string) (stage string, norm bool, err error)
}

// A Tuning says how what follows a stage is trained.
type Tuning struct {
	Unfreeze  string // the first stage whose variables are trained; empty: none
	Precision string // of the maps: float32 (also empty) or bfloat16; the variables are float32
}

// An Extractor is the frozen pass of a backbone.
type Extractor interface {
	// Extract takes n images as [n, size, size, 3] RGB bytes and returns [n, FeatureShape...] numbers.
	Extract(ctx context.Context, pixels []uint8, n int) ([]float32, error)
	// Batch is how many images go through at once; a multiple of it wastes nothing.
	Batch() int
	Close() error
}

// Identity is all of a backbone that changes its features.
type Identity struct {
	Architecture  string               `json:"architecture"`   // ResNet50 v1
	Weights       string               `json:"weights"`        // where they come from, for people
	WeightsDigest string               `json:"weights_digest"` // SHA-256, hexadecimal
	Trained       bool                 `json:"trained"`        // false for random weights
	Cut           string               `json:"cut"`            // last stage, such as conv5
	Pool          string               `json:"pool"`           // avg, max or none
	Preprocess    string               `json:"preprocess"`     // caffe, torch or rescale
	Belongs       string               `json:"belongs"`        // the preprocessing that the weights were trained with; empty: unknown
	Geometry      imagefolder.Geometry `json:"geometry"`
	Precision     string               `json:"precision"`   // float32, bfloat16 or float16
	Fingerprint   string               `json:"fingerprint"` // names all that an image's features depend on
}

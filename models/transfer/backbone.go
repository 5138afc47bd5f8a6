package transfer

import (
	"context"
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/resnet"
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
	Architecture resnet.Architecture  `json:"architecture"`
	Weights      resnet.Origin        `json:"weights"`
	Geometry     imagefolder.Geometry `json:"geometry"` // how images come to the architecture's size
	Precision    resnet.Precision     `json:"precision"`
	Fingerprint  string               `json:"fingerprint"` // names all that an image's features depend on
}

// describe is the identity in a sentence, for errors.
func (id Identity) describe() string {
	a := id.Architecture
	return fmt.Sprintf("%s cut at %s with pool %s, %s preprocessing and weights %s (SHA-256 %.12s)", a.Name(), a.Cut, a.Pool, a.Preprocess,
		id.Weights, id.Weights.SHA256)
}

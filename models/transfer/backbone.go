package transfer

import (
	"context"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
)

// A Backbone turns pictures into features. ResNet makes one of a *resnet.Backbone.
type Backbone interface {
	// Features builds the network, trainable, on the variables of scope. The images are [batch, size, size, 3] in RGB,
	// 0 to 255, float32; the result is [batch, FeatureShape...].
	Features(scope *model.Scope, images *graph.Node) *graph.Node
	// FeatureShape is the shape of one picture's features: [dim] when pooled, [height, width, channels] else.
	FeatureShape() []int
	// Stages are the names from input to output that can be cut at or unfrozen from.
	Stages() []string
	// Identity says which weights and which treatment of the pictures give these features.
	Identity() Identity
	// Extractor prepares the fast, frozen pass on a device for about that many pictures.
	Extractor(ctx context.Context, device *accel.Device, expected int) (Extractor, error)
}

// An Extractor is the frozen pass of a backbone.
type Extractor interface {
	// Extract takes n pictures as [n, size, size, 3] RGB bytes and returns [n, FeatureShape...] numbers.
	Extract(ctx context.Context, pixels []uint8, n int) ([]float32, error)
	Close() error
}

// Identity is all of a backbone that changes its features.
type Identity struct {
	Architecture  string               `json:"architecture"`   // resnet50
	Weights       string               `json:"weights"`        // imagenet, random or the name of the file
	WeightsDigest string               `json:"weights_digest"` // sha256, hexadecimal
	Trained       bool                 `json:"trained"`        // false for random weights
	Cut           string               `json:"cut"`            // last stage, such as conv5
	Pool          string               `json:"pool"`           // avg, max or none
	Preprocess    string               `json:"preprocess"`     // caffe, torch or rescale
	Belongs       string               `json:"belongs"`        // the preprocessing that the weights were trained with, if known
	Geometry      imagefolder.Geometry `json:"geometry"`
	Precision     string               `json:"precision"` // float32 or bfloat16
	Seed          int64                `json:"seed"`      // of random weights
}

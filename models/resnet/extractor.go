package resnet

import (
	"context"
	"errors"

	"github.com/headstart-nb/headstart/models/accel"
)

// ExtractorOptions tune the frozen pass.
type ExtractorOptions struct {
	// Batch is the number of pictures that the device computes at once; 0 means 32 on a CPU, 256 on a GPU.
	Batch int
	// Expected is how many pictures will be asked for in all, as far as known. Few are computed by the graph that compiles
	// in half a second, many by the one that computes faster and takes seconds to compile.
	Expected int
	// Precision is "float32" (also the empty string), "bfloat16" or "float16".
	Precision string
}

// Extractor computes features with the weights frozen, folded and resident on a device. It is safe for concurrent use;
// calls take turns. Every batch is padded to the same size, so that on one device a picture's features have the same bits
// whichever pictures it shares a batch with.
type Extractor struct{}

// NewExtractor starts compiling in the background and returns: pictures can be decoded meanwhile. The first Extract waits
// for it.
func (b *Backbone) NewExtractor(ctx context.Context, device *accel.Device, options ExtractorOptions) (*Extractor, error) {
	return nil, errors.New("new extractor: not built yet")
}

// Batch is the number of pictures computed at once; giving Extract a multiple of it wastes nothing.
func (e *Extractor) Batch() int { return 0 }

// FeatureShape is the shape of one picture's features.
func (e *Extractor) FeatureShape() []int { return nil }

// Formulation says which graph computes: "plain" or "winograd".
func (e *Extractor) Formulation() string { return "" }

// Precision is "float32", "bfloat16" or "float16".
func (e *Extractor) Precision() string { return "" }

// Extract returns the features of n pictures, [n, FeatureShape...], from their pixels, [n, height, width, 3] RGB. A
// cancelled context stops it between two batches.
func (e *Extractor) Extract(ctx context.Context, pixels []uint8, n int) ([]float32, error) {
	return nil, errors.New("extract: not built yet")
}

// Close frees the weights on the device and waits for a compilation under way.
func (e *Extractor) Close() error { return nil }

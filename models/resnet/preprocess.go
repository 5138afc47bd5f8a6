package resnet

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// Normalization is what is done to an image's channels: reversed to BGR or not, then (x - mean) / deviation, in units of
// pixels from 0 to 255.
type Normalization struct {
	BGR             bool
	Mean, Deviation [3]float32
}

var normalizations = map[Preprocess]Normalization{
	PreprocessCaffe: {BGR: true, Mean: [3]float32{103.939, 116.779, 123.68}, Deviation: [3]float32{1, 1, 1}},
	PreprocessTorch: {
		Mean:      [3]float32{0.485 * 255, 0.456 * 255, 0.406 * 255},
		Deviation: [3]float32{0.229 * 255, 0.224 * 255, 0.225 * 255},
	},
	PreprocessRescale: {Deviation: [3]float32{255, 255, 255}},
}

// Normalization is the arithmetic of the preprocessing; false where it is auto, or is not a preprocessing.
func (p Preprocess) Normalization() (n Normalization, ok bool) {
	n, ok = normalizations[p]
	return n, ok
}

// Apply takes images [batch, height, width, 3] RGB, 0 to 255, of any type, and returns them normalized in dtype. The preprocessing is
// not auto.
func (p Preprocess) Apply(images *graph.Node, dtype dtypes.DType) *graph.Node {
	return normalizations[p].apply(images, dtype)
}

// Apply takes images [batch, height, width, 3] RGB, 0 to 255, and returns them normalized, as float32.
func (p Normalization) Apply(images *graph.Node) *graph.Node { return p.apply(images, dtypes.Float32) }

// apply takes images [batch, height, width, 3] RGB, 0 to 255, of any type, and returns them normalized in dtype.
func (p Normalization) apply(images *graph.Node, dtype dtypes.DType) *graph.Node {
	g := images.Graph()
	x := graph.ConvertDType(images, dtypes.Float32)
	if p.BGR {
		x = graph.Reverse(x, -1)
	}
	mean := graph.Reshape(graph.Const(g, p.Mean[:]), 1, 1, 1, 3)
	deviation := graph.Reshape(graph.Const(g, p.Deviation[:]), 1, 1, 1, 3)
	return graph.ConvertDType(graph.Div(graph.Sub(x, mean), deviation), dtype)
}

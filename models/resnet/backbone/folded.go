package backbone

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/resnet/convolution"
)

// maxPool is the stem's: 3x3 by stride 2, padded by one that never wins.
func maxPool(x *graph.Node) *graph.Node {
	return graph.MaxPool(x).Window(3).Strides(2).PaddingPerDim([][2]int{{1, 1}, {1, 1}}).Done()
}

// relu is the rectifier max(x, 0).
func relu(x *graph.Node) *graph.Node { return graph.MaxScalar(x, 0) }

// perChannel shapes a vector [channels] to add to or multiply with feature maps.
func perChannel(v *graph.Node) *graph.Node { return graph.Reshape(v, 1, 1, 1, v.Shape().Size()) }

// folded runs the frozen network in the plain layout [batch, height, width, channels], with batch norm folded into the
// convolutions.
type folded struct {
	weights map[string]foldedNodes // by the convolution's name
}

// foldedNodes are one folded convolution's weights as the graph's parameters: kernel [height, width, in, out], bias [out].
type foldedNodes struct{ kernel, bias *graph.Node }

var _ resnet.Engine[*graph.Node] = folded{}

// stem pools before it adds the bias and rectifies: a maximum commutes with both, and a quarter of the pixels is left.
func (f folded) Stem(x *graph.Node, c resnet.Convolution) *graph.Node {
	w := f.weights[c.Name]
	return relu(graph.Add(maxPool(convolution.Plain(x, w.kernel, c.Stride)), perChannel(w.bias)))
}

func (f folded) Convolve(x *graph.Node, c resnet.Convolution) *graph.Node {
	w := f.weights[c.Name]
	return graph.Add(convolution.Plain(x, w.kernel, c.Stride), perChannel(w.bias))
}

func (folded) Relu(x *graph.Node) *graph.Node { return relu(x) }
func (folded) Merge(x, y *graph.Node) *graph.Node {
	return convolution.Keep(relu(graph.Add(x, y)), x)[0]
}

// pool pools feature maps [batch, height, width, channels] to [batch, channels], in float32; none leaves them.
func pool(x *graph.Node, mode resnet.Pool) *graph.Node {
	x = graph.ConvertDType(x, dtypes.Float32)
	switch mode {
	case resnet.PoolAvg:
		return graph.ReduceMean(x, 1, 2)
	case resnet.PoolMax:
		return graph.ReduceMax(x, 1, 2)
	default:
		return x
	}
}

package resnet

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// convolve2D convolves x [batch, height, width, in] with kernel [height, width, in, out] and symmetric padding. A 1x1
// convolution is a matrix product: XLA's convolution on a CPU takes up to twice as long for it.
func convolve2D(x, kernel *graph.Node, c Convolution) *graph.Node {
	if c.Kernel == 1 {
		return pointwise(everySecond(x, c.Stride), kernel)
	}
	padding := [2]int{c.Kernel / 2, c.Kernel / 2}
	return graph.Convolve(x, kernel).Strides(c.Stride).PaddingPerDim([][2]int{padding, padding}).Done()
}

// pointwise multiplies each pixel's channels [.., in] by kernel, of in*out elements.
func pointwise(x, kernel *graph.Node) *graph.Node {
	dims := x.Shape().Dimensions
	in := dims[len(dims)-1]
	out := kernel.Shape().Size() / in
	rows := graph.Reshape(x, x.Shape().Size()/in, in)
	y := graph.Dot(rows, graph.Reshape(kernel, in, out)).Product()
	if y.DType() != x.DType() { // a half-precision product accumulates in float32
		y = graph.ConvertDType(y, x.DType())
	}
	return graph.Reshape(y, dims[0], dims[1], dims[2], out)
}

// everySecond keeps each stride-th row and column, from the first.
func everySecond(x *graph.Node, stride int) *graph.Node {
	if stride == 1 {
		return x
	}
	spatial := graph.AxisRange().Stride(stride)
	return graph.Slice(x, graph.AxisRange(), spatial, spatial, graph.AxisRange())
}

// maxPool is the stem's: 3x3 by stride 2, padded by one that never wins.
func maxPool(x *graph.Node) *graph.Node {
	return graph.MaxPool(x).Window(3).Strides(2).PaddingPerDim([][2]int{{1, 1}, {1, 1}}).Done()
}

// relu is the rectifier max(x, 0).
func relu(x *graph.Node) *graph.Node { return graph.MaxScalar(x, 0) }

// kept makes XLA compute the feature maps once and keep them. What is cheap it computes again for each use else, and a chain of
// residuals then reads all the products before it. One operand alone is not a barrier on a CPU.
func kept(maps ...*graph.Node) []*graph.Node { return graph.OptimizationBarriers(maps...) }

// perChannel shapes a vector [channels] to add to or multiply with feature maps.
func perChannel(v *graph.Node) *graph.Node { return graph.Reshape(v, 1, 1, 1, v.Shape().Size()) }

// folded runs the frozen network in the plain layout [batch, height, width, channels], with batch norm folded into the
// convolutions.
type folded struct {
	weights map[string]foldedNodes // by the convolution's name
}

// foldedNodes are one folded convolution's weights as the graph's parameters: kernel [height, width, in, out], bias [out].
type foldedNodes struct{ kernel, bias *graph.Node }

var _ Engine[*graph.Node] = folded{}

// stem pools before it adds the bias and rectifies: a maximum commutes with both, and a quarter of the pixels is left.
func (f folded) Stem(x *graph.Node, c Convolution) *graph.Node {
	w := f.weights[c.Name]
	return relu(graph.Add(maxPool(convolve2D(x, w.kernel, c)), perChannel(w.bias)))
}

func (f folded) Convolve(x *graph.Node, c Convolution) *graph.Node {
	w := f.weights[c.Name]
	return graph.Add(convolve2D(x, w.kernel, c), perChannel(w.bias))
}

func (folded) Relu(x *graph.Node) *graph.Node     { return relu(x) }
func (folded) Merge(x, y *graph.Node) *graph.Node { return kept(relu(graph.Add(x, y)), x)[0] }

// pool pools feature maps [batch, height, width, channels] to [batch, channels], in float32; none leaves them.
func pool(x *graph.Node, mode Pool) *graph.Node {
	x = graph.ConvertDType(x, dtypes.Float32)
	switch mode {
	case PoolAvg:
		return graph.ReduceMean(x, 1, 2)
	case PoolMax:
		return graph.ReduceMax(x, 1, 2)
	default:
		return x
	}
}

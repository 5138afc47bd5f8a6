// Package convolution is a convolution with symmetric padding in the formulations that XLA computes fast.
package convolution

import "github.com/gomlx/gomlx/core/graph"

// Plain convolves x [batch, height, width, in] with kernel [height, width, in, out] and symmetric padding. A 1x1
// convolution is a matrix product: XLA's convolution on a CPU takes up to twice as long for it.
func Plain(x, kernel *graph.Node, stride int) *graph.Node {
	size := kernel.Shape().Dimensions[0]
	if size == 1 {
		return pointwise(everySecond(x, stride), kernel)
	}
	if smallestSide(x) < tooSmall {
		return Columns(x, kernel, stride)
	}
	padding := [2]int{size / 2, size / 2}
	return graph.Convolve(x, kernel).Strides(stride).PaddingPerDim([][2]int{padding, padding}).Done()
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

// Keep makes XLA compute the feature maps once and keep them. What is cheap it computes again for each use else, and a chain of
// residuals then reads all the products before it. One operand alone is not a barrier on a CPU.
func Keep(maps ...*graph.Node) []*graph.Node { return graph.OptimizationBarriers(maps...) }

package convolution

import (
	"slices"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// mostColumns is the largest side of the feature maps, in pixels, up to which a trained convolution is computed by Columns on a CPU. A
// training step of a 3x3 convolution of 512 channels takes half of the processor time at 2 to 8 pixels and two thirds at 10, of 256 channels the
// same at 14, where the columns of a batch take 58 MB (two cores of a Xeon, batches of 32).
const mostColumns = 10

// tooSmall is the side below which XLA computes a 3x3 convolution on a CPU by a loop of its own, which no vector instructions
// and no second core help: at 2 pixels it takes a hundred times as long as Columns.
const tooSmall = 3

// Trained is Plain for a kernel that is trained on a CPU: the gradients decide how long it takes.
func Trained(x, kernel *graph.Node, stride int) *graph.Node {
	if kernel.Shape().Dimensions[0] > 1 && outputs(largestSide(x), stride) <= mostColumns {
		return Columns(x, kernel, stride)
	}
	return Plain(x, kernel, stride)
}

// Columns is Plain as one matrix product, of the pixels under the kernel at each place: it takes the memory of the feature maps as many times as
// the kernel has pixels. Those that are never over a pixel have no part in it.
func Columns(x, kernel *graph.Node, stride int) *graph.Node {
	size := kernel.Shape().Dimensions[0]
	dims := x.Shape().Dimensions
	x = zerosAround(zerosAround(x, 1, size/2), 2, size/2) // graph.Pad has no gradient
	places := func(first, side int) graph.SliceAxisSpec {
		return graph.AxisRange(first, first+(outputs(side, stride)-1)*stride+1).Stride(stride)
	}
	top, bottom := over(size, dims[1])
	left, right := over(size, dims[2])
	var under []*graph.Node
	for row := top; row < bottom; row++ {
		for column := left; column < right; column++ {
			under = append(under, graph.Slice(x, graph.AxisRange(), places(row, dims[1]), places(column, dims[2]), graph.AxisRange()))
		}
	}
	if len(under) < size*size {
		kernel = graph.Slice(kernel, graph.AxisRange(top, bottom), graph.AxisRange(left, right))
	}
	return pointwise(graph.Concatenate(under, -1), kernel)
}

// over is the range of a kernel's rows, or columns, that are over a pixel at some place: the others are always beyond the maps.
func over(size, side int) (first, end int) {
	reach := min(size/2, side-1)
	return size/2 - reach, size/2 + reach + 1
}

// outputs is the side of what a convolution with symmetric padding gives.
func outputs(side, stride int) int { return (side + stride - 1) / stride }

func largestSide(x *graph.Node) int { return max(x.Shape().Dimensions[1], x.Shape().Dimensions[2]) }

func smallestSide(x *graph.Node) int { return min(x.Shape().Dimensions[1], x.Shape().Dimensions[2]) }

// zerosAround adds n zeros at both ends of an axis.
func zerosAround(x *graph.Node, axis, n int) *graph.Node {
	dims := slices.Clone(x.Shape().Dimensions)
	dims[axis] = n
	zeros := graph.Zeros(x.Graph(), shapes.Make(x.DType(), dims...))
	return graph.Concatenate([]*graph.Node{zeros, x, zeros}, axis)
}

package convolution

import (
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// The height and width of a tile of inputs, and of the tile of outputs that they give. Tiles of inputs overlap by 2.
const tileInputs, tileOutputs = 6, 4

// Products is how many products of a pair of channels give a tile: the first dimension of transformed kernels.
const Products = tileInputs * tileInputs

var (
	inputMatrix = [][]float64{ // Bᵀ
		{4, 0, -5, 0, 1, 0},
		{0, -4, -4, 1, 1, 0},
		{0, 4, -4, -1, 1, 0},
		{0, -2, -1, 2, 1, 0},
		{0, 2, -1, -2, 1, 0},
		{0, 4, 0, -5, 0, 1},
	}
	kernelMatrix = [][3]float64{ // G
		{1. / 4, 0, 0},
		{-1. / 6, -1. / 6, -1. / 6},
		{-1. / 6, 1. / 6, -1. / 6},
		{1. / 24, 1. / 12, 1. / 6},
		{1. / 24, -1. / 12, 1. / 6},
		{0, 0, 1},
	}
	outputMatrix = [][]float64{ // Aᵀ
		{1, 1, 1, 1, 1, 0},
		{0, 1, -1, 2, -2, 0},
		{0, 1, 1, 4, 4, 0},
		{0, 1, -1, 8, -8, 1},
	}
)

// TransformKernel writes G g Gᵀ for each pair of channels: kernel [3, 3, pairs] to [Products, pairs].
func TransformKernel(to, kernel []float32) {
	const block = 4096 // pairs whose rows of G g stay close to the processor
	pairs := len(kernel) / 9
	line := make([]float64, 3*min(block, pairs)) // a row of G g
	for first := 0; first < pairs; first += block {
		n := min(block, pairs-first)
		for i, row := range kernelMatrix {
			for column := range 3 {
				k := kernel[column*pairs+first:]
				for p := range n {
					line[column*n+p] = row[0]*float64(k[p]) + row[1]*float64(k[3*pairs+p]) + row[2]*float64(k[6*pairs+p])
				}
			}
			for j, column := range kernelMatrix {
				out := to[(i*tileInputs+j)*pairs+first:][:n]
				for p := range out {
					out[p] = float32(column[0]*line[p] + column[1]*line[n+p] + column[2]*line[2*n+p])
				}
			}
		}
	}
}

// Winograd is the 3x3 convolution of x [batch, height, width, in] by stride 1 with padding 1, by transformed kernels
// [Products, in, out]. Winograd's minimal filtering F(4x4, 3x3) takes tiles of 6x6 inputs d, which give 4x4 outputs of a kernel g
// as Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A, by 36 products a pair of channels instead of 144 (Lavin and Gray,
// https://arxiv.org/abs/1509.09308). Feature maps of a size that 4 does not divide get rows and columns more for it: at 14 and at 7 pixels that is still
// less work than 2x2 outputs a tile.
func Winograd(x, kernels *graph.Node) *graph.Node {
	dims := x.Shape().Dimensions
	tiles := func(size int) int { return (size + tileOutputs - 1) / tileOutputs }
	around := func(size int) compute.PadAxis {
		return compute.PadAxis{Start: 1, End: 1 + tiles(size)*tileOutputs - size}
	}
	x = graph.Pad(x, graph.ScalarZero(x.Graph(), x.DType()), compute.PadAxis{}, around(dims[1]), around(dims[2]))
	x = Keep(x, kernels)[0] // a tile's rows are read six times over, here and in each step that follows
	y := graph.Dot(transformTiles(x, kernels), kernels).General([]int{2}, []int{0}, []int{1}, []int{0})
	y = graph.ConvertDType(y, x.DType()) // a half-precision product accumulates in float32
	y = tileSums(y, kernels, dims[0], tiles(dims[1]), tiles(dims[2]))
	return graph.Slice(y, graph.AxisRange(), graph.AxisRange(0, dims[1]), graph.AxisRange(0, dims[2]), graph.AxisRange())
}

// transformTiles is Bᵀ d B of all tiles of padded feature maps: [36, tiles, in]. The rows come first, in a layout in which all that a
// row of tiles reads and gives lies close together.
func transformTiles(x, kernels *graph.Node) *graph.Node {
	x = combine(inputMatrix, 2, overlapping(x, 1, 2)) // [batch, tile rows, 6, padded width, in]
	x = Keep(x, kernels)[0]
	x = combine(inputMatrix, 3, overlapping(x, 3, 3)) // [batch, tile rows, 6, 6, tile columns, in]
	x = graph.TransposeAllAxes(x, 2, 3, 0, 1, 4, 5)
	dims := x.Shape().Dimensions
	return graph.Reshape(x, dims[0]*dims[1], dims[2]*dims[3]*dims[4], dims[5])
}

// tileSums is Aᵀ m A of all products m [36, tiles, out]: feature maps [batch, 4*rows, 4*columns, out]. The columns come first: four of
// them take the place of a tile, and what is then summed are whole rows of feature maps.
func tileSums(m, kernels *graph.Node, batch, rows, columns int) *graph.Node {
	dims := m.Shape().Dimensions
	m = graph.Reshape(m, tileInputs, tileInputs, dims[1], dims[2])
	m = combine(outputMatrix, 2, lines(graph.TransposeAllAxes(m, 0, 2, 1, 3), 2)) // [6, tiles, 4, out]
	m = Keep(m, kernels)[0]
	m = graph.Reshape(m, tileInputs, batch, rows, columns*tileOutputs, dims[2])
	m = combine(outputMatrix, 2, lines(graph.TransposeAllAxes(m, 1, 2, 0, 3, 4), 2)) // [batch, rows, 4, width, out]
	return graph.Reshape(m, batch, rows*tileOutputs, columns*tileOutputs, dims[2])
}

// overlapping gives the first row of all tiles' inputs (or column: along axis), then their second, up to their sixth, each
// with a new axis of 1 at place.
func overlapping(x *graph.Node, axis, place int) []*graph.Node {
	list := make([]*graph.Node, tileInputs)
	last := x.Shape().Dimensions[axis] - tileInputs + 1
	for k := range list {
		list[k] = graph.InsertAxes(graph.SliceAxis(x, axis, graph.AxisRange(k, last+k).Stride(tileOutputs)), place)
	}
	return list
}

// lines takes x apart along axis, of which each keeps 1.
func lines(x *graph.Node, axis int) []*graph.Node {
	list := make([]*graph.Node, x.Shape().Dimensions[axis])
	for k := range list {
		list[k] = graph.SliceAxis(x, axis, graph.AxisElem(k))
	}
	return list
}

// combine multiplies matrix by lines, which have 1 along axis, and gives its rows along axis. All rows are one loop of XLA's, a
// sum that reads its factors from small constants: a loop for each row would save the products with 0, and take XLA several
// times as long to compile.
func combine(matrix [][]float64, axis int, lines []*graph.Node) *graph.Node {
	dims := slices.Clone(lines[0].Shape().Dimensions)
	shape := slices.Repeat([]int{1}, len(dims))
	dims[axis], shape[axis] = len(matrix), len(matrix)
	terms := make([]*graph.Node, len(lines))
	for k, line := range lines {
		column := make([]float64, len(matrix))
		for i, row := range matrix {
			column[i] = row[k]
		}
		factors := graph.Reshape(graph.ConstAs(line, column), shape...)
		terms[k] = graph.Mul(graph.BroadcastToDims(factors, dims...), graph.BroadcastToDims(line, dims...))
	}
	sum := terms[0]
	for _, term := range terms[1:] {
		sum = graph.Add(sum, term)
	}
	return sum
}

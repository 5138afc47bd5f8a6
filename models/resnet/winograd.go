package resnet

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// phased maps [batch, height, width, channels] are kept as four, by the parity of row and column: parts[r][c] is
// [batch, height/2, width/2, channels]. Winograd's 2x2 tiles are then whole tensors, and a stride of 2 drops three of four.
// Where height and width are odd, the maps stay in one, whole.
type phased struct {
	whole *graph.Node
	parts [2][2]*graph.Node
}

// each applies f to whatever there is.
func (x phased) each(f func(*graph.Node) *graph.Node) phased {
	if x.whole != nil {
		return phased{whole: f(x.whole)}
	}
	var y phased
	for r := range 2 {
		for c := range 2 {
			y.parts[r][c] = f(x.parts[r][c])
		}
	}
	return y
}

// split takes maps apart where they are even.
func split(x *graph.Node) phased {
	dims := x.Shape().Dimensions
	if dims[1]%2 != 0 || dims[2]%2 != 0 {
		return phased{whole: x}
	}
	var y phased
	for r := range 2 {
		for c := range 2 {
			rows, columns := graph.AxisRange(r).Stride(2), graph.AxisRange(c).Stride(2)
			y.parts[r][c] = graph.Slice(x, graph.AxisRange(), rows, columns, graph.AxisRange())
		}
	}
	return y
}

// join puts maps together again.
func (x phased) join() *graph.Node {
	if x.whole != nil {
		return x.whole
	}
	dims := x.parts[0][0].Shape().Dimensions
	rows := make([]*graph.Node, 2)
	for r := range 2 {
		rows[r] = graph.Stack([]*graph.Node{x.parts[r][0], x.parts[r][1]}, 3) // [batch, h/2, w/2, column phase, channels]
		rows[r] = graph.Reshape(rows[r], dims[0], dims[1], 2*dims[2], dims[3])
	}
	return graph.Reshape(graph.Stack(rows, 2), dims[0], 2*dims[1], 2*dims[2], dims[3])
}

// winogradLayers are the convolutions that run by Winograd's filtering: 3x3 by stride 1.
func (n network) winogradLayers(cut string) map[string]bool {
	layers := map[string]bool{}
	for _, s := range n.stages {
		for _, b := range s.blocks {
			if c := b.body[1]; c.stride == 1 {
				layers[c.name] = true
			}
		}
		if s.name == cut {
			break
		}
	}
	return layers
}

// winograd runs the frozen network in the phase layout, with its 3x3 convolutions by Winograd's minimal filtering
// F(2x2, 3x3): 16 products a tile instead of 36 (Lavin and Gray, https://arxiv.org/abs/1509.09308).
type winograd struct {
	weights []*graph.Node
	layers  map[string]int
	tiled   map[string]bool // which convolutions have transformed kernels
}

var _ engine[phased] = winograd{}

func (w winograd) stem(x phased, c convolution) phased {
	at := w.layers[c.name]
	plain := folded{weights: map[string]foldedNodes{c.name: {bias: w.weights[at], kernel: w.weights[at+1]}}}
	return split(plain.stem(x.whole, c))
}

func (w winograd) convolve(x phased, c convolution) phased {
	at := w.layers[c.name]
	bias := perChannel(w.weights[at])
	biased := func(y *graph.Node) *graph.Node { return graph.Add(y, bias) }
	if w.tiled[c.name] {
		return x.tileConvolve(w.weights[at+1 : at+1+tileSize*tileSize]).each(biased)
	}
	kernel := w.weights[at+1]
	switch {
	case x.whole == nil && c.kernel == 1 && c.stride == 1:
		return x.each(func(part *graph.Node) *graph.Node { return biased(pointwise(part, kernel)) })
	case x.whole == nil && c.kernel == 1:
		return split(biased(pointwise(x.parts[0][0], kernel)))
	default:
		return split(biased(convolve2D(x.join(), kernel, c)))
	}
}

func (winograd) relu(x phased) phased { return x.each(relu) }

func (winograd) merge(x, y phased) phased {
	if x.whole != nil {
		return phased{whole: folded{}.merge(x.whole, y.whole)}
	}
	var sum phased
	for r := range 2 {
		for c := range 2 {
			sum.parts[r][c] = relu(graph.Add(x.parts[r][c], y.parts[r][c]))
		}
	}
	return sum.kept()
}

// kept makes XLA compute all phases once and keep them.
func (x phased) kept() phased {
	parts := kept(x.parts[0][0], x.parts[0][1], x.parts[1][0], x.parts[1][1])
	return phased{parts: [2][2]*graph.Node{{parts[0], parts[1]}, {parts[2], parts[3]}}}
}

// tileSize is the height and width of the tile of inputs that gives 2x2 outputs of a 3x3 convolution.
const tileSize = 4

// transformKernel is G g Gᵀ for each pair of channels: kernel [3, 3, in, out] to 16 matrices [in, out], with
// G = [1 0 0; ½ ½ ½; ½ -½ ½; 0 0 1].
func transformKernel(kernel []float32, in, out int) [][]float32 {
	matrices := make([][]float32, tileSize*tileSize)
	for i := range matrices {
		matrices[i] = make([]float32, in*out)
	}
	line := func(a, b, c float64) [tileSize]float64 {
		return [tileSize]float64{a, (a + b + c) / 2, (a - b + c) / 2, c}
	}
	for i := range in * out {
		var columns [3][tileSize]float64 // G times each column of the kernel
		for c := range 3 {
			at := func(r int) float64 { return float64(kernel[(r*3+c)*in*out+i]) }
			columns[c] = line(at(0), at(1), at(2))
		}
		for r := range tileSize {
			for c, v := range line(columns[0][r], columns[1][r], columns[2][r]) {
				matrices[r*tileSize+c][i] = float32(v)
			}
		}
	}
	return matrices
}

// tileConvolve is the 3x3 convolution by stride 1 with padding 1, by 16 transformed kernels [in, out]. Odd maps get one row
// and one column more for it, which is less work than the 3x3 convolution that XLA has for a CPU.
func (x phased) tileConvolve(kernels []*graph.Node) phased {
	if x.whole == nil {
		return phased{parts: tileProducts(x.padded(), kernels)}
	}
	dims := x.whole.Shape().Dimensions
	y := phased{parts: tileProducts(x.padded(), kernels)}.join()
	return phased{whole: graph.Slice(y, graph.AxisRange(), graph.AxisRange(0, dims[1]), graph.AxisRange(0, dims[2]), graph.AxisRange())}
}

// padded gives the phases with the zeros around the maps that the 3x3 kernel reaches: a row before the odd rows or after the
// even ones, and a column likewise, so [batch, height/2+1, width/2+1, channels] each.
func (x phased) padded() [2][2]*graph.Node {
	var y phased
	if x.whole != nil {
		dims := x.whole.Shape().Dimensions
		around := func(size int) compute.PadAxis { return compute.PadAxis{Start: 1, End: 1 + size%2} }
		shifted := split(pad(x.whole, around(dims[1]), around(dims[2]))) // by one row and column: the even ones are now the odd
		for r := range 2 {
			for c := range 2 {
				y.parts[r][c] = shifted.parts[1-r][1-c]
			}
		}
	} else {
		side := [2]compute.PadAxis{{End: 1}, {Start: 1}}
		for r := range 2 {
			for c := range 2 {
				y.parts[r][c] = pad(x.parts[r][c], side[r], side[c])
			}
		}
	}
	return y.kept().parts
}

// pad puts zeros around maps.
func pad(x *graph.Node, rows, columns compute.PadAxis) *graph.Node {
	return graph.Pad(x, graph.ScalarZero(x.Graph(), x.DType()), compute.PadAxis{}, rows, columns)
}

// tileProducts gives the phases of the convolution from the padded phases.
func tileProducts(x [2][2]*graph.Node, kernels []*graph.Node) [2][2]*graph.Node {
	var tile, product [tileSize][tileSize]*graph.Node
	dims := x[0][0].Shape().Dimensions
	// A tile's rows (and columns) are 2i-1, 2i, 2i+1 and 2i+2: of the odd phase, the even, the odd, and the even one again,
	// the latter two from one further on.
	rows := func(i int) graph.SliceAxisSpec { return graph.AxisRange(i/2, i/2+dims[1]-1) }
	columns := func(i int) graph.SliceAxisSpec { return graph.AxisRange(i/2, i/2+dims[2]-1) }
	for r := range tileSize {
		for c := range tileSize {
			tile[r][c] = graph.Slice(x[(r+1)%2][(c+1)%2], graph.AxisRange(), rows(r), columns(c), graph.AxisRange())
		}
	}
	for c := range tileSize {
		column := inputLine([tileSize]*graph.Node{tile[0][c], tile[1][c], tile[2][c], tile[3][c]})
		for r := range tileSize {
			tile[r][c] = column[r]
		}
	}
	for r := range tileSize {
		for c, v := range inputLine(tile[r]) {
			product[r][c] = pointwise(v, kernels[r*tileSize+c])
		}
	}
	var lines [2][tileSize]*graph.Node
	for c := range tileSize {
		column := outputLine([tileSize]*graph.Node{product[0][c], product[1][c], product[2][c], product[3][c]})
		lines[0][c], lines[1][c] = column[0], column[1]
	}
	return [2][2]*graph.Node{outputLine(lines[0]), outputLine(lines[1])}
}

// inputLine is Bᵀ d with Bᵀ = [1 0 -1 0; 0 1 1 0; 0 -1 1 0; 0 1 0 -1].
func inputLine(d [tileSize]*graph.Node) [tileSize]*graph.Node {
	return [tileSize]*graph.Node{graph.Sub(d[0], d[2]), graph.Add(d[1], d[2]), graph.Sub(d[2], d[1]), graph.Sub(d[1], d[3])}
}

// outputLine is Aᵀ m with Aᵀ = [1 1 1 0; 0 1 -1 -1].
func outputLine(m [tileSize]*graph.Node) [2]*graph.Node {
	return [2]*graph.Node{graph.Add(graph.Add(m[0], m[1]), m[2]), graph.Sub(graph.Sub(m[1], m[2]), m[3])}
}

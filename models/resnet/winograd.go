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

// winogradLayers are the convolutions that run in the phase layout: 3x3 by stride 1 on maps of even height and width.
func (n network) winogradLayers(size int, cut string) map[string]bool {
	layers := map[string]bool{}
	for _, s := range n.stages {
		even := n.shape(size, s.name)[0]%2 == 0
		for _, b := range s.blocks {
			if c := b.body[1]; even && c.stride == 1 {
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
		return tileConvolve(x.parts, w.weights[at+1:at+1+tileSize*tileSize]).each(biased)
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

func (winograd) add(x, y phased) phased {
	if x.whole != nil {
		return phased{whole: graph.Add(x.whole, y.whole)}
	}
	var sum phased
	for r := range 2 {
		for c := range 2 {
			sum.parts[r][c] = graph.Add(x.parts[r][c], y.parts[r][c])
		}
	}
	return sum
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

// tileConvolve is the 3x3 convolution of phases by stride 1 with padding 1, by 16 transformed kernels [in, out].
func tileConvolve(x [2][2]*graph.Node, kernels []*graph.Node) phased {
	var tile, product [tileSize][tileSize]*graph.Node
	// A tile's rows (and columns) are 2i-1, 2i, 2i+1 and 2i+2: the odd phase shifted by one, both phases, and the even phase
	// shifted the other way.
	offset := [tileSize]int{-1, 0, 0, 1}
	for r := range tileSize {
		for c := range tileSize {
			tile[r][c] = shift(x[(r+1)%2][(c+1)%2], offset[r], offset[c])
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
	return phased{parts: [2][2]*graph.Node{outputLine(lines[0]), outputLine(lines[1])}}
}

// inputLine is Bᵀ d with Bᵀ = [1 0 -1 0; 0 1 1 0; 0 -1 1 0; 0 1 0 -1].
func inputLine(d [tileSize]*graph.Node) [tileSize]*graph.Node {
	return [tileSize]*graph.Node{graph.Sub(d[0], d[2]), graph.Add(d[1], d[2]), graph.Sub(d[2], d[1]), graph.Sub(d[1], d[3])}
}

// outputLine is Aᵀ m with Aᵀ = [1 1 1 0; 0 1 -1 -1].
func outputLine(m [tileSize]*graph.Node) [2]*graph.Node {
	return [2]*graph.Node{graph.Add(graph.Add(m[0], m[1]), m[2]), graph.Sub(graph.Sub(m[1], m[2]), m[3])}
}

// shift reads maps at rows+dr and columns+dc, zero outside.
func shift(x *graph.Node, dr, dc int) *graph.Node {
	if dr == 0 && dc == 0 {
		return x
	}
	zero := graph.ScalarZero(x.Graph(), x.DType())
	axis := func(d int) compute.PadAxis { return compute.PadAxis{Start: -d, End: d} }
	return graph.Pad(x, zero, compute.PadAxis{}, axis(dr), axis(dc))
}

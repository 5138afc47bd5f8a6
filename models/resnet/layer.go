package resnet

import "strings"

// Layer is one row of the layer table.
type Layer struct {
	Name       string // as Keras names it: conv2_block1_1_conv
	Kind       string // Input, Preprocess, Conv2D, BatchNorm, MaxPool, Add, Pool, Dense
	Stage      string // conv1 to conv5, or empty
	Output     []int  // without the batch: [height, width, channels] or [features]
	Parameters int    // moving mean and variance included, as Keras counts
	Statistics int    // of these, the moving mean and variance, which are never trained
}

// Layers is the layer table, input to output. An activation stands in the row of what it follows.
func (b *Backbone) Layers() []Layer {
	t := &layerTable{network: b.network}
	input := []int{b.size, b.size, 3}
	t.row(Layer{Name: "input", Kind: "Input", Output: input})
	t.row(Layer{Name: "preprocess_" + b.mode, Kind: "Preprocess", Output: input})
	shape := forward(b.network, t, input, "", b.cut)
	if b.pool != PoolNone {
		shape = shape[2:]
		t.row(Layer{Name: b.pool + "_pool", Kind: "Pool", Output: shape})
	}
	if b.Top() {
		t.row(Layer{Name: topLayer, Kind: "Dense", Output: []int{classes}, Parameters: (shape[0] + 1) * classes})
	}
	return t.rows
}

// layerTable is an engine that runs shapes [height, width, channels] and writes down what it meets.
type layerTable struct {
	network network
	rows    []Layer
	last    string // the convolution run last, whose block an addition ends
}

var _ engine[[]int] = (*layerTable)(nil)

// row writes down one layer.
func (t *layerTable) row(l Layer) { t.rows = append(t.rows, l) }

func (t *layerTable) stem(x []int, c convolution) []int {
	x = t.convolve(x, c)
	pooled := []int{half(x[0]), half(x[1]), x[2]}
	t.row(Layer{Name: "pool1_pool", Kind: "MaxPool", Stage: stageOf(c.name), Output: pooled})
	return pooled
}

func (t *layerTable) convolve(x []int, c convolution) []int {
	output := []int{x[0], x[1], c.out}
	if c.stride == 2 {
		output = []int{half(x[0]), half(x[1]), c.out}
	}
	count := c.kernel * c.kernel * c.in * c.out
	if t.network.biases {
		count += c.out
	}
	t.row(Layer{Name: c.name, Kind: "Conv2D", Stage: stageOf(c.name), Output: output, Parameters: count})
	t.row(Layer{Name: c.norm, Kind: "BatchNorm", Stage: stageOf(c.name), Output: output, Parameters: 4 * c.out, Statistics: 2 * c.out})
	t.last = c.name
	return output
}

func (t *layerTable) relu(x []int) []int { return x }

func (t *layerTable) merge(x, _ []int) []int {
	name := strings.TrimSuffix(t.last, "_3_conv") + "_add"
	t.row(Layer{Name: name, Kind: "Add", Stage: stageOf(t.last), Output: x})
	return x
}

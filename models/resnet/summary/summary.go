// Package summary is the layer table of a ResNet, as Keras's summary shows it.
package summary

import (
	"fmt"
	"strings"

	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/resnet/backbone"
)

// Layer is one row of the layer table.
type Layer struct {
	Name       string       // as Keras names it: conv2_block1_1_conv
	Kind       string       // Input, Preprocess, Conv2D, BatchNorm, MaxPool, Add, Pool, Concatenate, Dense
	Stage      resnet.Stage // empty for input, preprocessing, pooling and top
	Output     []int        // without the batch: [height, width, channels] or [features]
	Parameters int          // moving mean and variance included, as Keras counts
	Statistics int          // of these, the moving mean and variance, which are never trained
}

// Layers is the layer table, input to output. An activation stands in the row of what it follows.
func Layers(b *backbone.Backbone) []Layer {
	a, t := b.Architecture(), &layerTable{}
	input := []int{a.Size, a.Size, 3}
	t.row(Layer{Name: "input", Kind: "Input", Output: input})
	t.row(Layer{Name: "preprocess_" + string(a.Preprocess), Kind: "Preprocess", Output: input})
	maps := backbone.Forward(b, t, input)
	if a.Pool == resnet.PoolNone {
		return t.rows
	}
	if len(maps) == 1 {
		t.row(Layer{Name: string(a.Pool) + "_pool", Kind: "Pool", Output: maps[0][2:]})
	} else {
		for i, s := range a.Cut.Stages() {
			t.row(Layer{Name: fmt.Sprintf("%s_%s_pool", s, a.Pool), Kind: "Pool", Output: maps[i][2:]})
		}
		t.row(Layer{Name: "concatenate", Kind: "Concatenate", Output: b.FeatureShape()})
	}
	if b.Top() {
		output := b.FeatureShape()
		t.row(Layer{Name: resnet.TopLayer, Kind: "Dense", Output: output, Parameters: (maps[0][2] + 1) * output[0]})
	}
	return t.rows
}

// layerTable is an engine that runs shapes [height, width, channels] and writes down what it meets.
type layerTable struct {
	rows []Layer
	last resnet.Convolution // the convolution run last, whose block an addition ends
}

var _ resnet.Engine[[]int] = (*layerTable)(nil)

// row writes down one layer.
func (t *layerTable) row(l Layer) { t.rows = append(t.rows, l) }

func (t *layerTable) Stem(x []int, c resnet.Convolution) []int {
	x = t.Convolve(x, c)
	pooled := []int{half(x[0]), half(x[1]), x[2]}
	t.row(Layer{Name: "pool1_pool", Kind: "MaxPool", Stage: c.Stage(), Output: pooled})
	return pooled
}

func (t *layerTable) Convolve(x []int, c resnet.Convolution) []int {
	output := []int{x[0], x[1], c.Out}
	if c.Stride == 2 {
		output = []int{half(x[0]), half(x[1]), c.Out}
	}
	count := c.Kernel * c.Kernel * c.In * c.Out
	if c.Biased {
		count += c.Out
	}
	t.row(Layer{Name: c.Name, Kind: "Conv2D", Stage: c.Stage(), Output: output, Parameters: count})
	t.row(Layer{Name: c.Norm, Kind: "BatchNorm", Stage: c.Stage(), Output: output, Parameters: 4 * c.Out, Statistics: 2 * c.Out})
	t.last = c
	return output
}

func (t *layerTable) Relu(x []int) []int { return x }

func (t *layerTable) Merge(x, _ []int) []int {
	block := strings.TrimSuffix(t.last.Name, "_conv") // conv2_block1_3
	name := block[:strings.LastIndex(block, "_")] + "_add"
	t.row(Layer{Name: name, Kind: "Add", Stage: t.last.Stage(), Output: x})
	return x
}

// half is what a stride of 2 with symmetric padding leaves of a height or width.
func half(x int) int { return (x + 1) / 2 }

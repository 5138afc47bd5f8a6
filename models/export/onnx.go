package export

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/headstart-nb/headstart/models/export/onnx"
	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/resnet/backbone"
	"github.com/headstart-nb/headstart/models/weights"
)

// inputName is the name of the graph's input.
const inputName = "images"

// ONNX writes the network as one ONNX file. Its input "images" is [batch, size, size, 3], uint8 RGB; its output
// "probabilities" is [batch, classes], or "values" for a regression. Decoding and resizing are left to the caller. The
// metadata has the classes and the resize as JSON, and the input's type in words.
func ONNX(out io.Writer, n Network) error {
	if err := n.check(); err != nil {
		return fmt.Errorf("export ONNX: %w", err)
	}
	w := onnxEngine{graph: &onnx.Graph{}, tensors: n.backboneTensors()}
	output, err := w.network(n)
	if err != nil {
		return fmt.Errorf("export ONNX: %w", err)
	}
	metadata, err := n.onnxMetadata()
	if err != nil {
		return fmt.Errorf("export ONNX: %w", err)
	}
	size := n.Backbone.Architecture().Size
	return w.graph.Write(out, n.Name, "headstart", n.Version,
		onnx.Port{Name: inputName, Kind: onnx.Uint8, Shape: []int{-1, size, size, 3}},
		onnx.Port{Name: output, Kind: onnx.Float32, Shape: []int{-1, n.Head.Outputs}}, metadata)
}

func (n Network) onnxMetadata() (map[string]string, error) {
	a := n.Backbone.Architecture()
	metadata := map[string]string{
		"input":         fmt.Sprintf("uint8 [batch, %d, %d, 3], RGB from 0 to 255", a.Size, a.Size),
		"preprocessing": "inside the graph: " + string(a.Preprocess),
	}
	for key, value := range map[string]any{"classes": n.Classes, "resize": resize{n.Geometry.Size, n.Geometry.Method}} {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		metadata[key] = string(text)
	}
	return metadata, nil
}

// onnxEngine writes down what it runs; feature maps are names of nodes, in the layout [batch, channels, height, width].
type onnxEngine struct {
	graph   *onnx.Graph
	tensors map[string]weights.Float32
}

var _ resnet.Engine[string] = onnxEngine{}

// tensor adds a weight of the backbone under its own name.
func (w onnxEngine) tensor(name string) string { return w.add(name, w.tensors[name]) }

func (w onnxEngine) add(name string, t weights.Float32) string {
	return w.graph.Tensor(name, t.Shape, t.Values)
}

func (w onnxEngine) network(n Network) (output string, err error) {
	a := n.Backbone.Architecture()
	parts := backbone.Forward(n.Backbone, w, w.preprocess(inputName, a.Preprocess))
	for i, x := range parts {
		parts[i] = w.pool(x, a.Pool)
	}
	x := w.concatenate(parts)
	if x, err = w.head(x, n); err != nil {
		return "", err
	}
	return w.finish(x, n.Output), nil
}

// pool makes features of a stage's feature maps.
func (w onnxEngine) pool(x string, p resnet.Pool) string {
	switch p {
	case resnet.PoolAvg:
		return w.graph.Node("Flatten", []string{w.graph.Node("GlobalAveragePool", []string{x})})
	case resnet.PoolMax:
		return w.graph.Node("Flatten", []string{w.graph.Node("GlobalMaxPool", []string{x})})
	}
	return w.graph.Node("Transpose", []string{x}, onnx.Ints("perm", 0, 2, 3, 1)) // the head's layout
}

// concatenate joins the parts of a vector.
func (w onnxEngine) concatenate(parts []string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	return w.graph.Node("Concat", parts, onnx.Int("axis", 1))
}

// preprocess takes the input to normalized [batch, channels, height, width].
func (w onnxEngine) preprocess(input string, p resnet.Preprocess) string {
	n, _ := p.Normalization() // check has seen it
	x := w.graph.Node("Cast", []string{input}, onnx.Int("to", onnx.Float32))
	x = w.graph.Node("Transpose", []string{x}, onnx.Ints("perm", 0, 3, 1, 2))
	if n.BGR {
		x = w.graph.Node("Gather", []string{x, w.graph.Integers("bgr", 2, 1, 0)}, onnx.Int("axis", 1))
	}
	x = w.graph.Node("Sub", []string{x, w.graph.Tensor("mean", []int{3, 1, 1}, n.Mean[:])})
	return w.graph.Node("Div", []string{x, w.graph.Tensor("deviation", []int{3, 1, 1}, n.Deviation[:])})
}

// Stem is the first convolution, then the max-pool.
func (w onnxEngine) Stem(x string, c resnet.Convolution) string {
	return w.graph.Node("MaxPool", []string{w.Relu(w.Convolve(x, c))},
		onnx.Ints("kernel_shape", 3, 3), onnx.Ints("strides", 2, 2), onnx.Ints("pads", 1, 1, 1, 1))
}

// Convolve is a convolution with its batch norm.
func (w onnxEngine) Convolve(x string, c resnet.Convolution) string {
	inputs := []string{x, w.add(c.Name+"/kernel", outputFirst(w.tensors[c.Name+"/kernel"]))}
	if c.Biased {
		inputs = append(inputs, w.tensor(c.Name+"/bias"))
	}
	pad := c.Kernel / 2
	x = w.graph.Node("Conv", inputs, onnx.Ints("kernel_shape", c.Kernel, c.Kernel), onnx.Ints("strides", c.Stride, c.Stride),
		onnx.Ints("pads", pad, pad, pad, pad))
	norm := c.Norm + "/"
	return w.graph.Node("BatchNormalization", []string{
		x, w.tensor(norm + "gamma"), w.tensor(norm + "beta"), w.tensor(norm + "moving_mean"), w.tensor(norm + "moving_variance"),
	}, onnx.Float("epsilon", float32(c.Epsilon)))
}

// Relu is max(x, 0).
func (w onnxEngine) Relu(x string) string { return w.graph.Node("Relu", []string{x}) }

// Merge is the sum, rectified.
func (w onnxEngine) Merge(x, y string) string { return w.Relu(w.graph.Node("Add", []string{x, y})) }

func (w onnxEngine) head(x string, n Network) (string, error) {
	for _, step := range n.Head.Steps {
		tensor := func(suffix string) string {
			return w.add("head/"+step.Name+"/"+suffix, n.HeadWeights[step.Name+"/"+suffix])
		}
		switch step.Kind {
		case head.Dense:
			x = w.graph.Node("MatMul", []string{x, tensor("kernel")})
			x = w.graph.Node("Add", []string{x, tensor("bias")})
			x = w.activate(x, step.Activation)
		case head.Activation:
			x = w.activate(x, step.Activation)
		case head.BatchNorm:
			x = w.graph.Node("BatchNormalization", []string{
				x, tensor("gamma"), tensor("beta"), tensor("moving_mean"), tensor("moving_variance"),
			}, onnx.Float("epsilon", head.BatchNormEpsilon))
		case head.LayerNorm:
			x = w.graph.Node("LayerNormalization", []string{x, tensor("gamma"), tensor("beta")},
				onnx.Float("epsilon", head.LayerNormEpsilon))
		case head.UnitNorm:
			x = w.unitNorm(x, step)
		case head.Flatten:
			x = w.graph.Node("Flatten", []string{x})
		case head.AvgPool:
			x = w.graph.Node("ReduceMean", []string{x}, onnx.Ints("axes", 1, 2), onnx.Int("keepdims", 0))
		case head.Dropout: // of training alone
		default:
			return "", fmt.Errorf("%w: ONNX has no layer for %s", ErrHead, step.Kind)
		}
	}
	return x, nil
}

// unitNorm divides each part of the vector by its length.
func (w onnxEngine) unitNorm(x string, step head.Step) string {
	name := "head/" + step.Name
	least := w.graph.Tensor(name+"/least", nil, []float32{head.UnitNormEpsilon})
	parts, at := make([]string, len(step.Blocks)), 0
	for i, n := range step.Blocks {
		part := x
		if len(parts) > 1 {
			axis := w.graph.Integers(fmt.Sprintf("%s/axis_%d", name, i), 1)
			from := w.graph.Integers(fmt.Sprintf("%s/from_%d", name, i), int64(at))
			to := w.graph.Integers(fmt.Sprintf("%s/to_%d", name, i), int64(at+n))
			part = w.graph.Node("Slice", []string{x, from, to, axis})
		}
		length := w.graph.Node("ReduceL2", []string{part}, onnx.Ints("axes", 1), onnx.Int("keepdims", 1))
		parts[i] = w.graph.Node("Div", []string{part, w.graph.Node("Max", []string{length, least})})
		at += n
	}
	return w.concatenate(parts)
}

func (w onnxEngine) activate(x, name string) string {
	scalar := func(v float32) string {
		return w.graph.Tensor(fmt.Sprintf("number_%s_%g", x, v), nil, []float32{v})
	}
	switch name {
	case "gelu": // x * (1 + erf(x / sqrt 2)) / 2
		erf := w.graph.Node("Erf", []string{w.graph.Node("Mul", []string{x, scalar(0.70710678)})})
		return w.graph.Node("Mul", []string{
			w.graph.Node("Mul", []string{x, scalar(0.5)}), w.graph.Node("Add", []string{erf, scalar(1)}),
		})
	case "silu":
		return w.graph.Node("Mul", []string{x, w.graph.Node("Sigmoid", []string{x})})
	case "leakyrelu":
		return w.graph.Node("LeakyRelu", []string{x}, onnx.Float("alpha", head.LeakySlope))
	case "":
		return x
	}
	return w.graph.Node(map[string]string{
		"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid", "elu": "Elu", "selu": "Selu",
	}[name], []string{x})
}

// finish turns the logits into what the task means by its outputs.
func (w onnxEngine) finish(x string, o Output) string {
	switch o {
	case Sigmoid:
		return w.graph.Named("Sigmoid", "probabilities", []string{x})
	case Softmax:
		return w.graph.Named("Softmax", "probabilities", []string{x}, onnx.Int("axis", 1))
	}
	return w.graph.Named("Identity", "values", []string{x})
}

package transfer

import (
	"fmt"
	"io"

	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/onnx"
	"github.com/headstart-nb/headstart/models/run"
)

// ExportONNX writes the model as one ONNX file. Its input "images" is [batch, size, size, 3], uint8 RGB; its output
// "probabilities" is [batch, classes], or "values" for a regression. Decoding and resizing are left to the caller.
func (m *Model) ExportONNX(file string) error {
	e, err := m.export()
	if err != nil {
		return fmt.Errorf("export ONNX: %w", err)
	}
	w := &onnxWriter{exported: e, graph: &onnx.Graph{}}
	output, err := w.network("images")
	if err != nil {
		return fmt.Errorf("export ONNX: %w", err)
	}
	id := m.Backbone.Identity()
	metadata := map[string]string{"classes": fmt.Sprintf("%q", m.Classes), "preprocessing": "inside the graph: " + string(id.Architecture.Preprocess)}
	return run.WriteFile(file, func(out io.Writer) error {
		return w.graph.Write(out, m.Name, "headstart", m.Provenance.Versions["headstart"],
			onnx.Port{Name: "images", Kind: onnx.Uint8, Shape: []int{-1, id.Geometry.Size, id.Geometry.Size, 3}},
			onnx.Port{Name: output, Kind: onnx.Float32, Shape: []int{-1, m.outputs()}}, metadata)
	})
}

type onnxWriter struct {
	*exported
	graph *onnx.Graph
}

// tensor adds a weight under its own name.
func (w *onnxWriter) tensor(name string) string {
	t := w.weights[name]
	return w.graph.Tensor(name, t.Shape, t.Values)
}

func (w *onnxWriter) network(input string) (output string, err error) {
	x, err := w.preprocess(input)
	if err != nil {
		return "", err
	}
	x = w.relu(w.convolve(x, "conv1", 2))
	x = w.graph.Node("MaxPool", []string{x}, onnx.Ints("kernel_shape", 3, 3), onnx.Ints("strides", 2, 2), onnx.Ints("pads", 1, 1, 1, 1))
	names, strides := w.blocks()
	for i, name := range names {
		x = w.block(x, name, strides[i])
	}
	switch w.model.Backbone.Identity().Architecture.Pool {
	case "avg":
		x = w.graph.Node("Flatten", []string{w.graph.Node("GlobalAveragePool", []string{x})})
	case "max":
		x = w.graph.Node("Flatten", []string{w.graph.Node("GlobalMaxPool", []string{x})})
	default:
		x = w.graph.Node("Transpose", []string{x}, onnx.Ints("perm", channelsLast()...))
	}
	return w.finish(w.head(x)), nil
}

func (w *onnxWriter) preprocess(input string) (string, error) {
	mean, deviation, reversed, err := pixels(w.model.Backbone.Identity().Architecture.Preprocess)
	if err != nil {
		return "", err
	}
	x := w.graph.Node("Cast", []string{input}, onnx.Int("to", onnx.Float32))
	x = w.graph.Node("Transpose", []string{x}, onnx.Ints("perm", 0, 3, 1, 2))
	if reversed {
		x = w.graph.Node("Gather", []string{x, w.graph.Integers("bgr", 2, 1, 0)}, onnx.Int("axis", 1))
	}
	x = w.graph.Node("Sub", []string{x, w.graph.Tensor("mean", []int{3, 1, 1}, mean)})
	return w.graph.Node("Div", []string{x, w.graph.Tensor("deviation", []int{3, 1, 1}, deviation)}), nil
}

// convolve is a convolution with its batch norm; the padding is half the kernel.
func (w *onnxWriter) convolve(x, layer string, stride int) string {
	kernel := outputFirst(w.weights[layer+"_conv/kernel"])
	size := kernel.Shape[2]
	inputs := []string{x, w.graph.Tensor(layer+"_conv/kernel", kernel.Shape, kernel.Values)}
	if _, ok := w.weights[layer+"_conv/bias"]; ok {
		inputs = append(inputs, w.tensor(layer+"_conv/bias"))
	}
	pad := size / 2
	x = w.graph.Node("Conv", inputs, onnx.Ints("kernel_shape", size, size), onnx.Ints("strides", stride, stride),
		onnx.Ints("pads", pad, pad, pad, pad))
	norm := layer + "_bn/"
	return w.graph.Node("BatchNormalization", []string{
		x, w.tensor(norm + "gamma"), w.tensor(norm + "beta"), w.tensor(norm + "moving_mean"), w.tensor(norm + "moving_variance"),
	}, onnx.Float("epsilon", w.epsilon))
}

func (w *onnxWriter) relu(x string) string { return w.graph.Node("Relu", []string{x}) }

func (w *onnxWriter) block(x, name string, stride int) string {
	short := x
	if _, ok := w.weights[name+"_0_conv/kernel"]; ok {
		short = w.convolve(x, name+"_0", stride)
	}
	for i, s := range w.strides(stride) {
		x = w.convolve(x, fmt.Sprintf("%s_%d", name, i+1), s)
		if i < 2 {
			x = w.relu(x)
		}
	}
	return w.relu(w.graph.Node("Add", []string{x, short}))
}

func (w *onnxWriter) head(x string) string {
	for _, step := range w.model.shape.plan.Steps {
		name := "head/" + step.Name + "/"
		switch step.Kind {
		case head.Dense:
			x = w.graph.Node("MatMul", []string{x, w.tensor(name + "kernel")})
			x = w.graph.Node("Add", []string{x, w.tensor(name + "bias")})
			x = w.activate(x, step.Activation)
		case head.Activation:
			x = w.activate(x, step.Activation)
		case head.BatchNorm:
			x = w.graph.Node("BatchNormalization", []string{
				x, w.tensor(name + "gamma"), w.tensor(name + "beta"), w.tensor(name + "moving_mean"), w.tensor(name + "moving_variance"),
			}, onnx.Float("epsilon", head.BatchNormEpsilon))
		case head.LayerNorm:
			x = w.graph.Node("LayerNormalization", []string{x, w.tensor(name + "gamma"), w.tensor(name + "beta")},
				onnx.Float("epsilon", head.LayerNormEpsilon))
		case head.Flatten:
			x = w.graph.Node("Flatten", []string{x})
		case head.AvgPool:
			x = w.graph.Node("ReduceMean", []string{x}, onnx.Ints("axes", 1, 2), onnx.Int("keepdims", 0))
		}
	}
	return x
}

func (w *onnxWriter) activate(x, name string) string {
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
func (w *onnxWriter) finish(x string) string {
	switch w.model.Task {
	case Multi:
		return w.graph.Named("Sigmoid", "probabilities", []string{x})
	case Single:
		return w.graph.Named("Softmax", "probabilities", []string{x}, onnx.Int("axis", 1))
	}
	return w.graph.Named("Identity", "values", []string{x})
}

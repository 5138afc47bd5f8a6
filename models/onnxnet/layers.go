package onnxnet

import (
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors/images"
)

// layers are the operators of networks.
func layers() map[string]operator {
	return map[string]operator{
		"Conv": conv, "BatchNormalization": batchNorm, "LayerNormalization": layerNorm, "Gemm": gemm, "MatMul": matMul, "Softmax": softmax,
		"MaxPool": maxPool, "AveragePool": averagePool,
		"GlobalAveragePool": overSpace(graph.ReduceMean), "GlobalMaxPool": overSpace(graph.ReduceMax),
		"ReduceMean": reduce(graph.ReduceMean), "ReduceMax": reduce(graph.ReduceMax), "ReduceSum": reduce(graph.ReduceSum),
		"ReduceL2": reduce(func(x *graph.Node, axes ...int) *graph.Node {
			return graph.Sqrt(graph.ReduceSum(graph.Mul(x, x), axes...))
		}),
	}
}

// window is how a convolution or a pooling moves over the spatial axes.
type window struct {
	kernel, strides, dilations []int
	pads                       [][2]int
}

// spatial reads a window for an input [batch, channels, spatial...].
func spatial(n node, x *graph.Node, kernel []int) window {
	dims := x.Shape().Dimensions
	if len(dims) < 3 {
		fail(n, "its input has the shape %v, and must be [batch, channels, height, width]", dims)
	}
	size := dims[2:]
	or := func(name string, otherwise int) []int {
		list := ints(n, nil, -1, name)
		if list == nil {
			return slices.Repeat([]int{otherwise}, len(size))
		}
		return list
	}
	w := window{kernel: kernel, strides: or("strides", 1), dilations: or("dilations", 1), pads: make([][2]int, len(size))}
	flat := ints(n, nil, -1, "pads")
	if len(w.kernel) != len(size) || len(w.strides) != len(size) || len(w.dilations) != len(size) || flat != nil && len(flat) != 2*len(size) {
		fail(n, "its kernel %v, strides %v, dilations %v or pads %v do not fit an input of shape %v", w.kernel, w.strides, w.dilations, flat, dims)
	}
	for i := range size {
		if w.kernel[i] < 1 || w.strides[i] < 1 || w.dilations[i] < 1 {
			fail(n, "its kernel %v, strides %v or dilations %v are not positive", w.kernel, w.strides, w.dilations)
		}
		switch auto := n.attributes["auto_pad"].text; auto {
		case "", "NOTSET", "VALID":
			if flat != nil && auto != "VALID" {
				w.pads[i] = [2]int{flat[i], flat[i+len(size)]}
			}
		case "SAME_UPPER", "SAME_LOWER":
			out := (size[i] + w.strides[i] - 1) / w.strides[i]
			all := max(0, (out-1)*w.strides[i]+(w.kernel[i]-1)*w.dilations[i]+1-size[i])
			w.pads[i] = [2]int{all / 2, all - all/2}
			if auto == "SAME_LOWER" {
				w.pads[i] = [2]int{all - all/2, all / 2}
			}
		default:
			fail(n, "its auto_pad %q is not supported", auto)
		}
		if w.pads[i][0] < 0 || w.pads[i][1] < 0 {
			fail(n, "its pads are negative")
		}
	}
	return w
}

// perChannel shapes [channels] to work on [batch, channels, ...].
func perChannel(n node, v, x *graph.Node) *graph.Node {
	if x.Rank() < 2 || v.Shape().Size() != x.Shape().Dimensions[1] {
		fail(n, "%d numbers do not fit the channels of an input of shape %v", v.Shape().Size(), x.Shape().Dimensions)
	}
	dims := slices.Repeat([]int{1}, x.Rank())
	dims[1] = v.Shape().Size()
	return graph.Reshape(v, dims...)
}

func conv(b *builder, n node, in []value) []value {
	x, kernel := b.float(n, in, 0), b.float(n, in, 1)
	if kernel.Rank() != x.Rank() || x.Rank() < 3 {
		fail(n, "a kernel of shape %v does not fit an input of shape %v", kernel.Shape().Dimensions, x.Shape().Dimensions)
	}
	w := spatial(n, x, kernel.Shape().Dimensions[2:])
	c := graph.Convolve(x, kernel).ChannelsAxis(images.ChannelsFirst).StridePerAxis(w.strides...).PaddingPerDim(w.pads)
	if slices.Max(w.dilations) > 1 {
		c = c.DilationPerAxis(w.dilations...)
	}
	if groups := n.int("group", 1); groups > 1 {
		c = c.ChannelGroupCount(groups)
	}
	out := c.Done()
	if !at(in, 2).absent() {
		out = graph.Add(out, perChannel(n, b.float(n, in, 2), out))
	}
	return []value{{node: out}}
}

func batchNorm(b *builder, n node, in []value) []value {
	if n.int("training_mode", 0) != 0 {
		fail(n, "it normalizes by the images of a batch (training_mode); export the network for inference")
	}
	x := b.float(n, in, 0)
	of := func(i int) *graph.Node { return perChannel(n, b.float(n, in, i), x) }
	deviation := graph.Sqrt(graph.AddScalar(of(4), n.float("epsilon", 1e-5)))
	return []value{{node: graph.Add(graph.Mul(graph.Div(graph.Sub(x, of(3)), deviation), of(1)), of(2))}}
}

func layerNorm(b *builder, n node, in []value) []value {
	x := b.float(n, in, 0)
	var over []int
	for i := axis(n, n.int("axis", -1), x.Rank()); i < x.Rank(); i++ {
		over = append(over, i)
	}
	centered := graph.Sub(x, graph.ReduceAndKeep(x, graph.ReduceMean, over...))
	variance := graph.ReduceAndKeep(graph.Mul(centered, centered), graph.ReduceMean, over...)
	out := graph.Div(centered, graph.Sqrt(graph.AddScalar(variance, n.float("epsilon", 1e-5))))
	out = graph.Mul(paired(out, b.float(n, in, 1)))
	if !at(in, 2).absent() {
		out = graph.Add(paired(out, b.float(n, in, 2)))
	}
	return []value{{node: out}}
}

func gemm(b *builder, n node, in []value) []value {
	x, y := b.float(n, in, 0), b.float(n, in, 1)
	if x.Rank() != 2 || y.Rank() != 2 {
		fail(n, "its inputs have the shapes %v and %v, and must be matrices", x.Shape().Dimensions, y.Shape().Dimensions)
	}
	if n.int("transA", 0) != 0 {
		x = graph.Transpose(x, 0, 1)
	}
	if n.int("transB", 0) != 0 {
		y = graph.Transpose(y, 0, 1)
	}
	out := graph.MatMul(x, y)
	if alpha := n.float("alpha", 1); alpha != 1 {
		out = graph.MulScalar(out, alpha)
	}
	if !at(in, 2).absent() {
		c := b.float(n, in, 2)
		if beta := n.float("beta", 1); beta != 1 {
			c = graph.MulScalar(c, beta)
		}
		out = graph.Add(paired(out, c))
	}
	return []value{{node: out}}
}

func matMul(b *builder, n node, in []value) []value {
	x, y := b.float(n, in, 0), b.float(n, in, 1)
	if x.Rank() < 2 || y.Rank() < 2 {
		fail(n, "its inputs have the shapes %v and %v, and must be matrices", x.Shape().Dimensions, y.Shape().Dimensions)
	}
	return []value{{node: graph.MatMul(x, y)}}
}

func softmax(b *builder, n node, in []value) []value {
	x := b.float(n, in, 0)
	if b.opset >= 13 {
		return []value{{node: graph.Softmax(x, axis(n, n.int("axis", -1), x.Rank()))}}
	}
	var over []int // all axes from one on
	for i := axis(n, n.int("axis", 1), x.Rank()); i < x.Rank(); i++ {
		over = append(over, i)
	}
	return []value{{node: graph.Softmax(x, over...)}}
}

// pooling prepares a pooling; padding at the end takes in the windows of ceil_mode.
func pooling(n node, x *graph.Node) window {
	w := spatial(n, x, ints(n, nil, -1, "kernel_shape"))
	if slices.Max(w.dilations) > 1 {
		fail(n, "dilations are not supported")
	}
	if n.int("ceil_mode", 0) == 0 {
		return w
	}
	for i, size := range x.Shape().Dimensions[2:] {
		padded := size + w.pads[i][0] + w.pads[i][1] - w.kernel[i]
		out := (padded+w.strides[i]-1)/w.strides[i] + 1
		if (out-1)*w.strides[i] >= size+w.pads[i][0] {
			out-- // a window may not begin in the padding
		}
		w.pads[i][1] += max(0, (out-1)*w.strides[i]-padded)
	}
	return w
}

func (w window) pool(p *graph.PoolBuilder) *graph.Node {
	return p.ChannelsAxis(images.ChannelsFirst).WindowPerAxis(w.kernel...).StridePerAxis(w.strides...).PaddingPerDim(w.pads).Done()
}

func maxPool(b *builder, n node, in []value) []value {
	x := b.float(n, in, 0)
	return []value{{node: pooling(n, x).pool(graph.MaxPool(x))}}
}

func averagePool(b *builder, n node, in []value) []value {
	x := b.float(n, in, 0)
	w := pooling(n, x)
	sum := w.pool(graph.SumPool(x))
	if n.int("count_include_pad", 0) != 0 && n.int("ceil_mode", 0) == 0 {
		count := 1
		for _, k := range w.kernel {
			count *= k
		}
		return []value{{node: graph.DivScalar(sum, float64(count))}}
	}
	if n.int("count_include_pad", 0) != 0 {
		fail(n, "count_include_pad together with ceil_mode is not supported")
	}
	return []value{{node: graph.Div(sum, w.pool(graph.SumPool(graph.OnesLike(x))))}}
}

// overSpace reduces the axes after batch and channels, and keeps them with one element.
func overSpace(f func(x *graph.Node, axes ...int) *graph.Node) operator {
	return func(b *builder, n node, in []value) []value {
		x := b.float(n, in, 0)
		var over []int
		for i := 2; i < x.Rank(); i++ {
			over = append(over, i)
		}
		if over == nil {
			fail(n, "its input has the shape %v", x.Shape().Dimensions)
		}
		return []value{{node: graph.ReduceAndKeep(x, f, over...)}}
	}
}

func reduce(f func(x *graph.Node, axes ...int) *graph.Node) operator {
	return func(b *builder, n node, in []value) []value {
		x := b.float(n, in, 0)
		over := axes(n, ints(n, in, 1, "axes"), x.Rank())
		if len(over) == 0 && n.int("noop_with_empty_axes", 0) != 0 {
			return []value{{node: f(graph.Reshape(x, append(slices.Clone(x.Shape().Dimensions), 1)...), x.Rank())}} // of each number alone
		}
		if len(over) == 0 {
			for i := range x.Rank() {
				over = append(over, i)
			}
		}
		if n.int("keepdims", 1) != 0 {
			return []value{{node: graph.ReduceAndKeep(x, f, over...)}}
		}
		return []value{{node: f(x, over...)}}
	}
}

package onnxnet

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// elementwise are the operators that work number by number.
func elementwise() map[string]operator {
	one := func(f func(n node, x *graph.Node) *graph.Node) operator {
		return func(b *builder, n node, in []value) []value { return []value{{node: f(n, b.float(n, in, 0))}} }
	}
	plain := func(f func(x *graph.Node) *graph.Node) operator {
		return one(func(_ node, x *graph.Node) *graph.Node { return f(x) })
	}
	return map[string]operator{
		"Relu": plain(func(x *graph.Node) *graph.Node { return graph.MaxScalar(x, 0) }), "Sigmoid": plain(graph.Sigmoid), "Tanh": plain(graph.Tanh),
		"Erf": plain(func(x *graph.Node) *graph.Node { return graph.Erf(x) }), "Sqrt": plain(func(x *graph.Node) *graph.Node { return graph.Sqrt(x) }),
		"Exp": plain(func(x *graph.Node) *graph.Node { return graph.Exp(x) }), "Abs": plain(func(x *graph.Node) *graph.Node { return graph.Abs(x) }),
		"Neg":        plain(func(x *graph.Node) *graph.Node { return graph.Neg(x) }),
		"Reciprocal": plain(func(x *graph.Node) *graph.Node { return graph.Reciprocal(x) }),
		"HardSwish":  plain(func(x *graph.Node) *graph.Node { return graph.Mul(x, hardSigmoid(x, 1.0/6, 0.5)) }),
		"LeakyRelu": one(func(n node, x *graph.Node) *graph.Node {
			return graph.Add(graph.MaxScalar(x, 0), graph.MulScalar(graph.MinScalar(x, 0), n.float("alpha", 0.01)))
		}),
		"HardSigmoid": one(func(n node, x *graph.Node) *graph.Node {
			return hardSigmoid(x, n.float("alpha", 0.2), n.float("beta", 0.5))
		}),
		"Gelu": one(gelu),
		"Clip": clip, "Identity": same, "Dropout": same, "Cast": cast,
		"Add": two(graph.Add, func(a, b int64) int64 { return a + b }), "Sub": two(graph.Sub, func(a, b int64) int64 { return a - b }),
		"Mul": two(graph.Mul, func(a, b int64) int64 { return a * b }),
		"Div": two(graph.Div, func(a, b int64) int64 {
			if b == 0 {
				return 0
			}
			return a / b
		}),
		"Pow": two(graph.Pow, nil), "Max": two(graph.Max, nil), "Min": two(graph.Min, nil), "PRelu": prelu,
	}
}

func hardSigmoid(x *graph.Node, alpha, beta float64) *graph.Node {
	return graph.MinScalar(graph.MaxScalar(graph.AddScalar(graph.MulScalar(x, alpha), beta), 0), 1)
}

func gelu(n node, x *graph.Node) *graph.Node {
	inner := graph.Erf(graph.MulScalar(x, math.Sqrt2/2))
	if n.attributes["approximate"].text == "tanh" {
		cubed := graph.Add(x, graph.MulScalar(graph.Mul(x, graph.Mul(x, x)), 0.044715))
		inner = graph.Tanh(graph.MulScalar(cubed, math.Sqrt(2/math.Pi)))
	}
	return graph.MulScalar(graph.Mul(x, graph.AddScalar(inner, 1)), 0.5)
}

// same hands its first input on.
func same(_ *builder, n node, in []value) []value {
	if at(in, 0).absent() {
		fail(n, "its input is missing")
	}
	return in[:1]
}

// two is an operator of two inputs, which are broadcast. Whole numbers that are known are computed at once, by whole.
func two(f func(a, b *graph.Node) *graph.Node, whole func(a, b int64) int64) operator {
	return func(b *builder, n node, in []value) []value {
		if _, ok := n.attributes["axis"]; ok {
			fail(n, "it broadcasts along an axis, as before version 7 of the operators; export the network with a newer version")
		}
		left, right := at(in, 0).host, at(in, 1).host
		if whole != nil && left != nil && right != nil && left.ints != nil && right.ints != nil {
			if t := together(left, right, whole); t != nil {
				return []value{{host: t}}
			}
		}
		x, y := paired(b.float(n, in, 0), b.float(n, in, 1))
		out := f(x, y)
		for i := 2; i < len(in); i++ { // Max and Min take any number
			x, y = paired(out, b.float(n, in, i))
			out = f(x, y)
		}
		return []value{{node: out}}
	}
}

// together computes known whole numbers of one shape, or with a single one; nil where the shapes are others.
func together(a, b *tensor, f func(a, b int64) int64) *tensor {
	out := &tensor{shape: a.shape}
	if len(a.ints) == 1 && len(b.ints) > 1 {
		out.shape = b.shape
	}
	n := max(len(a.ints), len(b.ints))
	if len(a.ints) != n && len(a.ints) != 1 || len(b.ints) != n && len(b.ints) != 1 {
		return nil
	}
	for i := range n {
		out.ints = append(out.ints, f(a.ints[i%len(a.ints)], b.ints[i%len(b.ints)]))
	}
	return out
}

func clip(b *builder, n node, in []value) []value {
	x := b.float(n, in, 0)
	bound := func(i int, name string, apply func(x, limit *graph.Node) *graph.Node) {
		limit := at(in, i)
		if a, ok := n.attributes[name]; ok && limit.absent() {
			limit = value{host: &tensor{shape: []int{}, floats: []float32{a.float}}}
		}
		if !limit.absent() {
			x = apply(paired(x, b.float(n, []value{limit}, 0)))
		}
	}
	bound(1, "min", graph.Max)
	bound(2, "max", graph.Min)
	return []value{{node: x}}
}

func prelu(b *builder, n node, in []value) []value {
	x, slope := paired(b.float(n, in, 0), b.float(n, in, 1))
	return []value{{node: graph.Add(graph.MaxScalar(x, 0), graph.Mul(graph.MinScalar(x, 0), slope))}}
}

// cast keeps known whole numbers as they are: they are shapes.
func cast(b *builder, n node, in []value) []value {
	to := kind(n.int("to", int(float32Kind)))
	switch v := at(in, 0); {
	case v.host != nil && v.host.ints != nil && (to == int64Kind || to == int32Kind):
		return []value{v}
	case to == float32Kind || to == float16Kind || to == doubleKind:
		return []value{{node: b.float(n, in, 0)}}
	case to == int64Kind || to == int32Kind:
		return []value{{node: graph.ConvertDType(b.need(n, in, 0), dtypes.Int64)}}
	}
	fail(n, "the element type %d is not supported", to)
	return nil
}

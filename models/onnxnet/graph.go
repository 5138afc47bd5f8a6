package onnxnet

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/support/exceptions"
)

// value is what flows between nodes: a node of the graph, or numbers that are known when it is built, such as shapes.
type value struct {
	node *graph.Node
	host *tensor
}

// builder turns the nodes of a file into a graph. Its methods panic as graph code does.
type builder struct {
	graph *graph.Graph
	batch int // images
	opset int
	env   map[string]value
}

// operator builds a node of one kind. inputs that are left out have neither a node nor numbers.
type operator func(b *builder, n node, in []value) []value

// operators are those that are supported, by their names.
func operators() map[string]operator {
	all := map[string]operator{}
	for _, some := range []map[string]operator{elementwise(), layers(), shaping()} {
		maps.Copy(all, some)
	}
	return all
}

// Operators lists the operators that are supported.
func Operators() []string { return slices.Sorted(maps.Keys(operators())) }

func fail(n node, format string, args ...any) {
	exceptions.Panicf("%s %q: %s", n.op, n.name, fmt.Sprintf(format, args...))
}

// largestMap is how many numbers an operator may give for an image: 64 feature maps of the largest images are a quarter of it. A file of
// a kilobyte can ask for any number.
const largestMap = 1 << 28

// tooLarge tells whether a shape has more numbers for an image of a batch than largestMap.
func tooLarge(dims []int, batch int) bool {
	size := 1
	for _, d := range dims {
		if d > largestMap*batch/size {
			return true
		}
		size *= max(d, 1)
	}
	return false
}

// run builds nodes in their order.
func (b *builder) run(nodes []node) {
	known := operators()
	for _, n := range nodes {
		in := make([]value, len(n.inputs))
		for i, name := range n.inputs {
			if name == "" {
				continue
			}
			v, ok := b.env[name]
			if !ok {
				fail(n, "its input %q is not computed before it", name)
			}
			in[i] = v
		}
		out := known[n.op](b, n, in)
		for i, name := range n.outputs {
			if i < len(out) && out[i].node != nil && tooLarge(out[i].node.Shape().Dimensions, b.batch) {
				fail(n, "its output has the shape %v, which is more than %d numbers for an image", out[i].node.Shape().Dimensions, largestMap)
			}
			if name != "" && i < len(out) {
				b.env[name] = out[i]
			}
		}
	}
}

// at is an input; one that is left out is empty.
func at(in []value, i int) value {
	if i < 0 || i >= len(in) {
		return value{}
	}
	return in[i]
}

func (v value) absent() bool { return v.node == nil && v.host == nil }

// need is an input as a node of the graph.
func (b *builder) need(n node, in []value, i int) *graph.Node {
	v := at(in, i)
	switch {
	case v.node != nil:
		return v.node
	case v.host == nil:
		fail(n, "its input %d is missing", i)
	}
	return b.constant(v.host)
}

// constant puts known numbers into the graph.
func (b *builder) constant(t *tensor) *graph.Node {
	if t.floats != nil || t.ints == nil {
		return graph.Const(b.graph, tensors.FromFlatDataAndDimensions(t.floats, t.shape...))
	}
	return graph.Const(b.graph, tensors.FromFlatDataAndDimensions(t.ints, t.shape...))
}

// float is an input as a node of float32 numbers.
func (b *builder) float(n node, in []value, i int) *graph.Node {
	x := b.need(n, in, i)
	if x.DType() != dtypes.Float32 {
		x = graph.ConvertDType(x, dtypes.Float32)
	}
	return x
}

// ints are numbers that have to be known: of an input, or else of an attribute, as older versions have them; nil: neither is there.
func ints(n node, in []value, i int, name string) []int {
	list := n.attributes[name].ints
	if v := at(in, i); !v.absent() {
		if v.host == nil || v.host.floats != nil {
			fail(n, "its input %d has to be whole numbers that do not depend on the image", i)
		}
		list = v.host.ints
	}
	if list == nil {
		return nil
	}
	out := make([]int, len(list))
	for at, v := range list {
		out[at] = int(v)
	}
	return out
}

func (n node) int(name string, otherwise int) int {
	if a, ok := n.attributes[name]; ok {
		return int(a.number)
	}
	return otherwise
}

func (n node) float(name string, otherwise float64) float64 {
	if a, ok := n.attributes[name]; ok {
		return float64(a.float)
	}
	return otherwise
}

// axis is one of so many, counted from the end where it is negative.
func axis(n node, i, rank int) int {
	if i < 0 {
		i += rank
	}
	if i < 0 || i >= rank {
		fail(n, "it has no axis %d of %d", i, rank)
	}
	return i
}

func axes(n node, list []int, rank int) []int {
	out := make([]int, len(list))
	for at, i := range list {
		out[at] = axis(n, i, rank)
	}
	return out
}

// paired brings two nodes to one rank, as the format broadcasts: the shorter shape gets dimensions of 1 in front.
func paired(a, b *graph.Node) (*graph.Node, *graph.Node) {
	longer := max(a.Rank(), b.Rank())
	widen := func(x *graph.Node) *graph.Node {
		if x.Rank() == longer {
			return x
		}
		dims := slices.Repeat([]int{1}, longer-x.Rank())
		return graph.Reshape(x, append(dims, x.Shape().Dimensions...)...)
	}
	return widen(a), widen(b)
}

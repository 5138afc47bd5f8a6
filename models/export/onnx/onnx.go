// Package onnx writes neural networks in the ONNX format (onnx/onnx.proto of version 1.16).
//
// The libraries for it in Go read the format or need its whole generated code; writing takes the few messages below.
package onnx

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Versions that are written: operator set 17 is the first with LayerNormalization.
const (
	irVersion = 8
	opset     = 17
)

// Element types of the format.
const (
	Float32 = 1
	Uint8   = 2
	Int64   = 7
)

// A Graph is a network that is being written down, in the order of its computation.
type Graph struct {
	nodes, tensors [][]byte
	count          int
	size           int
}

// maxSize is protobuf's own limit of a message.
const maxSize = 1<<31 - 1

// An Attr is an attribute of a node: an int, a float32, a string, or []int.
type Attr struct {
	Name  string
	Value any
}

// Ints makes an attribute of integers.
func Ints(name string, values ...int) Attr { return Attr{name, values} }

// Int makes an integer attribute.
func Int(name string, value int) Attr { return Attr{name, value} }

// Float makes a float attribute.
func Float(name string, value float32) Attr { return Attr{name, value} }

// Node adds an operation and returns the name of its output.
func (g *Graph) Node(op string, inputs []string, attributes ...Attr) string {
	g.count++
	output := fmt.Sprintf("%s_%d", op, g.count)
	return g.Named(op, output, inputs, attributes...)
}

// Named adds an operation with the name of its output.
func (g *Graph) Named(op, output string, inputs []string, attributes ...Attr) string {
	var b []byte
	for _, input := range inputs {
		b = text(b, 1, input)
	}
	b = text(b, 2, output)
	b = text(b, 3, output)
	b = text(b, 4, op)
	for _, a := range attributes {
		b = message(b, 5, a.encode())
	}
	g.nodes = append(g.nodes, b)
	return output
}

func (a Attr) encode() []byte {
	const floatType, intType, intsType = 1, 2, 7
	b := text(nil, 1, a.Name)
	switch value := a.Value.(type) {
	case float32:
		b = protowire.AppendFixed32(protowire.AppendTag(b, 2, protowire.Fixed32Type), math.Float32bits(value))
		return number(b, 20, floatType)
	case int:
		return number(number(b, 3, value), 20, intType)
	case []int:
		for _, v := range value {
			b = number(b, 8, v)
		}
		return number(b, 20, intsType)
	}
	panic(fmt.Sprintf("onnx: attribute %s of type %T", a.Name, a.Value))
}

// Tensor adds constant numbers and returns their name.
func (g *Graph) Tensor(name string, shape []int, values []float32) string {
	raw := make([]byte, 0, 4*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return g.raw(name, shape, Float32, raw)
}

// Integers adds constant integers, [n], and returns their name.
func (g *Graph) Integers(name string, values ...int64) string {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	return g.raw(name, []int{len(values)}, Int64, raw)
}

func (g *Graph) raw(name string, shape []int, kind int, raw []byte) string {
	var b []byte
	for _, d := range shape {
		b = number(b, 1, d)
	}
	b = number(b, 2, kind)
	b = text(b, 8, name)
	b = message(b, 9, raw)
	g.tensors = append(g.tensors, b)
	g.size += len(b)
	return name
}

// A Port is an input or output of the graph. A negative dimension is any number of rows, under the name batch.
type Port struct {
	Name  string
	Kind  int
	Shape []int
}

func (p Port) encode() []byte {
	var shape []byte
	for _, d := range p.Shape {
		if d < 0 {
			shape = message(shape, 1, text(nil, 2, "batch"))
			continue
		}
		shape = message(shape, 1, number(nil, 1, d))
	}
	tensor := message(number(nil, 1, p.Kind), 2, shape)
	return message(text(nil, 1, p.Name), 2, message(nil, 1, tensor))
}

// Write writes the model with one input and one output. The metadata is for people.
func (g *Graph) Write(w io.Writer, name, producer, version string, input, output Port, metadata map[string]string) error {
	if g.size > maxSize {
		return fmt.Errorf("write ONNX: the model has %d MB of weights, and the format holds 2048 in one file", g.size>>20)
	}
	var graph []byte
	for _, node := range g.nodes {
		graph = message(graph, 1, node)
	}
	graph = text(graph, 2, name)
	for _, tensor := range g.tensors {
		graph = message(graph, 5, tensor)
	}
	graph = message(graph, 11, input.encode())
	graph = message(graph, 12, output.encode())
	model := number(nil, 1, irVersion)
	model = text(model, 2, producer)
	model = text(model, 3, version)
	model = message(model, 7, graph)
	model = message(model, 8, number(nil, 2, opset))
	for _, key := range sortedKeys(metadata) {
		model = message(model, 14, text(text(nil, 1, key), 2, metadata[key]))
	}
	if _, err := w.Write(model); err != nil {
		return fmt.Errorf("write ONNX: %w", err)
	}
	return nil
}

// Package onnxnet runs a network for images in the ONNX format (onnx/onnx.proto of version 1.16) as a frozen backbone.
//
// Open reads a file, cuts its graph after an output, and refuses what it cannot compute by the names of the operators. The
// features are the numbers of that output: vectors as they are, feature maps [channels, height, width] averaged over height and
// width, tokens [tokens, dimension] averaged over the tokens. It is written for untrusted files: nothing in one makes it panic.
package onnxnet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// kind is an element type of the format.
type kind int

// The element types that are read.
const (
	float32Kind kind = 1
	uint8Kind   kind = 2
	int32Kind   kind = 6
	int64Kind   kind = 7
	boolKind    kind = 9
	float16Kind kind = 10
	doubleKind  kind = 11
)

// tensor is an array of numbers: floats, or ints.
type tensor struct {
	shape  []int
	floats []float32 // of a floating-point type
	ints   []int64   // of another type
}

func (t *tensor) size() int { return max(len(t.floats), len(t.ints)) }

// attribute is one of a node's.
type attribute struct {
	float  float32
	number int64
	text   string
	floats []float32
	ints   []int64
	tensor *tensor
}

// node is an operation.
type node struct {
	op, domain, name string
	inputs, outputs  []string
	attributes       map[string]attribute
}

// port is an input or output of the graph; a dimension of -1 is open.
type port struct {
	name  string
	kind  kind
	shape []int
}

// file is a model that was read.
type file struct {
	opset    int
	nodes    []node
	tensors  map[string]*tensor
	inputs   []port
	metadata map[string]string
}

// errFormat is the mark of a file that is not in the format.
var errFormat = errors.New("it is not an ONNX file, or it is damaged")

// field is one of a message.
type field struct {
	number protowire.Number
	raw    []byte // of a length-delimited one
	value  uint64 // of the others
}

// each calls do for the fields of a message.
func each(message []byte, do func(field) error) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return errFormat
		}
		message = message[n:]
		f := field{number: number}
		switch kind {
		case protowire.VarintType:
			f.value, n = protowire.ConsumeVarint(message)
		case protowire.BytesType:
			f.raw, n = protowire.ConsumeBytes(message)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(message)
			f.value = uint64(v)
		case protowire.Fixed64Type:
			f.value, n = protowire.ConsumeFixed64(message)
		default:
			return errFormat
		}
		if n < 0 {
			return errFormat
		}
		message = message[n:]
		if err := do(f); err != nil {
			return err
		}
	}
	return nil
}

// numbers appends the varints of a field that may be packed.
func (f field) numbers(to []int64) ([]int64, error) {
	if f.raw == nil {
		return append(to, int64(f.value)), nil
	}
	for raw := f.raw; len(raw) > 0; {
		v, n := protowire.ConsumeVarint(raw)
		if n < 0 {
			return nil, errFormat
		}
		to, raw = append(to, int64(v)), raw[n:]
	}
	return to, nil
}

// floats appends the 32-bit numbers of a field that may be packed.
func (f field) floats(to []float32) ([]float32, error) {
	if f.raw == nil {
		return append(to, math.Float32frombits(uint32(f.value))), nil
	}
	if len(f.raw)%4 != 0 {
		return nil, errFormat
	}
	for raw := range slices.Chunk(f.raw, 4) {
		to = append(to, math.Float32frombits(binary.LittleEndian.Uint32(raw)))
	}
	return to, nil
}

// parse reads a model.
func parse(data []byte) (*file, error) {
	f := &file{tensors: map[string]*tensor{}, metadata: map[string]string{}}
	graphs := 0
	err := each(data, func(x field) error {
		switch x.number {
		case 7:
			graphs++
			return f.graph(x.raw)
		case 8:
			return f.operators(x.raw)
		case 14:
			var key, value string
			err := each(x.raw, func(y field) error {
				if y.number == 1 {
					key = string(y.raw)
				} else if y.number == 2 {
					value = string(y.raw)
				}
				return nil
			})
			f.metadata[key] = value
			return err
		}
		return nil
	})
	if err == nil && (graphs != 1 || f.opset == 0) {
		err = errFormat
	}
	return f, err
}

// operators reads the version of the operators.
func (f *file) operators(raw []byte) error {
	domain, version := "", 0
	err := each(raw, func(x field) error {
		if x.number == 1 {
			domain = string(x.raw)
		} else if x.number == 2 {
			version = int(min(x.value, math.MaxInt32))
		}
		return nil
	})
	if domain == "" || domain == "ai.onnx" {
		f.opset = version
	}
	return err
}

// mostParts bounds the nodes, the weights and the inputs of a file. One of two bytes takes hundreds of them in memory.
const mostParts = 100_000

func (f *file) graph(raw []byte) error {
	return each(raw, func(x field) error {
		if max(len(f.nodes), len(f.tensors), len(f.inputs)) > mostParts {
			return fmt.Errorf("it has more than %d operators, weights or inputs", mostParts)
		}
		switch x.number {
		case 1:
			n, err := readNode(x.raw)
			f.nodes = append(f.nodes, n)
			return err
		case 5:
			name, t, err := readTensor(x.raw)
			f.tensors[name] = t
			return err
		case 11:
			p, err := readPort(x.raw)
			f.inputs = append(f.inputs, p)
			return err
		}
		return nil
	})
}

func readNode(raw []byte) (node, error) {
	n := node{attributes: map[string]attribute{}}
	err := each(raw, func(x field) error {
		switch x.number {
		case 1:
			n.inputs = append(n.inputs, string(x.raw))
		case 2:
			n.outputs = append(n.outputs, string(x.raw))
		case 3:
			n.name = string(x.raw)
		case 4:
			n.op = string(x.raw)
		case 5:
			name, a, err := readAttribute(x.raw)
			n.attributes[name] = a
			return err
		case 7:
			n.domain = string(x.raw)
		}
		return nil
	})
	return n, err
}

func readAttribute(raw []byte) (name string, a attribute, err error) {
	err = each(raw, func(x field) (err error) {
		switch x.number {
		case 1:
			name = string(x.raw)
		case 2:
			a.float = math.Float32frombits(uint32(x.value))
		case 3:
			a.number = int64(x.value)
		case 4:
			a.text = string(x.raw)
		case 5:
			_, a.tensor, err = readTensor(x.raw)
		case 7:
			a.floats, err = x.floats(a.floats)
		case 8:
			a.ints, err = x.numbers(a.ints)
		}
		return err
	})
	return name, a, err
}

func readPort(raw []byte) (port, error) {
	p := port{}
	err := each(raw, func(x field) error {
		switch x.number {
		case 1:
			p.name = string(x.raw)
		case 2: // TypeProto, of which field 1 is a tensor
			return each(x.raw, func(x field) error {
				if x.number != 1 {
					return nil
				}
				return each(x.raw, func(x field) error {
					if x.number == 1 {
						p.kind = kind(min(x.value, math.MaxInt16))
						return nil
					}
					return each(x.raw, func(x field) error { // TensorShapeProto
						dimension := -1
						err := each(x.raw, func(x field) error {
							if x.number == 1 && x.value > 0 && x.value <= math.MaxInt32 {
								dimension = int(x.value)
							}
							return nil
						})
						p.shape = append(p.shape, dimension)
						return err
					})
				})
			})
		}
		return nil
	})
	return p, err
}

// rawTensor is a tensor's fields.
type rawTensor struct {
	name             string
	kind             kind
	dims, ints, int4 []int64 // int4 is int32_data, which also holds the small types
	floats           []float32
	doubles          []byte
	raw              []byte
	hasRaw, external bool
}

func readTensor(raw []byte) (string, *tensor, error) {
	var r rawTensor
	err := each(raw, func(x field) (err error) {
		switch x.number {
		case 1:
			r.dims, err = x.numbers(r.dims)
		case 2:
			r.kind = kind(min(x.value, math.MaxInt16))
		case 4:
			r.floats, err = x.floats(r.floats)
		case 5:
			r.int4, err = x.numbers(r.int4)
		case 7:
			r.ints, err = x.numbers(r.ints)
		case 8:
			r.name = string(x.raw)
		case 9:
			r.raw, r.hasRaw = x.raw, true
		case 10:
			r.doubles = append(r.doubles, x.raw...)
		case 13, 14:
			r.external = x.number == 13 || r.external || x.value == 1
		}
		return err
	})
	if err != nil {
		return "", nil, err
	}
	t, err := r.tensor()
	if err != nil {
		return "", nil, fmt.Errorf("tensor %q: %w", r.name, err)
	}
	return r.name, t, nil
}

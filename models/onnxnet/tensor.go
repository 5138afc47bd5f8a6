package onnxnet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes/float16"
)

// maxElements bounds a tensor: 500 million are 2 GB in float32, which is the format's own limit of a file.
const maxElements = 500_000_000

// errExternal is a model whose weights are in another file.
var errExternal = errors.New("its numbers are in another file; save the model as one file (onnx.save with save_as_external_data=False)")

// tensor makes numbers of the fields.
func (r rawTensor) tensor() (*tensor, error) {
	if r.external {
		return nil, errExternal
	}
	t := &tensor{shape: []int{}}
	size := int64(1)
	for _, d := range r.dims {
		if d < 0 || d > maxElements || size*max(d, 1) > maxElements {
			return nil, errFormat
		}
		size *= d
		t.shape = append(t.shape, int(d))
	}
	if r.hasRaw {
		return t, t.decode(r.kind, r.raw, int(size))
	}
	switch r.kind {
	case float32Kind:
		t.floats = r.floats
	case float16Kind:
		for _, v := range r.int4 {
			t.floats = append(t.floats, float16.Float16(uint16(v)).Float32())
		}
	case doubleKind:
		return t, t.decode(r.kind, r.doubles, int(size))
	case int64Kind:
		t.ints = r.ints
	case int32Kind, uint8Kind, boolKind:
		for _, v := range r.int4 {
			t.ints = append(t.ints, int64(int32(v)))
		}
	default:
		return nil, fmt.Errorf("its element type %d is not supported", r.kind)
	}
	if t.size() != int(size) {
		return nil, errFormat
	}
	return t, nil
}

// decode reads little-endian numbers.
func (t *tensor) decode(k kind, raw []byte, size int) error {
	width := map[kind]int{float32Kind: 4, float16Kind: 2, doubleKind: 8, int64Kind: 8, int32Kind: 4, uint8Kind: 1, boolKind: 1}[k]
	if width == 0 {
		return fmt.Errorf("its element type %d is not supported", k)
	}
	if len(raw) != size*width {
		return errFormat
	}
	for at := 0; at < len(raw); at += width {
		b := raw[at:]
		switch k {
		case float32Kind:
			t.floats = append(t.floats, math.Float32frombits(binary.LittleEndian.Uint32(b)))
		case float16Kind:
			t.floats = append(t.floats, float16.Float16(binary.LittleEndian.Uint16(b)).Float32())
		case doubleKind:
			t.floats = append(t.floats, float32(math.Float64frombits(binary.LittleEndian.Uint64(b))))
		case int64Kind:
			t.ints = append(t.ints, int64(binary.LittleEndian.Uint64(b)))
		case int32Kind:
			t.ints = append(t.ints, int64(int32(binary.LittleEndian.Uint32(b))))
		default:
			t.ints = append(t.ints, int64(b[0]))
		}
	}
	return nil
}

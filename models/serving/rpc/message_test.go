package rpc

import (
	"errors"
	"runtime"
	"testing"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/headstart-nb/headstart/models/serving/inference"
	"github.com/headstart-nb/headstart/models/serving/oippb"
)

const (
	mostImages = 4
	mostBytes  = 1 << 10
)

func receive(data []byte) (*oippb.ModelInferRequest, error) {
	in := &incoming{message: &oippb.ModelInferRequest{}}
	if err := newCodec(inference.Limits{PerRequest: mostImages, Body: mostBytes}).Unmarshal(mem.BufferSlice{mem.SliceBuffer(data)}, in); err != nil {
		return nil, err
	}
	return in.message.(*oippb.ModelInferRequest), in.err
}

// repeated is a field of bytes, many times.
func repeated(number protowire.Number, value []byte, times int) (data []byte) {
	for range times {
		data = protowire.AppendBytes(protowire.AppendTag(data, number, protowire.BytesType), value)
	}
	return data
}

// What is beyond a limit is not decoded: refusing it takes less memory than the message has bytes.
func TestMessagesAreCountedFirst(t *testing.T) {
	const times = 1 << 17
	one := func(number protowire.Number, value []byte) []byte { return repeated(number, value, 1) }
	for name, test := range map[string]struct {
		data  []byte
		limit int64 // 0: refused, whatever its number
	}{
		"inputs":                {repeated(5, nil, times), 16},
		"outputs":               {repeated(6, nil, times), 16},
		"raw contents":          {repeated(7, nil, times), 16},
		"parameters":            {repeated(4, nil, times), 64},
		"of an input":           {one(5, repeated(4, nil, times)), 64},
		"of an output":          {one(6, repeated(2, nil, times)), 64},
		"shape":                 {one(5, one(3, make([]byte, times))), 16 * 8},
		"a shape in pieces":     {one(5, repeated(3, []byte{1}, times)), 16 * 8},
		"a shape, not packed":   {one(5, protowire.AppendTag(nil, 3, protowire.VarintType)), -1},
		"images":                {one(5, one(5, repeated(8, nil, times))), mostImages},
		"images in pieces":      {one(5, repeated(5, repeated(8, nil, 1), times)), mostImages},
		"pixels":                {one(5, one(5, one(4, make([]byte, times)))), mostBytes},
		"bool_contents":         {one(5, one(5, one(1, make([]byte, times)))), 0},
		"fp64_contents":         {one(5, one(5, one(7, make([]byte, 8*times)))), 0},
		"a length beyond it":    {[]byte{5<<3 | 2, 99}, -1},
		"a group without end":   {[]byte{99<<3&0x7f | 3}, -1},
		"text that is no UTF-8": {one(1, []byte{0xff}), -1},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := receive(test.data)
		runtime.ReadMemStats(&after)
		if limit, ok := errors.AsType[*inference.LimitError](err); ok != (test.limit > 0) || ok && limit.Limit != test.limit {
			t.Errorf("%s: %v", name, err)
		}
		if k := inference.KindOf(err); k != inference.Bad && k != inference.TooLarge {
			t.Errorf("%s: %v is not the client's fault", name, err)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > times {
			t.Errorf("%s: %d bytes took %d", name, len(test.data), took)
		}
	}
}

// A message within the limits comes as it was sent, without what is unknown.
func TestMessagesComeWhole(t *testing.T) {
	parameter := map[string]*oippb.InferParameter{"a": {ParameterChoice: &oippb.InferParameter_StringParam{StringParam: "b"}}}
	sent := &oippb.ModelInferRequest{
		ModelName: "m", Id: "1", Parameters: parameter,
		Inputs: []*oippb.ModelInferRequest_InferInputTensor{
			{Name: "image", Datatype: "BYTES", Shape: []int64{4, 1, -1}, Parameters: parameter, Contents: &oippb.InferTensorContents{BytesContents: make([][]byte, mostImages)}},
			{Name: "pixels", Contents: &oippb.InferTensorContents{UintContents: make([]uint32, mostBytes)}},
		},
		Outputs: make([]*oippb.ModelInferRequest_InferRequestedOutputTensor, 16), RawInputContents: [][]byte{{1}, {2}},
	}
	data, err := proto.Marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	sent, got := &oippb.ModelInferRequest{}, (*oippb.ModelInferRequest)(nil)
	if err := proto.Unmarshal(data, sent); err != nil {
		t.Fatal(err)
	}
	if got, err = receive(append(data, repeated(99, []byte("unknown"), 1000)...)); err != nil || !proto.Equal(got, sent) {
		t.Errorf("%v: %v", err, got)
	}
}

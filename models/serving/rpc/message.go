package rpc

import (
	"context"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	protocodec "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/headstart-nb/headstart/models/serving/inference"
	"github.com/headstart-nb/headstart/models/serving/oip"
	"github.com/headstart-nb/headstart/models/serving/oippb"
)

// A codec counts what a message repeats before it decodes it: two bytes of an empty input become a hundred.
type codec struct {
	encoding.CodecV2
	limits map[protoreflect.FullName]limit
}

// A limit is how often a field may be in a message, in all places together. Each input may have a few of some; there are few inputs.
type limit struct {
	what string
	most int
}

// newCodec makes a codec for messages within limits.
func newCodec(l inference.Limits) codec {
	return codec{encoding.GetCodecV2(protocodec.Name), map[protoreflect.FullName]limit{
		"inference.ModelInferRequest.inputs":                                {"inputs", oip.MaxTensors},
		"inference.ModelInferRequest.outputs":                               {"outputs", oip.MaxTensors},
		"inference.ModelInferRequest.raw_input_contents":                    {"raw_input_contents", oip.MaxTensors},
		"inference.ModelInferRequest.parameters":                            {"parameters", maxParameters},
		"inference.ModelInferRequest.InferInputTensor.parameters":           {"parameters of inputs", maxParameters},
		"inference.ModelInferRequest.InferRequestedOutputTensor.parameters": {"parameters of outputs", maxParameters},
		"inference.ModelInferRequest.InferInputTensor.shape":                {"dimensions of shapes", oip.MaxTensors * oip.MaxDimensions},
		"inference.InferTensorContents.bytes_contents":                      {"images in a request", l.PerRequest},
		"inference.InferTensorContents.uint_contents":                       {"bytes of pixels in a request", int(l.Body)},
	}}
}

// maxParameters is more than any client sends; they are ignored.
const maxParameters = 64

// An incoming is where a message goes, with why it is not there: an error of a codec would become that of a server that failed.
type incoming struct {
	message any
	err     error
}

// Unmarshal decodes a message into an incoming.
func (c codec) Unmarshal(data mem.BufferSlice, to any) error {
	in, ok := to.(*incoming)
	if !ok {
		return c.CodecV2.Unmarshal(data, to)
	}
	message, ok := in.message.(proto.Message)
	if !ok {
		return c.CodecV2.Unmarshal(data, in.message) // which says so
	}
	buffer := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer buffer.Free()
	counted := count{limits: c.limits, seen: map[protoreflect.FullName]int{}}
	if in.err = counted.message(buffer.ReadOnlyData(), message.ProtoReflect().Descriptor()); in.err != nil {
		return nil
	}
	if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(buffer.ReadOnlyData(), message); err != nil {
		in.err = &inference.RequestError{Err: err}
	}
	return nil
}

// A count is what a message has repeated so far.
type count struct {
	limits map[protoreflect.FullName]limit
	seen   map[protoreflect.FullName]int
}

// message counts what the wire form of a message repeats. What is unknown is left out: it is not decoded.
func (c count) message(data []byte, kind protoreflect.MessageDescriptor) error {
	for len(data) > 0 {
		number, wire, n := protowire.ConsumeTag(data)
		if n < 0 {
			return &inference.RequestError{Err: protowire.ParseError(n)}
		}
		data = data[n:]
		if n = protowire.ConsumeFieldValue(number, wire, data); n < 0 {
			return &inference.RequestError{Err: protowire.ParseError(n)}
		}
		value := data[:n]
		data = data[n:]
		field := kind.Fields().ByNumber(number)
		if field == nil {
			continue
		}
		if wire == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(value) // it was consumed above
		}
		if field.IsList() || field.IsMap() {
			if err := c.add(field, elements(field, wire, value)); err != nil {
				return err
			}
		}
		if wire == protowire.BytesType && field.Message() != nil {
			if err := c.message(value, field.Message()); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c count) add(field protoreflect.FieldDescriptor, n int) error {
	l, ok := c.limits[field.FullName()]
	if !ok {
		return inference.BadRequest("%s are not read: an input has bytes_contents of the datatype %s, or uint_contents of %s", field.Name(), oip.Bytes, oip.Uint8)
	}
	if c.seen[field.FullName()] += n; c.seen[field.FullName()] > l.most {
		return &inference.LimitError{What: l.what, Limit: int64(l.most)}
	}
	return nil
}

// elements is how many elements of a list one field of the wire holds: numbers may be packed.
func elements(field protoreflect.FieldDescriptor, wire protowire.Type, value []byte) int {
	if wire != protowire.BytesType || !field.IsPacked() {
		return 1
	}
	n := 0
	for _, b := range value {
		if b < 0x80 { // the last byte of a varint; the numbers that may be packed here are varints
			n++
		}
	}
	return n
}

// method reads the messages of a method within the limits.
func (s *server) method(m grpc.MethodDesc) grpc.MethodDesc {
	answer := m.Handler
	m.Handler = func(service any, ctx context.Context, receive func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
		return answer(service, ctx, func(message any) error {
			in := &incoming{message: message}
			if err := receive(in); err != nil {
				return err
			}
			if in.err != nil {
				return s.statusOf(in.err)
			}
			return nil
		}, interceptor)
	}
	return m
}

// register makes g answer the calls of the protocol.
func (s *server) register(g *grpc.Server) {
	service := oippb.GRPCInferenceService_ServiceDesc
	service.Methods = slices.Clone(service.Methods)
	for i, m := range service.Methods {
		service.Methods[i] = s.method(m)
	}
	g.RegisterService(&service, s)
}

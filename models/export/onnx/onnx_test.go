package onnx

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
)

var update = flag.Bool("update", false, "write the golden files")

// small is a network with a node of every kind of attribute and a tensor of every type.
func small() *Graph {
	g := &Graph{}
	x := g.Node("Cast", []string{"images"}, Int("to", Float32))
	x = g.Node("Transpose", []string{x}, Ints("perm", 0, 3, 1, 2))
	x = g.Node("Gather", []string{x, g.Integers("bgr", 2, 1, 0)}, Int("axis", 1))
	x = g.Node("Conv", []string{x, g.Tensor("kernel", []int{2, 3, 1, 1}, []float32{1, -2, 0.5, 3, 0, -1})},
		Ints("kernel_shape", 1, 1), Ints("pads", 0, 0, 0, 0))
	x = g.Node("LeakyRelu", []string{x}, Float("alpha", 0.25))
	x = g.Node("Mul", []string{x, g.Tensor("half", nil, []float32{0.5})})
	g.Named("Softmax", "probabilities", []string{x}, Int("axis", 1))
	return g
}

func written(t *testing.T, g *Graph) []byte {
	t.Helper()
	var out bytes.Buffer
	err := g.Write(&out, "small", "headstart", "v1", Port{"images", Uint8, []int{-1, 4, 4, 3}},
		Port{"probabilities", Float32, []int{-1, 2}}, map[string]string{"classes": `["cat" "dog"]`, "author": "somebody"})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// The whole file, read back by the wire format alone and named after onnx.proto, is what the golden file says.
func TestFileIsWhatTheFormatSays(t *testing.T) {
	got := dump(t, modelProto, written(t, small()), "")
	golden := filepath.Join("testdata", "small.txt")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the file holds something else (-want +got); -update where that is meant:\n%s", diff)
	}
}

// Every input of a node is the graph's input, an initializer or an earlier node's output, and no name is given twice.
func TestNodesFollowWhatTheyRead(t *testing.T) {
	g := small()
	known := map[string]bool{"images": true}
	for _, tensor := range g.tensors {
		known[field(t, tensor, 8)] = true
	}
	for _, node := range g.nodes {
		for _, input := range fields(t, node, 1) {
			if !known[input] {
				t.Errorf("a node reads %q, which nothing before it gives", input)
			}
		}
		output := field(t, node, 2)
		if known[output] {
			t.Errorf("the name %q is given twice", output)
		}
		known[output] = true
	}
}

func TestTooLargeForTheFormat(t *testing.T) {
	g := &Graph{size: maxSize + 1} // as if so many weights had been added
	err := g.Write(&bytes.Buffer{}, "large", "", "", Port{}, Port{}, nil)
	if err == nil || !strings.Contains(err.Error(), "2048") {
		t.Errorf("got %v", err)
	}
}

func fields(t *testing.T, message []byte, number protowire.Number) []string {
	t.Helper()
	var found []string
	each(t, message, func(n protowire.Number, _ protowire.Type, _ uint64, raw []byte) {
		if n == number {
			found = append(found, string(raw))
		}
	})
	return found
}

func field(t *testing.T, message []byte, number protowire.Number) string {
	t.Helper()
	found := fields(t, message, number)
	if len(found) != 1 {
		t.Fatalf("field %d stands there %d times", number, len(found))
	}
	return found[0]
}

// each calls f for the fields of a message: value is set for numbers, raw for text, bytes and messages.
func each(t *testing.T, message []byte, f func(n protowire.Number, kind protowire.Type, value uint64, raw []byte)) {
	t.Helper()
	for len(message) > 0 {
		n, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			t.Fatal(protowire.ParseError(size))
		}
		message = message[size:]
		var value uint64
		var raw []byte
		switch kind {
		case protowire.VarintType:
			value, size = protowire.ConsumeVarint(message)
		case protowire.Fixed32Type:
			var bits uint32
			bits, size = protowire.ConsumeFixed32(message)
			value = uint64(bits)
		case protowire.BytesType:
			raw, size = protowire.ConsumeBytes(message)
		default:
			t.Fatalf("field %d has the wire type %d, which onnx.proto has nowhere", n, kind)
		}
		if size < 0 {
			t.Fatal(protowire.ParseError(size))
		}
		message = message[size:]
		f(n, kind, value, raw)
	}
}

// A proto says of a message's fields what they are called and of which message they are; nil for a plain value.
type proto map[protowire.Number]struct {
	name string
	of   proto
}

// The messages of onnx.proto, version 1.16, as far as they are written here.
var (
	opsetProto     = proto{2: {"version", nil}}
	entryProto     = proto{1: {"key", nil}, 2: {"value", nil}}
	attributeProto = proto{1: {"name", nil}, 2: {"f", nil}, 3: {"i", nil}, 8: {"ints", nil}, 20: {"type", nil}}
	nodeProto      = proto{1: {"input", nil}, 2: {"output", nil}, 3: {"name", nil}, 4: {"op_type", nil}, 5: {"attribute", attributeProto}}
	tensorProto    = proto{1: {"dims", nil}, 2: {"data_type", nil}, 8: {"name", nil}, 9: {"raw_data", nil}}
	dimProto       = proto{1: {"dim_value", nil}, 2: {"dim_param", nil}}
	shapeProto     = proto{1: {"dim", dimProto}}
	arrayProto     = proto{1: {"elem_type", nil}, 2: {"shape", shapeProto}}
	typeProto      = proto{1: {"tensor_type", arrayProto}}
	valueProto     = proto{1: {"name", nil}, 2: {"type", typeProto}}
	graphProto     = proto{
		1: {"node", nodeProto}, 2: {"name", nil}, 5: {"initializer", tensorProto}, 11: {"input", valueProto}, 12: {"output", valueProto},
	}
	modelProto = proto{
		1: {"ir_version", nil}, 2: {"producer_name", nil}, 3: {"producer_version", nil}, 7: {"graph", graphProto},
		8: {"opset_import", opsetProto}, 14: {"metadata_props", entryProto},
	}
)

// dump writes a message down, a field a line.
func dump(t *testing.T, of proto, message []byte, indent string) string {
	t.Helper()
	var out strings.Builder
	each(t, message, func(n protowire.Number, kind protowire.Type, value uint64, raw []byte) {
		f, known := of[n]
		switch {
		case !known:
			t.Fatalf("%q holds the field %d, which onnx.proto has not", indent, n)
		case f.of != nil:
			fmt.Fprintf(&out, "%s%s:\n%s", indent, f.name, dump(t, f.of, raw, indent+"  "))
		case kind == protowire.BytesType && f.name == "raw_data":
			fmt.Fprintf(&out, "%s%s: % x\n", indent, f.name, raw)
		case kind == protowire.BytesType:
			fmt.Fprintf(&out, "%s%s: %q\n", indent, f.name, raw)
		case kind == protowire.Fixed32Type:
			fmt.Fprintf(&out, "%s%s: %g\n", indent, f.name, math.Float32frombits(uint32(value)))
		default:
			fmt.Fprintf(&out, "%s%s: %d\n", indent, f.name, value)
		}
	})
	return out.String()
}

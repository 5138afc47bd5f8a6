package onnxnet

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/export/onnx"
)

// golden is testdata/golden.json, written by golden.py with ONNX Runtime.
type golden struct {
	Images []int
	Cases  []struct {
		Name     string
		Model    []byte
		Features []float64
	}
}

func readGolden(t testing.TB) (g golden) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// Every operator gives ONNX Runtime's numbers.
func TestOperatorsAreRuntimes(t *testing.T) {
	g := readGolden(t)
	device, err := accel.Open(t.Context(), accel.Options{Device: "cpu"})
	if err != nil {
		need.Lack(t, need.Setup, "no PJRT CPU plugin: make setup ("+err.Error()+")")
	}
	t.Cleanup(func() { _ = device.Close() })
	const images, side = 2, 8
	pixels := make([]uint8, len(g.Images)) // [images, side, side, 3]; the golden file has the channels first
	for i := range images {
		for c := range 3 {
			for at := range side * side {
				pixels[(i*side*side+at)*3+c] = uint8(g.Images[(i*3+c)*side*side+at])
			}
		}
	}
	tested := map[string]bool{}
	for _, c := range g.Cases {
		t.Run(c.Name, func(t *testing.T) {
			n, err := read(c.Model, "small.onnx", "0", Options{Output: "out", Preprocess: PreprocessNone})
			if err != nil {
				t.Fatal(err)
			}
			for _, node := range n.nodes {
				tested[node.op] = true
			}
			e, err := n.NewExtractor(t.Context(), device, images)
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			got, err := e.Extract(t.Context(), pixels, images)
			if err != nil || len(got) != len(c.Features) {
				t.Fatalf("%d features, want %d: %v", len(got), len(c.Features), err)
			}
			for i, want := range c.Features {
				if math.Abs(float64(got[i])-want) > 1e-4*max(1, math.Abs(want)) {
					t.Fatalf("the feature %d is %g, and ONNX Runtime's %g", i, got[i], want)
				}
			}
		})
	}
	for op := range operators() {
		if !tested[op] && op != "Identity" && op != "Dropout" && op != "Reciprocal" && op != "Gelu" && op != "ReduceSum" && op != "Relu" {
			t.Errorf("no network of the golden file has the operator %s", op)
		}
	}
}

// Operators that are not supported are all named at once, and so is weights in another file.
func TestUnsupported(t *testing.T) {
	g := &onnx.Graph{}
	x := g.Node("Mystery", []string{"images"})
	g.Named("If", "out", []string{g.Node("Relu", []string{g.Node("Mystery", []string{x})})})
	_, err := read(written(t, g, onnx.Float32, []int{-1, 3, 8, 8}), "x.onnx", "0", Options{})
	wrong, ok := errors.AsType[*UnsupportedError](err)
	if !ok || len(wrong.Operators) != 2 || !strings.Contains(err.Error(), "not supported: If, Mystery;") || !strings.Contains(err.Error(), "Conv") {
		t.Errorf("the error is %v", err)
	}
	// What comes after the cut does not count.
	n, err := read(written(t, g, onnx.Float32, []int{-1, 3, 8, 8}), "x.onnx", "0", Options{Output: "images"})
	if _, ok := errors.AsType[*OutputError](err); !ok {
		t.Errorf("cut at the input: %v, %v", n, err)
	}
	if _, _, err := readTensor([]byte{0x6a, 0x00, 0x10, 0x01}); !errors.Is(err, errExternal) {
		t.Errorf("a tensor in another file: %v", err)
	}
}

func written(t testing.TB, g *onnx.Graph, kind int, shape []int) []byte {
	t.Helper()
	var out strings.Builder
	if err := g.Write(&out, "x", "test", "v1", onnx.Port{Name: "images", Kind: kind, Shape: shape}, onnx.Port{Name: "out", Kind: onnx.Float32, Shape: []int{-1, 2}}, nil); err != nil {
		t.Fatal(err)
	}
	return []byte(out.String())
}

// Inputs that are no images are refused.
func TestInputsThatCannotBe(t *testing.T) {
	for want, shape := range map[string][]int{
		"must be float32 [batch, 3, height, width]": {-1, 4, 8, 8}, "they must be square": {-1, 3, 8, 9}, "the shape [-1 3]": {-1, 3},
	} {
		g := &onnx.Graph{}
		g.Named("Relu", "out", []string{"images"})
		if _, err := read(written(t, g, onnx.Float32, shape), "x.onnx", "0", Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q in it", shape, err, want)
		}
	}
}

// FuzzParse holds that no bytes make the parser panic.
func FuzzParse(f *testing.F) {
	for _, c := range readGolden(f).Cases {
		f.Add(c.Model)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := parse(data)
		if err != nil {
			return
		}
		n := &Network{path: "x.onnx", file: file}
		if n.settle() == nil && n.cut() == nil && len(n.nodes) == 0 {
			t.Error("a network without operators was accepted")
		}
	})
}

// FuzzRead holds that no bytes make reading or building panic, or take much more memory than they have bytes.
func FuzzRead(f *testing.F) {
	for _, c := range readGolden(f).Cases {
		f.Add(c.Model)
	}
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := read(data, "x.onnx", "0", Options{Size: 8})
		if err == nil && (n.Length() < 1 || n.pixels(1).DType != dtypes.Uint8) {
			t.Errorf("it has %d features", n.Length())
		}
	})
}

package backbone

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/weights"
)

// tolerance is how far an output may lie from the publisher's own, as a part of the largest magnitude in it. The promise is
// 1e-4; rounding alone leaves less than 1e-6.
const tolerance = 1e-5

// golden is what a publisher's own ResNet computed (testdata/make_golden.py), with weights that a formula gives.
type golden struct {
	weights.Source
	depth, size int
	images      int
	samples     int              // of each stage's output, about
	shapes      map[string][]int // of the weights, as the publisher stores them
}

func openGolden(t testing.TB, name string) *golden {
	t.Helper()
	return openGoldenFile(t, filepath.Join("testdata", "golden", name+".safetensors"))
}

func openGoldenFile(t testing.TB, path string) *golden {
	t.Helper()
	source, err := weights.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = source.Close() })
	metadata := source.Metadata()
	number := func(key string) int {
		n, err := strconv.Atoi(metadata[key])
		if err != nil {
			t.Fatalf("%s: %s: %v", path, key, err)
		}
		return n
	}
	g := &golden{
		Source: source,
		depth:  number("depth"), size: number("size"), images: number("images"), samples: number("samples"), shapes: map[string][]int{},
	}
	var list [][2]json.RawMessage
	if err := json.Unmarshal([]byte(metadata["tensors"]), &list); err != nil {
		t.Fatal(err)
	}
	for _, one := range list {
		var tensor string
		var dims []int
		if err := json.Unmarshal(one[0], &tensor); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(one[1], &dims); err != nil {
			t.Fatal(err)
		}
		g.shapes[tensor] = dims
	}
	return g
}

// numbers reads one of the golden tensors.
func (g *golden) numbers(t testing.TB, name string) []float32 {
	t.Helper()
	tensor, err := g.Tensor(name)
	if err != nil {
		t.Fatal(err)
	}
	list, err := weights.Float32s(tensor)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// open loads the formula's weights through the loader, as if the publisher's file held them.
func (g *golden) open(t testing.TB, options resnet.Options) *Backbone {
	t.Helper()
	options.Depth, options.Size = g.depth, g.size
	b, err := openTensors(&formulaSource{shapes: g.shapes}, options)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// formulaSource gives the tensors that testdata/peers.py computes.
type formulaSource struct{ shapes map[string][]int }

func (s *formulaSource) Names() iter.Seq[string] {
	return slices.Values(slices.Sorted(maps.Keys(s.shapes)))
}

func (s *formulaSource) Shape(name string) (shapes.Shape, bool) {
	dims, ok := s.shapes[name]
	return shapes.Make(dtypes.Float32, dims...), ok
}

func (s *formulaSource) Tensor(name string) (*tensors.Tensor, error) {
	dims, ok := s.shapes[name]
	if !ok {
		return nil, fmt.Errorf("no tensor %q", name)
	}
	return tensors.FromFlatDataAndDimensions(formula(strings.TrimSuffix(name, ":0"), dims), dims...), nil
}

func (s *formulaSource) Metadata() map[string]string { return nil }
func (s *formulaSource) Close() error                { return nil }

// formula is value of testdata/peers.py.
func formula(name string, dims []int) []float32 {
	count := 1
	for _, d := range dims {
		count *= d
	}
	low, high := -0.2, 0.2
	hasSuffix := func(suffix string) bool { return strings.HasSuffix(name, suffix) }
	switch {
	case len(dims) > 1:
		out := dims[0]
		if hasSuffix("/kernel") {
			out = dims[len(dims)-1]
		}
		high = math.Sqrt(1.5 * float64(out) / float64(count))
		low = -high
	case slices.ContainsFunc([]string{"gamma", "variance", "running_var", ".weight"}, hasSuffix):
		low, high = 0.5, 1.5
	}
	list := make([]float32, count)
	for i, u := range uniform(name, count) {
		list[i] = float32(low + float64((high-low)*u)) // float64 keeps a compiler from fusing the two operations
	}
	return list
}

// uniform is the function of that name of testdata/peers.py.
func uniform(name string, count int) []float64 {
	seed := uint32(2166136261)
	for _, b := range []byte(name) {
		seed = (seed ^ uint32(b)) * 16777619
	}
	list := make([]float64, count)
	for i := range list {
		x := seed ^ uint32(i)*0x9E3779B1
		x ^= x >> 16
		x *= 0x85EBCA6B
		x ^= x >> 13
		x *= 0xC2B2AE35
		x ^= x >> 16
		list[i] = float64(x) / 4294967296
	}
	return list
}

// goldenImages is images of testdata/peers.py.
func goldenImages(count, size int) []uint8 {
	noise := uniform("pictures", count*size*size*3) // glossary: the seed of the golden numbers
	list := make([]uint8, len(noise))
	for i, u := range noise {
		ramp := float64(i/3%size) / float64(size)
		list[i] = uint8((u + ramp) * 127.5)
	}
	return list
}

// outputs runs a graph of images that returns every stage's feature maps, the features and the logits.
type outputs map[string][]float32

var outputNames = []string{"conv1", "conv2", "conv3", "conv4", "conv5", "features", "logits"}

// read copies the results of a graph that returns outputNames.
func read(t testing.TB, results []*tensors.Tensor, err error) outputs {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	o := outputs{}
	for i, name := range outputNames {
		if err := results[i].ConstFlatData(func(flat any) { o[name] = slices.Clone(flat.([]float32)) }); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// stagesOf chains the stages of an engine; join makes plain feature maps of its own.
func stagesOf[T any](b *Backbone, e resnet.Engine[T], x T, join func(T) *graph.Node) (list []*graph.Node, last *graph.Node) {
	from := resnet.Stage("")
	for _, stage := range b.Stages() {
		x = resnet.RunAfter(b.network, e, x, from, resnet.Cut(stage))[0]
		list, from = append(list, join(x)), stage
	}
	return append(list, pool(join(x), resnet.PoolAvg)), join(x)
}

// runUnfolded runs the network as it is trained.
func runUnfolded(t testing.TB, b *Backbone, device *accel.Device, images *tensors.Tensor) outputs {
	t.Helper()
	exec, err := model.NewExec(device.Backend, model.NewStore(), func(scope *model.Scope, images *graph.Node) []*graph.Node {
		x := b.architecture.Preprocess.Apply(images, dtypes.Float32)
		list, last := stagesOf(b, b.unfolded(scope), x, func(x *graph.Node) *graph.Node { return x })
		return append(list, b.finish(scope, []*graph.Node{last}))
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	results, err := exec.Call(images)
	return read(t, results, err)
}

// runFrozen runs the network as an extractor does.
func runFrozen(t testing.TB, b *Backbone, device *accel.Device, images *tensors.Tensor, formulation resnet.Formulation) outputs {
	t.Helper()
	weights, err := placeWeights(b, device.Backend, formulation, dtypes.Float32)
	if err != nil {
		t.Fatal(err)
	}
	defer weights.close()
	n := images.Shape().Dimensions[0]
	p := &program{backbone: b, batch: n, slice: n, placed: weights}
	exec, err := graph.NewExec(device.Backend, func(inputs []*graph.Node) []*graph.Node {
		images, weights := inputs[0], inputs[1:]
		x := b.architecture.Preprocess.Apply(images, p.dtype)
		list, _ := stagesOf(b, p.engine(weights), x, func(x *graph.Node) *graph.Node { return x })
		return append(list, p.build(inputs))
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	args := []any{images}
	for _, w := range p.weights {
		args = append(args, w)
	}
	results, err := exec.Call(args...)
	return read(t, results, err)
}

// compareGolden returns the largest difference of each output, relative to the largest magnitude.
func compareGolden(t testing.TB, g *golden, got outputs) map[string]float64 {
	t.Helper()
	differences := map[string]float64{}
	for _, name := range outputNames {
		want, have := g.numbers(t, name), got[name]
		magnitude := 0.0
		if _, stage := g.Shape(name + ".magnitude"); stage {
			magnitude = float64(g.numbers(t, name+".magnitude")[0])
			stride := max(1, len(have)/g.samples)
			var samples []float32
			for i := 0; i < len(have); i += stride {
				samples = append(samples, have[i])
			}
			have = samples
		} else {
			for _, v := range want {
				magnitude = max(magnitude, abs(float64(v)))
			}
		}
		if len(have) != len(want) || magnitude == 0 {
			t.Fatalf("%s: %d numbers, want %d up to %g", name, len(have), len(want), magnitude)
		}
		for i := range want {
			differences[name] = max(differences[name], abs(float64(have[i])-float64(want[i]))/magnitude)
		}
	}
	return differences
}

func TestPublishersNumbers(t *testing.T) {
	device := openCPU(t)
	for _, test := range []struct {
		file         string
		variant      resnet.Variant
		preprocess   resnet.Preprocess
		formulations []resnet.Formulation
	}{
		{"keras50", resnet.V1, resnet.PreprocessCaffe, []resnet.Formulation{formulationUnfolded, resnet.FormulationPlain, resnet.FormulationWinograd}},
		{"torchvision50", resnet.V15, resnet.PreprocessTorch, []resnet.Formulation{formulationUnfolded, resnet.FormulationPlain, resnet.FormulationWinograd}},
		{"timm50", resnet.V15, resnet.PreprocessTorch, []resnet.Formulation{resnet.FormulationPlain}},
		{"huggingface50", resnet.V15, resnet.PreprocessTorch, []resnet.Formulation{resnet.FormulationPlain}},
		{"torchvision101", resnet.V15, resnet.PreprocessTorch, []resnet.Formulation{resnet.FormulationPlain}},
		{"torchvision18", resnet.V15, resnet.PreprocessTorch, []resnet.Formulation{formulationUnfolded, resnet.FormulationPlain, resnet.FormulationWinograd}},
		{"torchvision34", resnet.V15, resnet.PreprocessTorch, []resnet.Formulation{resnet.FormulationPlain, resnet.FormulationWinograd}},
		{"keras152", resnet.V1, resnet.PreprocessCaffe, []resnet.Formulation{resnet.FormulationPlain}},
	} {
		t.Run(test.file, func(t *testing.T) {
			g := openGolden(t, test.file)
			b := g.open(t, resnet.Options{Top: true})
			if b.Architecture().Variant != test.variant || b.Architecture().Preprocess != test.preprocess {
				t.Errorf("taken for %s with %s preprocessing", b.Architecture().Variant, b.Architecture().Preprocess)
			}
			for _, formulation := range test.formulations {
				checkGolden(t, g, b, device, formulation)
			}
		})
	}
}

// checkGolden runs one formulation, fails where it is off, and returns the differences.
func checkGolden(t *testing.T, g *golden, b *Backbone, device *accel.Device, formulation resnet.Formulation) map[string]float64 {
	t.Helper()
	images := tensors.FromFlatDataAndDimensions(goldenImages(g.images, g.size), g.images, g.size, g.size, 3)
	var got outputs
	if formulation == formulationUnfolded {
		got = runUnfolded(t, b, device, images)
	} else {
		got = runFrozen(t, b, device, images, formulation)
	}
	differences := compareGolden(t, g, got)
	for _, name := range outputNames {
		if d := differences[name]; !(d <= tolerance) {
			t.Errorf("%s: %s lies %.1e of its largest magnitude from the publisher's", formulation, name, d)
		}
	}
	t.Logf("%-9s %s", formulation, table(differences))
	return differences
}

// formulationUnfolded names the network as it is trained beside the frozen formulations.
const formulationUnfolded resnet.Formulation = "unfolded"

// table prints the differences in the order of the outputs.
func table(differences map[string]float64) string {
	var text strings.Builder
	for _, name := range outputNames {
		fmt.Fprintf(&text, " %s %.0e", name, differences[name])
	}
	return text.String()
}

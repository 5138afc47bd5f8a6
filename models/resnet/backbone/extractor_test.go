package backbone

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/resnet"
)

const testSize = 96 // stages of 24, 12, 6 and 3 pixels: the last is odd, as with 224

// random opens an untrained backbone for small images whose batch norms do something.
func random(t testing.TB, options resnet.Options) *Backbone {
	t.Helper()
	options.Weights = resnet.RandomWeights(7)
	if options.Size == 0 {
		options.Size = testSize
	}
	b, err := Open(context.Background(), filled(options))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range b.parameters.layers {
		for i := range w.scale {
			w.scale[i] = 0.5 + float32(i%5)/8
			w.offset[i] = float32(i%7)/10 - 0.3
			w.mean[i] = float32(i%3)/20 - 0.05
			w.variance[i] = 0.5 + float32(i%4)/3
			if w.bias != nil {
				w.bias[i] = float32(i%11)/50 - 0.1
			}
		}
	}
	return b
}

// unfoldedFeatures runs Features as it is trained, with the variables of a new store.
func unfoldedFeatures(t testing.TB, b *Backbone, backend model.Backend, pixels []uint8, n int) []float32 {
	t.Helper()
	exec, err := model.NewExec(backend, model.NewStore(), b.Features)
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	output, err := exec.Call1(tensors.FromFlatDataAndDimensions(pixels, n, b.architecture.Size, b.architecture.Size, 3))
	if err != nil {
		t.Fatal(err)
	}
	var features []float32
	if err := output.ConstFlatData(func(flat any) { features = slices.Clone(flat.([]float32)) }); err != nil {
		t.Fatal(err)
	}
	return features
}

func TestFormulationsAgree(t *testing.T) {
	device := openCPU(t)
	pixels := images(3, testSize)
	for _, test := range []struct {
		variant      resnet.Variant
		cut          resnet.Cut
		formulations []resnet.Formulation
	}{
		{resnet.V1, resnet.Cut(resnet.Conv1), []resnet.Formulation{resnet.FormulationPlain}},
		{resnet.V1, resnet.Cut(resnet.Conv5), []resnet.Formulation{resnet.FormulationPlain, resnet.FormulationWinograd}},
		{resnet.V15, resnet.Cut(resnet.Conv3), []resnet.Formulation{resnet.FormulationPlain, resnet.FormulationWinograd}},
	} {
		b := random(t, resnet.Options{Variant: test.variant, Cut: test.cut, Pool: resnet.PoolNone})
		want := unfoldedFeatures(t, b, device.Backend, pixels, 3)
		for _, formulation := range test.formulations {
			got := extract(t, b, device, ExtractorOptions{Batch: 2, Formulation: formulation}, pixels, 3)
			if d := difference(t, got, want); d > 1e-5 {
				t.Errorf("%s %s: %s differs from the unfolded network by %.1e", test.variant, test.cut, formulation, d)
			}
		}
	}
}

func TestBatchCompositionDoesNotMatter(t *testing.T) {
	device := openCPU(t)
	b := random(t, resnet.Options{Cut: resnet.Cut(resnet.Conv3)})
	pixels := images(5, testSize)
	img, dim := testSize*testSize*3, b.FeatureDim()
	e, err := b.NewExtractor(context.Background(), device, filledExtractor(ExtractorOptions{Batch: 4, Formulation: resnet.FormulationPlain}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	together, err := e.Extract(context.Background(), pixels, 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{1, 4} {
		alone, err := e.Extract(context.Background(), pixels[i*img:(i+1)*img], 1)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(alone, together[i*dim:(i+1)*dim]) {
			t.Errorf("image %d has other features alone than among others", i)
		}
	}
}

func TestFeaturesAfterContinuesAStage(t *testing.T) {
	device := openCPU(t)
	b := random(t, resnet.Options{Cut: resnet.Cut(resnet.Conv4)})
	pixels := images(2, testSize)
	options := ExtractorOptions{Batch: 2, Formulation: resnet.FormulationPlain}
	want := extract(t, b, device, options, pixels, 2)
	for _, stage := range []resnet.Stage{resnet.Conv1, resnet.Conv3, resnet.Conv4} {
		head, err := b.CutAt(stage)
		if err == nil {
			head, err = head.Pooled(resnet.PoolNone)
		}
		if err != nil {
			t.Fatal(err)
		}
		maps := extract(t, head, device, options, pixels, 2)
		dims := append([]int{2}, head.FeatureShape()...)
		exec, err := model.NewExec(device.Backend, model.NewStore(), func(scope *model.Scope, x *graph.Node) *graph.Node {
			return b.FeaturesAfter(scope, stage, x)
		})
		if err != nil {
			t.Fatal(err)
		}
		output, err := exec.Call1(tensors.FromFlatDataAndDimensions(maps, dims...))
		if err != nil {
			t.Fatal(err)
		}
		var got []float32
		if err := output.ConstFlatData(func(flat any) { got = slices.Clone(flat.([]float32)) }); err != nil {
			t.Fatal(err)
		}
		if d := difference(t, got, want); d > 1e-5 {
			t.Errorf("after %s the features differ by %.1e", stage, d)
		}
	}
}

func TestUnfreezeTrainsTheStagesNamed(t *testing.T) {
	b := random(t, resnet.Options{Cut: resnet.Cut(resnet.Conv3), Size: 32})
	device := openCPU(t)
	trainable := func(unfreeze string) (names []string) {
		store := model.NewStore()
		scope := store.RootScope().At("backbone")
		scope.SetParam(ParamUnfreeze, unfreeze)
		exec, err := model.NewExec(device.Backend, store, func(_ *model.Scope, x *graph.Node) *graph.Node { return b.Features(scope, x) })
		if err != nil {
			t.Fatal(err)
		}
		images := shapes.Make(dtypes.Uint8, 1, 32, 32, 3)
		if _, err := exec.Compile(images); err != nil {
			t.Fatal(err)
		}
		for v := range store.IterVariables() {
			if v.Trainable {
				names = append(names, v.Path())
			}
		}
		return names
	}
	if names := trainable(""); len(names) > 0 {
		t.Errorf("frozen, %v are trainable", names)
	}
	names := trainable("conv3")
	convolutions := 0
	for _, c := range b.network.Convolutions(resnet.Conv3) {
		if c.Stage() == resnet.Conv3 {
			convolutions++
		}
	}
	if want := 4 * convolutions; len(names) != want { // kernel, bias, gamma, beta
		t.Errorf("from conv3 on, %d variables are trainable, want %d", len(names), want)
	}
	for _, name := range names {
		if !strings.HasPrefix(name, "/backbone/conv3_") || strings.Contains(name, "moving") {
			t.Errorf("%s is trainable", name)
		}
	}
}

func TestExtractorRefusesWhatItCannotDo(t *testing.T) {
	device := openCPU(t)
	b := random(t, resnet.Options{Cut: resnet.Cut(resnet.Conv1)})
	ctx := context.Background()
	for name, options := range map[string]ExtractorOptions{
		"precision": {Precision: "int4"}, "formulation": {Formulation: "fft"}, "batch must be": {Batch: -1},
	} {
		if _, err := b.NewExtractor(ctx, device, filledExtractor(options)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%+v: %v", options, err)
		}
	}
	e, err := b.NewExtractor(ctx, device, filledExtractor(ExtractorOptions{Batch: 1}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Extract(ctx, make([]uint8, 5), 1); err == nil {
		t.Error("5 pixel values passed for an image")
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := e.Extract(canceled, images(1, testSize), 1); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if err := errors.Join(e.Close(), e.Close()); err != nil {
		t.Error(err)
	}
	if _, err := e.Extract(ctx, images(1, testSize), 1); err == nil {
		t.Error("a closed extractor computes")
	}
}

func TestHalfPrecisionOnTheDevice(t *testing.T) {
	device := openCPU(t)
	b := random(t, resnet.Options{Cut: resnet.Cut(resnet.Conv2), Size: 64})
	pixels := images(1, 64)
	want := extract(t, b, device, ExtractorOptions{Batch: 1}, pixels, 1)
	for precision, limit := range map[resnet.Precision]float64{"bfloat16": 3e-2, "float16": 4e-3} {
		got := extract(t, b, device, ExtractorOptions{Batch: 1, Precision: precision}, pixels, 1)
		if d := difference(t, got, want); d == 0 || d > limit {
			t.Errorf("%s lies %.1e from float32, want up to %.0e", precision, d, limit)
		}
	}
}

func TestPureGoBackend(t *testing.T) {
	device, err := accel.Open(context.Background(), accel.Options{Device: "go"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = device.Close() }()
	b := random(t, resnet.Options{Cut: resnet.Cut(resnet.Conv2), Size: 32})
	pixels := images(2, 32)
	got := extract(t, b, device, ExtractorOptions{Batch: 2}, pixels, 2)
	if d := difference(t, got, extract(t, b, openCPU(t), ExtractorOptions{Batch: 2, Formulation: resnet.FormulationPlain}, pixels, 2)); d > 1e-5 {
		t.Errorf("pure Go lies %.1e from XLA", d)
	}
}

func TestFormulationFollowsTheNumberOfImages(t *testing.T) {
	device := openCPU(t)
	b := random(t, resnet.Options{Cut: resnet.Cut(resnet.Conv1), Size: 32})
	for _, test := range []struct {
		options     ExtractorOptions
		batch       int
		formulation resnet.Formulation
	}{
		{ExtractorOptions{}, 32, resnet.FormulationWinograd},
		{ExtractorOptions{Expected: 5000}, 32, resnet.FormulationWinograd},
		{ExtractorOptions{Expected: 5000, Precision: "bfloat16"}, 32, resnet.FormulationPlain},
		{ExtractorOptions{Expected: 40}, 32, resnet.FormulationPlain},
		{ExtractorOptions{Expected: 5}, 8, resnet.FormulationPlain},
		{ExtractorOptions{Expected: 1}, 1, resnet.FormulationPlain},
	} {
		e, err := b.NewExtractor(context.Background(), device, filledExtractor(test.options))
		if err != nil {
			t.Fatal(err)
		}
		if e.Batch() != test.batch || e.Formulation() != test.formulation {
			t.Errorf("%+v: %s by %d, want %s by %d", test.options, e.Formulation(), e.Batch(), test.formulation, test.batch)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestOutOfMemoryTellsTheBatchToAskFor(t *testing.T) {
	e := &Extractor{batch: 256}
	err := e.explain("extract features", errors.New("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 3.2GiB"))
	if !strings.Contains(err.Error(), "ask for a batch of 128") {
		t.Errorf("got %v", err)
	}
}

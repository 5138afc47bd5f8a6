package backbone

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes/bfloat16"
	"github.com/gomlx/compute/dtypes/float16"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/weights"
)

// alteredSource is a formulaSource in which some tensors are of another type or value.
type alteredSource struct {
	formulaSource
	altered map[string]*tensors.Tensor
}

func (s *alteredSource) Tensor(name string) (*tensors.Tensor, error) {
	if t, ok := s.altered[name]; ok {
		return t, nil
	}
	return s.formulaSource.Tensor(name)
}

// openShapes loads a file with the given tensors.
func openShapes(t *testing.T, shapes map[string][]int, options resnet.Options) (*Backbone, error) {
	t.Helper()
	return openTensors(&formulaSource{shapes: shapes}, options)
}

func TestStrictLoadingNamesEveryTensor(t *testing.T) {
	shapes := openGolden(t, "torchvision50").shapes
	delete(shapes, "layer1.0.conv2.weight")
	delete(shapes, "layer2.3.bn3.running_var")
	shapes["layer3.0.bn1.weight"] = []int{7}
	shapes["layer3.0.conv1.weight"] = []int{256, 512, 3, 3}
	shapes["layer9.extra"] = []int{1}
	shapes["module.conv1.weight"] = []int{64, 3, 7, 7} // a second one
	_, err := openShapes(t, shapes, resnet.Options{})
	var mismatch *MismatchError
	if !errors.As(err, &mismatch) {
		t.Fatalf("got %v", err)
	}
	if want := []string{"layer1.0.conv2.weight", "layer2.3.bn3.running_var"}; !slices.Equal(mismatch.Missing, want) {
		t.Errorf("missing %q, want %q", mismatch.Missing, want)
	}
	if want := []string{"layer9.extra", "module.conv1.weight"}; !slices.Equal(mismatch.Unexpected, want) {
		t.Errorf("unexpected %q, want %q", mismatch.Unexpected, want)
	}
	if want := []string{
		"layer3.0.conv1.weight: must be [1 1 512 256] or [256 512 1 1]; got [256 512 3 3]",
		"layer3.0.bn1.weight: must be [256]; got [7]",
	}; !slices.Equal(mismatch.Wrong, want) {
		t.Errorf("wrong %q, want %q", mismatch.Wrong, want)
	}
	for _, part := range slices.Concat(mismatch.Missing, mismatch.Unexpected, mismatch.Wrong) {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not name %q", part)
		}
	}
}

func TestHints(t *testing.T) {
	incomplete := openGolden(t, "keras50").shapes
	delete(incomplete, "conv4_block2_1_conv/kernel")
	for name, test := range map[string]struct {
		shapes  map[string][]int
		options resnet.Options
		want    string
	}{
		"an earlier cut": {incomplete, resnet.Options{}, "cut at conv3"},
		"deeper file":    {openGolden(t, "torchvision101").shapes, resnet.Options{}, "looks like a ResNet101"},
		"deepest file":   {openGolden(t, "keras152").shapes, resnet.Options{Depth: 101}, "looks like a ResNet152"},
		"basic blocks":   {openGolden(t, "torchvision34").shapes, resnet.Options{}, "looks like a ResNet34"},
		"two basic ones": {openGolden(t, "torchvision18").shapes, resnet.Options{Depth: 34}, "looks like a ResNet18"},
		"shallower file": {openGolden(t, "torchvision50").shapes, resnet.Options{Depth: 101}, "looks like a ResNet50"},
	} {
		if _, err := openShapes(t, test.shapes, test.options); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
	if _, err := openShapes(t, incomplete, resnet.Options{Cut: "conv3"}); err != nil {
		t.Errorf("complete up to conv3: %v", err)
	}
}

func TestVariantIsAskedForWhenAmbiguous(t *testing.T) {
	keras, torch := openGolden(t, "keras50").shapes, openGolden(t, "torchvision50").shapes
	for name := range keras {
		if strings.HasSuffix(name, "_conv/bias") {
			delete(keras, name)
		}
	}
	for name, shapes := range map[string]map[string][]int{"keras without biases": keras, "torchvision with a bias": torch} {
		if name != "keras without biases" {
			shapes["conv1.bias"] = []int{64}
		}
		if _, err := openShapes(t, shapes, resnet.Options{Cut: "conv1"}); err == nil || !strings.Contains(err.Error(), "variant") {
			t.Errorf("%s: %v", name, err)
		}
	}
	b, err := openShapes(t, keras, resnet.Options{Cut: "conv1", Variant: resnet.V15, Preprocess: resnet.PreprocessTorch})
	if err != nil || b.Architecture().Variant != resnet.V15 || b.Architecture().Preprocess != resnet.PreprocessTorch {
		t.Errorf("told the variant: %v", err)
	}
	b, err = openShapes(t, torch, resnet.Options{Cut: "conv1", Variant: resnet.V1})
	if err != nil || b.parameters.layers["conv1_conv"].bias[0] == 0 {
		t.Errorf("v1 under torchvision's names: %v", err)
	}
}

func TestNamesAreFoundBeneathWhatSaversAdd(t *testing.T) {
	for _, wrapper := range []string{"module.", "backbone.", "model.", "encoder.", "state_dict_ema.", "_orig_mod.", "model._orig_mod.backbone."} {
		shapes := map[string][]int{}
		for name, dims := range openGolden(t, "torchvision50").shapes {
			shapes[wrapper+name] = dims
		}
		b, err := openShapes(t, shapes, resnet.Options{Cut: "conv2"})
		if err != nil || b.Architecture().Variant != resnet.V15 {
			t.Errorf("below %s: %v", wrapper, err)
		}
	}
	for file, wrap := range map[string]func(string) string{
		"keras50": func(name string) string {
			layer, _, _ := strings.Cut(name, "/")
			return layer + "/" + name + ":0" // Keras 2's files
		},
		"torchvision50": func(name string) string { return "module." + name }, // DataParallel
		"huggingface50": func(name string) string { return "model." + strings.TrimPrefix(name, "resnet.") },
	} {
		shapes := map[string][]int{}
		for name, dims := range openGolden(t, file).shapes {
			shapes[wrap(name)] = dims
		}
		if _, err := openShapes(t, shapes, resnet.Options{Cut: "conv2"}); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	if _, err := openShapes(t, map[string][]int{"encoder.weight": {1}}, resnet.Options{}); err == nil || !strings.Contains(err.Error(), "encoder.weight") {
		t.Errorf("a file of another network: %v", err)
	}
}

func TestHalfPrecisionFiles(t *testing.T) {
	g := openGolden(t, "torchvision50")
	want := g.open(t, resnet.Options{Cut: "conv1"}).parameters.layers["conv1_conv"].kernel
	values := formula("conv1.weight", []int{64, 3, 7, 7})
	halves, brains := make([]float16.Float16, len(values)), make([]bfloat16.BFloat16, len(values))
	for i, v := range values {
		halves[i], brains[i] = float16.FromFloat32(v), bfloat16.FromFloat32(v)
	}
	for _, test := range []struct {
		tensor *tensors.Tensor
		limit  float64
	}{
		{tensors.FromFlatDataAndDimensions(halves, 64, 3, 7, 7), 1.0 / (1 << 11)},
		{tensors.FromFlatDataAndDimensions(brains, 64, 3, 7, 7), 1.0 / (1 << 8)},
	} {
		source := &alteredSource{formulaSource{g.shapes}, map[string]*tensors.Tensor{"conv1.weight": test.tensor}}
		b, err := openTensors(source, resnet.Options{Cut: resnet.Cut(resnet.Conv1)})
		if err != nil {
			t.Fatal(err)
		}
		if d := difference(t, b.parameters.layers["conv1_conv"].kernel, want); d == 0 || d > test.limit {
			t.Errorf("%s: the kernel lies %.1e from what was rounded, want up to %.1e", test.tensor.DType(), d, test.limit)
		}
	}
}

func TestDamagedNumbersAreRefused(t *testing.T) {
	g := openGolden(t, "torchvision50")
	for name, value := range map[string]float32{
		"bn1.running_var": -1, "bn1.running_mean": float32(math.NaN()), "bn1.weight": float32(math.Inf(1)),
	} {
		values := formula(name, []int{64})
		values[5] = value
		source := &alteredSource{formulaSource{g.shapes}, map[string]*tensors.Tensor{name: tensors.FromFlatDataAndDimensions(values, 64)}}
		if _, err := openTensors(source, resnet.Options{Cut: resnet.Cut(resnet.Conv1)}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s of %g: %v", name, value, err)
		}
	}
}

func TestZeroVariancesAreRefused(t *testing.T) {
	g := openGolden(t, "torchvision50")
	zeros := tensors.FromFlatDataAndDimensions(make([]float32, 64), 64)
	source := &alteredSource{formulaSource{g.shapes}, map[string]*tensors.Tensor{"bn1.running_var": zeros}}
	if _, err := openTensors(source, resnet.Options{Cut: resnet.Cut(resnet.Conv1)}); err == nil || !strings.Contains(err.Error(), "bn1.running_var") {
		t.Errorf("variances of zero: %v", err)
	}
}

func TestCaffePartialFile(t *testing.T) {
	path := sharedFile(t, "resnet50-caffe-partial/resnet50_caffe_partial.safetensors")
	b, err := Open(context.Background(), filled(resnet.Options{Weights: resnet.WeightsFile(path), Cut: resnet.Cut(resnet.Conv4)}))
	if err != nil {
		t.Fatal(err)
	}
	if b.Architecture().Variant != resnet.V1 || b.Architecture().Preprocess != resnet.PreprocessCaffe || !b.Trained() || len(b.Weights().SHA256) != 64 {
		t.Errorf("taken for %s, %s, %+v", b.Name(), b.Architecture().Preprocess, b.Weights())
	}
	if notes := strings.Join(b.Notes(), "; "); !strings.Contains(notes, "biases") || !strings.Contains(notes, "42 tensors") {
		t.Errorf("notes: %s", notes)
	}
	_, err = Open(context.Background(), filled(resnet.Options{Weights: resnet.WeightsFile(path)}))
	var mismatch *MismatchError
	if !errors.As(err, &mismatch) || len(mismatch.Missing) != 9 || len(mismatch.Unexpected)+len(mismatch.Wrong) != 0 {
		t.Fatalf("loaded whole: %v", err)
	}
	if !strings.Contains(err.Error(), "conv5_block3_3_conv/kernel") || !strings.Contains(err.Error(), "cut at conv4") {
		t.Errorf("the error says %v", err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	missing := resnet.WeightsFile("no/such/file.safetensors")
	for want, options := range map[string]resnet.Options{
		"depth must be one of 18, 34, 50, 101, 152; got 20":                                 {Depth: 20},
		"cut must be one of auto, conv1, conv2, conv3, conv4, conv5; got ":                  {Cut: "conv6"},
		"pool must be one of avg, max, none; got sum":                                       {Pool: "sum"},
		"preprocess must be one of auto, caffe, torch, rescale; got raw":                    {Preprocess: "raw"},
		"variant must be one of auto, v1, v1.5; got v2":                                     {Variant: "v2"},
		"from 32 to 2048 pixels; got 16":                                                    {Size: 16},
		"the top needs cut conv5":                                                           {Top: true, Cut: resnet.Cut(resnet.Conv3)},
		"must be one of imagenet, imagenet-v2, imagenet-a1, dino, sample, random, or":       {Weights: missing},
		"weights must be one of imagenet, imagenet-v2, imagenet-a1, dino, sample; got imag": {Weights: resnet.PublishedWeights("imagenot")},
		"weights must be one of published, file":                                            {Weights: resnet.Origin{Kind: "guess"}},
		"SHA-256":                                                                           {Weights: resnet.PublishedWeights(resnet.SetImageNet), Offline: true, CacheDir: t.TempDir()},
		"they are of a ResNet50 and not of a ResNet101":                                     {Weights: resnet.PublishedWeights(resnet.SetImageNet), Depth: 101, Offline: true},
	} {
		if options.Weights == (resnet.Origin{}) {
			options.Weights = resnet.RandomWeights(0)
		}
		if _, err := Open(context.Background(), filled(options)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %q", options, err, want)
		}
	}
	if err := (resnet.Options{}).Validate(); err == nil {
		t.Error("the zero options choose something")
	}
	var choice *resnet.ChoiceError
	if err := filled(resnet.Options{Pool: "sum"}).Validate(); !errors.As(err, &choice) || choice.Field != "pool" || choice.Got != "sum" {
		t.Errorf("a wrong pool: %v", err)
	}
	_, err := Open(context.Background(), filled(resnet.Options{Offline: true, CacheDir: "cache"}))
	if err == nil || !strings.Contains(err.Error(), filepath.Join("cache", "models--timm--resnet50.tv_in1k")) ||
		!strings.Contains(err.Error(), "weights sample") {
		t.Errorf("without the pretrained weights: %v", err)
	}
	if _, statErr := os.Stat("cache"); statErr == nil {
		t.Error("an offline look-up made a folder")
	}
}

func TestRandomWeights(t *testing.T) {
	open := func(seed uint64) *Backbone {
		b, err := Open(context.Background(), filled(resnet.Options{Weights: resnet.RandomWeights(seed), Cut: resnet.Cut(resnet.Conv2)}))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	a, again, other := open(1), open(1), open(2)
	kernel := func(b *Backbone) []float32 { return b.parameters.layers["conv2_block1_2_conv"].kernel }
	if !slices.Equal(kernel(a), kernel(again)) || a.Fingerprint() != again.Fingerprint() {
		t.Error("the same seed gave other weights")
	}
	if slices.Equal(kernel(a), kernel(other)) || a.Fingerprint() == other.Fingerprint() {
		t.Error("another seed gave the same weights")
	}
	if a.Trained() || !strings.Contains(fmt.Sprint(a.Notes()), "untrained") {
		t.Error("random weights are not called untrained")
	}
}

// A layer whose kernel is zero lets nothing of an image pass.
func TestDeadLayersAreRefused(t *testing.T) {
	tensors := random(t, resnet.Options{Cut: "conv1"}).Tensors()
	clear(tensors["conv1_conv/kernel"].Values)
	var file bytes.Buffer
	if err := weights.Write(&file, tensors, nil); err != nil {
		t.Fatal(err)
	}
	source, err := weights.Read(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openTensors(source, resnet.Options{Cut: "conv1"}); err == nil || !strings.Contains(err.Error(), "conv1_conv/kernel holds only zeros") {
		t.Errorf("a kernel of zeros: %v", err)
	}
}

// The geometry belongs to the weights, like the preprocessing.
func TestResizeBelongsToTheWeights(t *testing.T) {
	for name, want := range map[string]imageio.Method{"torchvision50": imageio.Crop, "huggingface50": imageio.Crop, "keras50": imageio.Bilinear} {
		b, err := openShapes(t, openGolden(t, name).shapes, resnet.Options{Cut: "conv1"})
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Weights().Resize; got != want {
			t.Errorf("%s: images come to their size by %q, want %s", name, got, want)
		}
	}
	for _, set := range resnet.Sets() {
		if got := set.Origin().Resize; got != set.Geometry.Method || got == "" {
			t.Errorf("%s: %q", set.Name, got)
		}
	}
	if got := random(t, resnet.Options{Cut: "conv1"}).Weights().Resize; got != "" {
		t.Errorf("random weights: %q", got)
	}
}

func TestWeightsWithoutATop(t *testing.T) {
	shapes := openGolden(t, "torchvision50").shapes
	delete(shapes, "fc.weight")
	delete(shapes, "fc.bias")
	_, err := openShapes(t, shapes, resnet.Options{Top: true})
	none, ok := errors.AsType[*resnet.NoTopError](err)
	if !ok || len(none.Missing) != 2 || !strings.Contains(err.Error(), "missing: fc.weight, fc.bias") {
		t.Errorf("a file without fc: %v", err)
	}
	o := sampleOptions()
	o.Top = true
	if _, err := Open(t.Context(), o); !errors.As(err, new(*resnet.NoTopError)) {
		t.Errorf("weights that end with conv3: %v", err)
	}
}

// An error repeats the beginning of a stranger's text, and nothing that a terminal obeys.
func TestErrorsRepeatLittleOfWeights(t *testing.T) {
	name := "\x1b[2J" + strings.Repeat("A", 1<<20)
	many := &MismatchError{Missing: []string{"conv1.weight"}, Unexpected: slices.Repeat([]string{name}, 5000), Wrong: []string{name}}
	if text := many.Error(); len(text) > 1<<20 || strings.Contains(text, "\x1b") || !strings.Contains(text, "and 4000 more") {
		t.Errorf("%d bytes, %.200q", len(text), text)
	}
	path := filepath.Join(t.TempDir(), "other.safetensors")
	var file bytes.Buffer
	if err := weights.Write(&file, map[string]weights.Float32{name: {Shape: []int{0}}}, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), filled(resnet.Options{Weights: resnet.ChooseWeights(path, 0)}))
	if err == nil || len(err.Error()) > 2000 || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("%.200q", err)
	}
}

package onnxnet_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/export"
	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/onnxnet"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/resnet/backbone"
	"github.com/headstart-nb/headstart/models/weights"
)

const side = 64

// exported writes a ResNet with a linear head as ONNX.
func exported(t *testing.T, a resnet.Architecture, headText string) (network *backbone.Backbone, path string) {
	t.Helper()
	network, err := backbone.Open(t.Context(), a.Options(resnet.RandomWeights(3)))
	if err != nil {
		t.Fatal(err)
	}
	spec, err := head.Parse(headText)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := spec.Plan(network.FeatureShape(), 4, network.StageDims()...)
	if err != nil {
		t.Fatal(err)
	}
	n := export.Network{
		Name: "small", Version: "v1", Backbone: network, Head: plan, HeadWeights: map[string]weights.Float32{}, Output: export.Softmax,
		Classes: []string{"a", "b", "c", "d"}, Geometry: imageio.Geometry{Size: a.Size, Method: imageio.Crop},
	}
	for _, w := range plan.Weights() {
		n.HeadWeights[w.Name] = weights.Float32{Shape: w.Shape, Values: w.Init(1)}
	}
	path = filepath.Join(t.TempDir(), "small.onnx")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(export.ONNX(file, n), file.Close()); err != nil {
		t.Fatal(err)
	}
	return network, path
}

func photos(n int) []uint8 {
	random := rand.New(rand.NewPCG(1, 2))
	pixels := make([]uint8, n*side*side*3)
	for i := range pixels {
		pixels[i] = uint8(random.IntN(256))
	}
	return pixels
}

// A ResNet that we export ourselves, read back as a backbone, gives the features of the ResNet, on either backend.
func TestFeaturesOfAnExportAreTheNetworksOwn(t *testing.T) {
	devices := map[string]*accel.Device{"go": modeltest.PureGo(t), "xla": modeltest.XLA(t, 1)}
	for name, c := range map[string]struct {
		a      resnet.Architecture
		head   string
		device string
	}{
		"ResNet18":     {resnet.Architecture{Depth: 18, Variant: resnet.V15, Cut: "conv5", Pool: resnet.PoolAvg, Preprocess: resnet.PreprocessTorch, Size: side}, "none", "xla"},
		"ResNet50 v1":  {resnet.Architecture{Depth: 50, Variant: resnet.V1, Cut: "conv3", Pool: resnet.PoolMax, Preprocess: resnet.PreprocessCaffe, Size: side}, "none", "xla"},
		"three stages": {resnet.Architecture{Depth: 18, Variant: resnet.V15, Cut: "conv1+conv2+conv3", Pool: resnet.PoolAvg, Preprocess: resnet.PreprocessRescale, Size: side}, "none", "xla"},
		"pure Go":      {resnet.Architecture{Depth: 18, Variant: resnet.V15, Cut: "conv2", Pool: resnet.PoolAvg, Preprocess: resnet.PreprocessTorch, Size: side}, "none", "go"},
	} {
		t.Run(name, func(t *testing.T) {
			device := devices[c.device]
			ours, path := exported(t, c.a, c.head)
			network, err := onnxnet.Open(t.Context(), path, onnxnet.Options{})
			if err != nil {
				t.Fatal(err)
			}
			options := backbone.DefaultExtractorOptions()
			options.Expected = 3
			native, err := ours.NewExtractor(t.Context(), device, options)
			if err != nil {
				t.Fatal(err)
			}
			defer native.Close()
			pixels := photos(3)
			want, err := native.Extract(t.Context(), pixels, 3)
			if err != nil {
				t.Fatal(err)
			}
			extractor, err := network.NewExtractor(t.Context(), device, 3)
			if err != nil {
				t.Fatal(err)
			}
			defer extractor.Close()
			got, err := extractor.Extract(t.Context(), pixels, 3)
			if err != nil || len(got) != len(want) || network.Length() != len(want)/3 {
				t.Fatalf("%d features, want %d: %v", len(got), len(want), err)
			}
			largest, scale := 0.0, 0.0
			for i := range want {
				largest, scale = max(largest, math.Abs(float64(got[i]-want[i]))), max(scale, math.Abs(float64(want[i])))
			}
			t.Logf("the largest difference is %.1e of %.1f", largest, scale)
			if largest > 1e-4*scale || scale == 0 {
				t.Errorf("the features differ by up to %g of %g", largest, scale)
			}
		})
	}
}

// What a network is, and what it is not, is settled when it is opened.
func TestOpen(t *testing.T) {
	_, path := exported(t, resnet.Architecture{Depth: 18, Variant: resnet.V15, Cut: "conv2", Pool: resnet.PoolAvg, Preprocess: resnet.PreprocessTorch, Size: side}, "dense:8:relu")
	open := func(o onnxnet.Options) (*onnxnet.Network, error) { return onnxnet.Open(context.Background(), path, o) }
	n, err := open(onnxnet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if o := n.Options(); o.Size != side || o.Preprocess != onnxnet.PreprocessNone || len(o.SHA256) != 64 || n.Length() != 8 {
		t.Errorf("it is %+v with %d features; the last layer's input has 8", o, n.Length())
	}
	whole, err := open(onnxnet.Options{Output: "probabilities", SHA256: n.Options().SHA256})
	if err != nil || whole.Length() != 4 || whole.Fingerprint() == n.Fingerprint() {
		t.Errorf("cut at its end: %v", err)
	}
	for want, o := range map[string]onnxnet.Options{
		"must have":               {SHA256: strings.Repeat("0", 64)},
		`there is no output "no"`: {Output: "no"},
		"got a size of 128":       {Size: 128},
		"does not fit":            {Preprocess: resnet.PreprocessTorch},
	} {
		if _, err := open(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q in it", o, err, want)
		}
	}
}

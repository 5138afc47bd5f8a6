package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/weights"
)

// linear is untrainedOf with a head that is one linear layer behind a batch norm.
func linear(t *testing.T, depth int, variant resnet.Variant, cut resnet.Cut) Network {
	t.Helper()
	n := untrainedOf(t, depth, variant, cut, resnet.PoolAvg)
	spec, err := head.Parse("batchnorm,dropout:0.5")
	if err != nil {
		t.Fatal(err)
	}
	if n.Head, err = spec.Plan(n.Backbone.FeatureShape(), 3); err != nil {
		t.Fatal(err)
	}
	n.HeadWeights = map[string]weights.Float32{}
	for i, w := range n.Head.Weights() {
		values := w.Init(int64(i))
		for k := range values {
			values[k] += 0.1 * float32(k%7)
		}
		n.HeadWeights[w.Name] = weights.Float32{Shape: w.Shape, Values: values}
	}
	return n
}

func TestHuggingFaceConfig(t *testing.T) {
	for _, c := range []struct {
		depth         int
		variant       resnet.Variant
		cut           resnet.Cut
		depths, sizes []int
		layer         string
	}{
		{50, resnet.V1, "conv5", []int{3, 4, 6, 3}, []int{256, 512, 1024, 2048}, "bottleneck"},
		{50, resnet.V15, "conv3", []int{3, 4}, []int{256, 512}, "bottleneck"},
		{18, resnet.V15, "conv5", []int{2, 2, 2, 2}, []int{64, 128, 256, 512}, "basic"},
	} {
		h, err := ToHuggingFace(linear(t, c.depth, c.variant, c.cut))
		if err != nil {
			t.Fatal(err)
		}
		var config struct {
			Depths     []int             `json:"depths"`
			Sizes      []int             `json:"hidden_sizes"`
			Layer      string            `json:"layer_type"`
			Downsample bool              `json:"downsample_in_bottleneck"`
			Labels     map[string]string `json:"id2label"`
		}
		if err := json.Unmarshal(h.Config, &config); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(config.Depths, c.depths) || !slices.Equal(config.Sizes, c.sizes) || config.Layer != c.layer || config.Downsample != (c.variant == resnet.V1) {
			t.Errorf("%d %s %s: %s", c.depth, c.variant, c.cut, h.Config)
		}
		if config.Labels["1"] != "c\nd" {
			t.Errorf("the labels are %q", config.Labels)
		}
		var file bytes.Buffer
		if err := h.WriteWeights(&file); err != nil || file.Len() == 0 {
			t.Error(err)
		}
	}
}

// The linear layer gives what the batch norm and the dense layer give.
func TestABatchNormIsFoldedIntoTheLinearLayer(t *testing.T) {
	n := linear(t, 18, resnet.V15, "conv2")
	kernel, bias, err := n.linearHead()
	if err != nil {
		t.Fatal(err)
	}
	norm, dense := n.Head.Steps[0].Name, n.Head.Steps[len(n.Head.Steps)-1].Name
	w := func(layer, name string) []float32 { return n.HeadWeights[layer+"/"+name].Values }
	in := len(w(norm, "gamma"))
	for o := range 3 {
		got, want := float64(bias.Values[o]), float64(w(dense, "bias")[o])
		for i := range in {
			x := math.Sin(float64(i))
			got += float64(kernel.Values[o*in+i]) * x
			y := (x-float64(w(norm, "moving_mean")[i]))/math.Sqrt(float64(w(norm, "moving_variance")[i])+head.BatchNormEpsilon)*float64(w(norm, "gamma")[i]) + float64(w(norm, "beta")[i])
			want += y * float64(w(dense, "kernel")[i*3+o])
		}
		if math.Abs(got-want) > 1e-4 {
			t.Errorf("output %d is %g, want %g", o, got, want)
		}
	}
}

func TestWhatTransformersCannotBeIsRefused(t *testing.T) {
	for name, n := range map[string]Network{
		"a hidden layer": untrained(t, resnet.V15, "conv2", resnet.PoolAvg),
		"two stages":     linear(t, 50, resnet.V15, "conv2+conv3"),
		"conv1":          linear(t, 50, resnet.V15, "conv1"),
		"maximum":        untrained(t, resnet.V15, "conv2", resnet.PoolMax),
	} {
		if _, err := ToHuggingFace(n); !errors.Is(err, ErrHuggingFace) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What Keras's caffe preprocessing does in BGR, the processor does in RGB.
func TestHuggingFaceProcessor(t *testing.T) {
	n := linear(t, 50, resnet.V1, "conv2")
	for method, kind := range map[imageio.Method]string{imageio.Crop: "ConvNextImageProcessor", imageio.Bilinear: "ViTImageProcessor", imageio.Nearest: "ViTImageProcessor"} {
		n.Geometry.Method = method
		h, err := ToHuggingFace(n)
		if err != nil {
			t.Fatal(err)
		}
		var processor struct {
			Kind     string    `json:"image_processor_type"`
			Mean     []float64 `json:"image_mean"`
			Std      []float64 `json:"image_std"`
			Resample int       `json:"resample"`
		}
		if err := json.Unmarshal(h.Processor, &processor); err != nil {
			t.Fatal(err)
		}
		if processor.Kind != kind || math.Abs(processor.Mean[0]*255-123.68) > 1e-3 || math.Abs(processor.Std[0]*255-1) > 1e-6 || (processor.Resample == 0) != (method == imageio.Nearest) {
			t.Errorf("%s: %s", method, h.Processor)
		}
	}
}

// ConvNextImageProcessor crops below 384 pixels alone.
func TestHuggingFaceProcessorOfLargeImages(t *testing.T) {
	n := Network{Geometry: imageio.Geometry{Size: 384, Method: imageio.Crop}}
	text, err := json.Marshal(n.huggingFaceProcessor(resnet.Normalization{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"BitImageProcessor"`, `"size":{"shortest_edge":438}`, `"do_center_crop":true`, `"crop_size":{"height":384,"width":384}`} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("%s is missing in %s", want, text)
		}
	}
}

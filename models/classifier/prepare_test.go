package classifier

import (
	"errors"
	"math"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/onnxnet"
	"github.com/headstart-nb/headstart/models/resnet/backbone"
)

func nearly(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) || len(want) == 0 {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i := range want {
		if math.Abs(float64(got[i]-want[i])) > 1e-4 {
			t.Errorf("%s: number %d is %g, want %g", what, i, got[i], want[i])
		}
	}
}

// A prepared model answers as before, for one image and for many, with its weights on the device alone.
func TestPreparedModel(t *testing.T) {
	ctx := t.Context()
	options := modeltest.Options()
	options.Cut = "conv1+conv2"
	job := smallJob(t)
	job.Backbone, job.Recipe.Epochs = modeltest.Backbone(t, options), 2
	m := fit(t, modeltest.XLA(t, 1), job)
	var pixels []uint8
	for i := range 6 {
		one, err := job.Dataset.Pixels(i, m.geometry())
		if err != nil {
			t.Fatal(err)
		}
		pixels = append(pixels, one...)
	}
	size := len(pixels) / 6
	want, err := m.PredictPixels(ctx, pixels, 6)
	if err != nil {
		t.Fatal(err)
	}
	heat, err := m.ExplainPixels(ctx, pixels[:size], "")
	if err != nil {
		t.Fatal(err)
	}
	_ = m.maps.Close() // the next is made by the prepared model
	m.maps = nil
	if err := m.Prepare(ctx, 4); err != nil {
		t.Fatal(err)
	}
	got, err := m.PredictPixels(ctx, pixels, 6)
	if err != nil {
		t.Fatal(err)
	}
	nearly(t, "six images", got, want)
	alone, err := m.PredictPixels(ctx, pixels[:size], 1)
	if err != nil {
		t.Fatal(err)
	}
	nearly(t, "one image", alone, want[:len(want)/6])
	again, err := m.ExplainPixels(ctx, pixels[:size], "")
	if err != nil {
		t.Fatal(err)
	}
	nearly(t, "the heat map", again.Values, heat.Values)
	if m.Backbone().HasWeights() || !job.Backbone.HasWeights() {
		t.Error("the model holds its weights on the host, or the training's backbone has lost them")
	}
	if err := m.Save(filepath.Join(t.TempDir(), "saved"), SaveOptions{}); !errors.Is(err, backbone.ErrNoWeights) {
		t.Errorf("saving it: %v", err)
	}
	if err := m.ExportONNX(filepath.Join(t.TempDir(), "model.onnx")); !errors.Is(err, backbone.ErrNoWeights) {
		t.Errorf("exporting it: %v", err)
	}
	if err := m.Prepare(ctx, 4); !errors.Is(err, backbone.ErrNoWeights) {
		t.Errorf("preparing it again: %v", err)
	}
}

// A network of an ONNX file is prepared as well.
func TestPreparedFile(t *testing.T) {
	ctx, device := t.Context(), modeltest.PureGo(t)
	job := smallJob(t)
	job.Recipe.Epochs = 1
	file := filepath.Join(t.TempDir(), "model.onnx")
	if err := fit(t, device, job).ExportONNX(file); err != nil {
		t.Fatal(err)
	}
	network, err := onnxnet.Open(ctx, file, onnxnet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	job.Backbone = features.OfFile(network, features.Options{})
	m := fit(t, device, job)
	pixels, err := job.Dataset.Pixels(0, m.geometry())
	if err != nil {
		t.Fatal(err)
	}
	want, err := m.PredictPixels(ctx, pixels, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Prepare(ctx, 8); err != nil {
		t.Fatal(err)
	}
	got, err := m.PredictPixels(ctx, pixels, 1)
	if err != nil {
		t.Fatal(err)
	}
	nearly(t, "one image", got, want)
}

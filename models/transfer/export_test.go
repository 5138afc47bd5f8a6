package transfer

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/resnet"
)

// smallResNet is a model on a ResNet50 with random weights that is quick to compute. The changes are of its training.
func smallResNet(t *testing.T, device *accel.Device, head, variant, preprocess string, changes ...func(*Config)) (*Model, *imagefolder.Dataset) {
	t.Helper()
	config := smallResNetConfig(t, head, variant, preprocess, changes...)
	m, err := Fit(t.Context(), device, config, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m, config.Dataset
}

func smallResNetConfig(t *testing.T, head, variant, preprocess string, changes ...func(*Config)) Config {
	t.Helper()
	dir := t.TempDir()
	writeImages(t, dir, 4, "red", "green")
	network, err := resnet.Open(t.Context(), resnet.Options{
		Weights: resnet.WeightsRandom, Variant: variant, Cut: "conv3", Preprocess: preprocess, Size: 32, Seed: 5,
	})
	if err != nil {
		t.Fatal(err)
	}
	config := Config{
		Dataset: load(t, dir), Backbone: ResNet(network, ResNetOptions{}), Head: head, Epochs: 2, Batch: 4, Silence: allSilences(), Name: "small",
		Unfreeze: "conv3",
	}
	for _, change := range changes {
		change(&config)
	}
	return config
}

// XLA gives the same bits again, the fine-tuned stage's gradients included.
func TestSameBitsOnXLA(t *testing.T) {
	device := xlaCPU(t)
	a, _ := smallResNet(t, device, "dense:16:relu,dropout:0.2", resnet.V1, "caffe")
	b, _ := smallResNet(t, device, "dense:16:relu,dropout:0.2", resnet.V1, "caffe")
	if a.Provenance.HeadDigest != b.Provenance.HeadDigest {
		t.Error("the same training gave other weights")
	}
}

// Fine-tuning shared by two devices, and in half precision, ends near what one device does in full precision.
func TestFineTuningInOtherWays(t *testing.T) {
	device, err := accel.Open(t.Context(), accel.Options{Device: "cpu", Devices: 2})
	if err != nil {
		t.Skip("needs the PJRT CPU plugin: make setup")
	}
	defer device.Close()
	longer := func(c *Config) {
		network, _ := ResNetOf(c.Backbone)
		if network, err = network.With("conv2", ""); err != nil {
			t.Fatal(err)
		}
		c.Backbone, c.Unfreeze, c.Epochs, c.LearningRate = ResNet(network, ResNetOptions{}), "conv2", 4, 0.0003
	}
	want, data := smallResNet(t, device, "dense:16:relu,dropout:0.2", resnet.V1, "caffe", longer)
	probabilities := func(m *Model) []float32 {
		p, err := m.Probabilities(t.Context(), data, allItems(data))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	expected := probabilities(want)
	for name, c := range map[string]struct {
		change    func(*Config)
		tolerance float64 // of losses and probabilities
	}{
		"two devices": {func(c *Config) { c.Devices = 2 }, 1e-4},
		"bfloat16":    {func(c *Config) { c.Precision = "bfloat16" }, 0.02},
		// From the pixels on: conv1 learns as well, at a tenth of conv2's rate.
		"whole network": {func(c *Config) { c.Devices, c.Precision, c.Unfreeze = 2, "bfloat16", "conv1" }, 0.05},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := smallResNet(t, device, "dense:16:relu,dropout:0.2", resnet.V1, "caffe", longer, c.change)
			largest := 0.0
			for i, e := range got.History {
				largest = max(largest, math.Abs(e.Loss-want.History[i].Loss), math.Abs(e.ValLoss-want.History[i].ValLoss))
			}
			for i, p := range probabilities(got) {
				largest = max(largest, math.Abs(float64(p-expected[i])))
			}
			t.Logf("the largest difference of losses and probabilities is %.2g", largest)
			if !(largest <= c.tolerance) {
				t.Errorf("the losses or probabilities differ by %g", largest)
			}
			if got.Provenance.Settings.Precision == "" {
				t.Error("the record does not say in which precision it was trained")
			}
		})
	}
	if want.History[3].Loss >= want.History[0].Loss {
		t.Errorf("it learns nothing: %+v", want.History)
	}
}

// peerPython is a Python with the packages; HEADSTART_PEER_PYTHON names it.
func peerPython(t *testing.T, packages string) string {
	t.Helper()
	python := os.Getenv("HEADSTART_PEER_PYTHON")
	if python == "" {
		t.Skip("needs HEADSTART_PEER_PYTHON, a Python with " + packages)
	}
	if err := exec.Command(python, "-P", "-c", "import "+packages).Run(); err != nil {
		t.Skipf("%s has not all of %s", python, packages)
	}
	return python
}

// comparePeer runs a script that gets the raw pixels on standard input and prints probabilities as JSON.
func comparePeer(t *testing.T, python, script string, m *Model, data *imagefolder.Dataset) {
	t.Helper()
	geometry := m.Backbone.Identity().Geometry
	var raw []byte
	for item := range data.Items {
		pixels, err := data.Pixels(item, geometry)
		if err != nil {
			t.Fatal(err)
		}
		raw = append(raw, pixels...)
	}
	want, err := m.PredictPixels(context.Background(), raw, len(data.Items))
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(python, "-P", "-c", script)
	command.Stdin, command.Stderr = bytes.NewReader(raw), os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got []float64
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	if len(got) != len(want) {
		t.Fatalf("%d probabilities, want %d", len(got), len(want))
	}
	largest := 0.0
	for i := range want {
		largest = max(largest, math.Abs(got[i]-float64(want[i])))
	}
	t.Logf("%s: the largest difference is %.2g", m.Head, largest)
	if largest > 1e-4 {
		t.Errorf("the probabilities differ by up to %g: %v and %v", largest, got[:4], want[:4])
	}
}

func exportCases(t *testing.T, device *accel.Device, run func(m *Model, data *imagefolder.Dataset)) {
	t.Helper()
	for _, c := range [][3]string{
		{"dense:16:relu,batchnorm,dropout:0.2,dense:8:gelu", resnet.V1, "caffe"},
		{"layernorm,dense:16:silu,leakyrelu,dense:8:elu,selu,tanh,sigmoid", resnet.V15, "torch"},
	} {
		m, data := smallResNet(t, device, c[0], c[1], c[2])
		run(m, data)
	}
}

func TestONNXGivesTheSameProbabilities(t *testing.T) {
	python := peerPython(t, "numpy, onnx, onnxruntime")
	device := xlaCPU(t)
	exportCases(t, device, func(m *Model, data *imagefolder.Dataset) {
		file := filepath.Join(t.TempDir(), "model.onnx")
		if err := m.ExportONNX(file); err != nil {
			t.Fatal(err)
		}
		comparePeer(t, python, `
import json, sys, numpy as np, onnx, onnxruntime
file = "`+file+`"
onnx.checker.check_model(onnx.load(file), full_check=True)
x = np.frombuffer(sys.stdin.buffer.read(), np.uint8).reshape(-1, 32, 32, 3)
session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
print(json.dumps(session.run(None, {"images": x})[0].ravel().tolist()))
`, m, data)
	})
}

func TestTorchGivesTheSameProbabilities(t *testing.T) {
	python := peerPython(t, "torch, torchvision, safetensors")
	device := xlaCPU(t)
	exportCases(t, device, func(m *Model, data *imagefolder.Dataset) {
		file := filepath.Join(t.TempDir(), "model.safetensors")
		snippet, err := m.ExportTorch(file)
		if err != nil {
			t.Fatal(err)
		}
		comparePeer(t, python, `
import json, sys, torch
x = torch.frombuffer(bytearray(sys.stdin.buffer.read()), dtype=torch.uint8).reshape(-1, 32, 32, 3).permute(0, 3, 1, 2).float()
`+snippet+`
print(json.dumps(probabilities.ravel().tolist()))
`, m, data)
	})
}

// A saved ResNet comes back with its own weights, trained stages included.
func TestSavedResNetPredictsTheSame(t *testing.T) {
	device := xlaCPU(t)
	m, data := smallResNet(t, device, "dense:16:relu", resnet.V1, "caffe")
	dir := filepath.Join(t.TempDir(), "saved")
	if err := m.Save(dir, SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(context.Background(), device, dir, LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Close()
	if diff := cmp.Diff(m.Changes, loaded.Changes); diff != "" || len(m.Changes) != 1 {
		t.Errorf("it changed the stages %v, and loaded: %s", m.Changes, diff)
	}
	if loaded.Backbone.Identity().Trained {
		t.Error("random weights came back as trained ones")
	}
	want, err := m.Probabilities(context.Background(), data, allItems(data))
	if err != nil {
		t.Fatal(err)
	}
	got, err := loaded.Probabilities(context.Background(), data, allItems(data))
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if math.Abs(float64(want[i]-got[i])) > 1e-6 {
			t.Fatalf("the probability %d was %g and is %g", i, want[i], got[i])
		}
	}
	heat, err := loaded.Explain(context.Background(), filepath.Join(data.Root, data.Items[0].Path), "")
	if err != nil || heat.Height != 4 {
		t.Errorf("the heat map is %+v, %v", heat, err)
	}
}

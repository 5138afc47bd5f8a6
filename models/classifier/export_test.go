package classifier

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/resnet"
)

// peerPython is a Python with the packages; HEADSTART_PEER_PYTHON names it.
func peerPython(t *testing.T, packages string) string {
	t.Helper()
	python := os.Getenv("HEADSTART_PEER_PYTHON")
	if python == "" {
		need.Lack(t, need.Peers, "HEADSTART_PEER_PYTHON does not name a Python with "+packages)
	}
	if err := exec.Command(python, "-P", "-c", "import "+packages).Run(); err != nil {
		need.Lack(t, need.Peers, python+" does not have all of "+packages)
	}
	return python
}

// comparePeer runs a script that gets the raw pixels on standard input and prints probabilities as JSON.
func comparePeer(t *testing.T, python, script string, m *Model, data *imagefolder.Dataset) {
	t.Helper()
	geometry := m.Backbone().Identity().Geometry
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
	t.Logf("%s: the largest difference is %.2g", m.Head(), largest)
	if largest > 1e-4 {
		t.Errorf("the probabilities differ by up to %g: %v and %v", largest, got[:4], want[:4])
	}
}

func exportCases(t *testing.T, device *accel.Device, run func(m *Model, data *imagefolder.Dataset)) {
	t.Helper()
	for _, c := range []struct {
		head       string
		variant    resnet.Variant
		preprocess resnet.Preprocess
	}{
		{"dense:16:relu,batchnorm,dropout:0.2,dense:8:gelu", resnet.V1, "caffe"},
		{"layernorm,dense:16:silu,leakyrelu,dense:8:elu,selu,tanh,sigmoid", resnet.V15, "torch"},
	} {
		options := modeltest.Options()
		options.Variant, options.Preprocess = c.variant, c.preprocess
		job := fineTuned(t, c.head, options)
		m, data := fit(t, device, job), job.Dataset
		run(m, data)
	}
	stagesCase(t, device, run)
}

func TestONNXGivesTheSameProbabilities(t *testing.T) {
	python := peerPython(t, "numpy, onnx, onnxruntime")
	device := modeltest.XLA(t, 1)
	exportCases(t, device, func(m *Model, data *imagefolder.Dataset) {
		file := filepath.Join(t.TempDir(), "model.onnx")
		if err := m.ExportONNX(file); err != nil {
			t.Fatal(err)
		}
		comparePeer(t, python, `
import json, sys, numpy as np, onnx, onnxruntime
file = "`+file+`"
model = onnx.load(file)
onnx.checker.check_model(model, full_check=True)
about = {p.key: p.value for p in model.metadata_props}
assert json.loads(about["classes"]) == ["green", "red"], about
assert json.loads(about["resize"]) == {"size": 32, "method": "bilinear"}, about
x = np.frombuffer(sys.stdin.buffer.read(), np.uint8).reshape(-1, 32, 32, 3)
session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
print(json.dumps(session.run(None, {"images": x})[0].ravel().tolist()))
`, m, data)
	})
}

func TestTorchGivesTheSameProbabilities(t *testing.T) {
	python := peerPython(t, "torch, torchvision, safetensors")
	device := modeltest.XLA(t, 1)
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

// TestTransformersGiveTheSameProbabilities: AutoModelForImageClassification loads the folder, with no weight missing or left over, and its
// probabilities are ours, for both variants, both orders of the colors, and with a batch norm before the linear layer.
func TestTransformersGiveTheSameProbabilities(t *testing.T) {
	python := peerPython(t, "torch, transformers, safetensors")
	device := modeltest.XLA(t, 1)
	for _, c := range []struct {
		head       string
		variant    resnet.Variant
		preprocess resnet.Preprocess
		depth      int
	}{
		{"none", resnet.V1, "caffe", 50}, {"batchnorm,dropout:0.2", resnet.V15, "torch", 50}, {"none", resnet.V15, "torch", 18},
	} {
		t.Run(fmt.Sprintf("resnet%d %s", c.depth, c.head), func(t *testing.T) {
			options := modeltest.Options()
			options.Variant, options.Preprocess, options.Depth = c.variant, c.preprocess, c.depth
			job := fineTuned(t, c.head, options)
			m := fit(t, device, job)
			dir := filepath.Join(t.TempDir(), "hf")
			if err := m.ExportHuggingFace(dir); err != nil {
				t.Fatal(err)
			}
			comparePeer(t, python, `
import json, sys, torch
from transformers import AutoModelForImageClassification
dir = "`+dir+`"
model, info = AutoModelForImageClassification.from_pretrained(dir, output_loading_info=True)
lost = [name for kind in ("missing_keys", "unexpected_keys", "mismatched_keys") for name in info[kind] if not name.endswith("num_batches_tracked")]
assert not lost, lost
assert model.config.id2label == {0: "green", 1: "red"}, model.config.id2label
about = json.load(open(dir + "/preprocessor_config.json"))
x = torch.frombuffer(bytearray(sys.stdin.buffer.read()), dtype=torch.uint8).reshape(-1, 32, 32, 3).permute(0, 3, 1, 2).float()
x = (x * about["rescale_factor"] - torch.tensor(about["image_mean"]).view(3, 1, 1)) / torch.tensor(about["image_std"]).view(3, 1, 1)
model.eval()
with torch.no_grad():
    print(json.dumps(model(x).logits.softmax(1).ravel().tolist()))
`, m, job.Dataset)
		})
	}
}

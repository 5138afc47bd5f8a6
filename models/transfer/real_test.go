package transfer

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/resnet"
)

// shared is the folder of real pictures and weights beside the checkout.
func shared(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("HEADSTART_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	path := filepath.Join(root, "data", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("needs the shared data: %v", err)
	}
	return path
}

func xlaCPU(t *testing.T) *accel.Device {
	t.Helper()
	device, err := accel.Open(context.Background(), accel.Options{Device: "cpu"})
	if err != nil {
		t.Skip("needs the PJRT CPU plugin: make setup")
	}
	t.Cleanup(func() { _ = device.Close() })
	return device
}

// Weights trained on ImageNet must be worth more than random ones: that is what transfer learning is. All 480 photos take
// minutes; without HEADSTART_SLOW a quarter of each class stands for them.
func TestPretrainedWeightsWinOnRealPhotos(t *testing.T) {
	if testing.Short() {
		t.Skip("runs ResNet50 on real photos twice")
	}
	photos, weights := filepath.Join(shared(t, "trashnet-6c"), "data"), shared(t, "resnet50-caffe-partial")
	device := xlaCPU(t)
	ctx := context.Background()
	data, err := imagefolder.Load(ctx, photos, imagefolder.Options{Seed: 42})
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("HEADSTART_SLOW") == "" {
		quarter := data.Items[:0]
		for i, item := range data.Items {
			if i%4 == 0 {
				quarter = append(quarter, item)
			}
		}
		data.Items = quarter
	}
	files, _ := filepath.Glob(filepath.Join(weights, "*.safetensors"))
	if len(files) == 0 {
		t.Skip("needs the partial ResNet50 weights")
	}
	accuracy := map[string]float64{}
	for name, options := range map[string]resnet.Options{
		"pretrained": {Weights: files[0], Cut: "conv4", Preprocess: "caffe"},
		"random":     {Weights: resnet.WeightsRandom, Cut: "conv4", Seed: 42, Preprocess: "caffe"},
	} {
		network, err := resnet.Open(ctx, options)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Fit(ctx, device, Config{Dataset: data, Backbone: ResNet(network, ResNetOptions{}), Silence: []string{SilenceRandom}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		accuracy[name] = m.History.Best().ValAccuracy
		t.Logf("%s: validation accuracy %.3f, loss %.3f", name, accuracy[name], m.History.Best().ValLoss)
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
	if accuracy["pretrained"] < accuracy["random"]+0.10 {
		t.Errorf("pretrained weights reach %.3f, random ones %.3f", accuracy["pretrained"], accuracy["random"])
	}
}

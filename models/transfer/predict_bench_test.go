package transfer

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/resnet"
)

// One image's file to its classes by a warm model, as a multiple of the bare pass of the backbone on its pixels; frozen,
// and with a stage that was fine-tuned.
func BenchmarkPredictOne(b *testing.B) {
	ctx := context.Background()
	device, err := accel.Open(ctx, accel.Options{Device: "cpu"})
	if err != nil {
		b.Skip("needs the PJRT CPU plugin: make setup")
	}
	defer device.Close()
	options := resnet.DefaultOptions()
	options.Weights = resnet.RandomWeights(5)
	network, err := resnet.Open(ctx, options)
	if err != nil {
		b.Fatal(err)
	}
	backbone := ResNet(network, DefaultResNetOptions())
	bare, err := backbone.Extractor(ctx, device, 1)
	if err != nil {
		b.Fatal(err)
	}
	defer bare.Close()
	dir := b.TempDir()
	writeImages(b, dir, 2, "red", "green")
	data := load(b, dir)
	file := filepath.Join(dir, "red", "000.png")
	pixels, err := data.Pixels(0, backbone.Identity().Geometry)
	if err != nil {
		b.Fatal(err)
	}
	for name, unfreeze := range map[string]string{"frozen": "", "fine-tuned": "conv5"} {
		b.Run(name, func(b *testing.B) {
			m, err := Fit(ctx, device, Config{
				Dataset: data, Backbone: backbone, Epochs: 1, Batch: 4, Silence: allSilences(), Name: "one", Unfreeze: unfreeze,
			}, nil)
			if err != nil {
				b.Fatal(err)
			}
			defer m.Close()
			predict := func() error { _, err := m.Predict(ctx, []string{file}, 3); return err }
			if err := predict(); err != nil { // the first compiles
				b.Fatal(err)
			}
			var alone, whole time.Duration
			for b.Loop() {
				start := time.Now()
				if _, err := bare.Extract(ctx, pixels, 1); err != nil {
					b.Fatal(err)
				}
				alone += time.Since(start)
				start = time.Now()
				if err := predict(); err != nil {
					b.Fatal(err)
				}
				whole += time.Since(start)
			}
			b.ReportMetric(float64(whole)/float64(alone), "times-bare")
		})
	}
}

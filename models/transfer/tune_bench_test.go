package transfer

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/headstart-nb/headstart/models/accel"
)

// wide is a backbone with as many features as ResNet50 has, made of nothing.
type wide struct{ tiny }

func (wide) FeatureShape() []int { return []int{2048} }

func (b wide) Extractor(context.Context, *accel.Device, int) (Extractor, error) {
	return &wideExtractor{rand.New(rand.NewPCG(1, 1))}, nil
}

type wideExtractor struct{ random *rand.Rand }

func (*wideExtractor) Batch() int   { return 32 }
func (*wideExtractor) Close() error { return nil }

func (e *wideExtractor) Extract(_ context.Context, _ []uint8, n int) ([]float32, error) {
	rows := make([]float32, n*2048)
	for i := range rows {
		rows[i] = float32(max(0, e.random.NormFloat64()))
	}
	return rows, nil
}

// 100 trials of a 10-epoch head on 500 cached images, each trained to its end, or with successive halving.
func BenchmarkTune(b *testing.B) {
	device, err := accel.Open(context.Background(), accel.Options{Device: "cpu"})
	if err != nil {
		b.Skip("needs the PJRT CPU plugin: make setup")
	}
	defer device.Close()
	dir := b.TempDir()
	writeImages(b, dir, 125, "red", "green", "blue", "grey")
	config := Config{Dataset: load(b, dir), Backbone: wide{newTiny(device)}, Name: "tuned"}
	for name, halving := range map[string]bool{"whole": false, "halving": true} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				result, err := Tune(context.Background(), device, TuneConfig{Base: config, Trials: 100, Halving: halving}, nil, nil)
				if err != nil {
					b.Fatal(err)
				}
				_ = result.Model.Close()
			}
		})
	}
}

package backbone

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/weights"
)

// openCPU opens XLA on the CPU.
func openCPU(t testing.TB) *accel.Device {
	t.Helper()
	device, err := accel.Open(context.Background(), accel.Options{Device: "cpu"})
	if err != nil {
		need.Lack(t, need.Setup, "no PJRT CPU plugin: make setup ("+err.Error()+")")
	}
	t.Cleanup(func() { _ = device.Close() })
	return device
}

// sharedFile finds a file of the shared test data.
func sharedFile(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("HEADSTART_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "..", "shared")
	}
	file := filepath.Join(root, "data", name)
	if _, err := os.Stat(file); err != nil {
		need.Lack(t, need.Data, err.Error())
	}
	return file
}

// images are n images of noise on ramps, size by size RGB.
func images(n, size int) []uint8 {
	list := make([]uint8, n*size*size*3)
	state := uint32(1)
	for i := range list {
		state = state*1664525 + 1013904223
		list[i] = uint8(state>>24)/2 + uint8(i/3%size*127/size)
	}
	return list
}

// extract runs one frozen pass.
func extract(t testing.TB, b *Backbone, device *accel.Device, options ExtractorOptions, pixels []uint8, n int) []float32 {
	t.Helper()
	e, err := b.NewExtractor(context.Background(), device, filledExtractor(options))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	features, err := e.Extract(context.Background(), pixels, n)
	if err != nil {
		t.Fatal(err)
	}
	return features
}

// difference is the largest difference of two lists, relative to the largest magnitude of the second.
func difference(t testing.TB, got, want []float32) float64 {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d numbers, want %d", len(got), len(want))
	}
	var worst, magnitude float64
	for i := range want {
		worst = max(worst, abs(float64(got[i])-float64(want[i])))
		magnitude = max(magnitude, abs(float64(want[i])))
	}
	if magnitude == 0 {
		t.Fatal("the expected numbers are all zero")
	}
	return worst / magnitude
}

func abs(x float64) float64 { return max(x, -x) }

// filled are the options with the defaults in place of what a test leaves out.
func filled(o resnet.Options) resnet.Options {
	d := resnet.DefaultOptions()
	if o.Weights == (resnet.Origin{}) {
		o.Weights = d.Weights
	}
	o.Depth, o.Variant, o.Cut, o.Pool = cmp.Or(o.Depth, d.Depth), cmp.Or(o.Variant, d.Variant), cmp.Or(o.Cut, d.Cut), cmp.Or(o.Pool, d.Pool)
	o.Preprocess, o.Size = cmp.Or(o.Preprocess, d.Preprocess), cmp.Or(o.Size, d.Size)
	return o
}

// filledExtractor are the options with the defaults in place of what a test leaves out.
func filledExtractor(o ExtractorOptions) ExtractorOptions {
	d := DefaultExtractorOptions()
	o.Precision, o.Formulation = cmp.Or(o.Precision, d.Precision), cmp.Or(o.Formulation, d.Formulation)
	return o
}

// openTensors loads the weights of a source as those of a user's file.
func openTensors(source weights.Source, options resnet.Options) (*Backbone, error) {
	return openSource(source, "file", resnet.Origin{Kind: resnet.KindFile, Path: "file", SHA256: "digest"}, resnet.Conv5, filled(options))
}

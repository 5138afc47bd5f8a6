package backbone

import (
	"slices"
	"testing"

	"github.com/headstart-nb/headstart/models/resnet"
)

// A batch whose first stages run in slices gives the features of a batch that runs as a whole, wherever it is cut, and the same bits for
// an image alone in its batch.
func TestSlicesGiveTheFeaturesOfTheWhole(t *testing.T) {
	device := openCPU(t)
	const n, batch = 3*cpuSlice - 1, 2 * cpuSlice
	size := 32
	pixels := images(n, size)
	img := size * size * 3
	for _, test := range []struct {
		cut         resnet.Cut
		pool        resnet.Pool
		formulation resnet.Formulation
		split       bool
	}{
		{"conv1+conv5", resnet.PoolAvg, resnet.FormulationWinograd, true},
		{"conv4+conv5", resnet.PoolMax, resnet.FormulationPlain, true},
		{"conv5", resnet.PoolNone, resnet.FormulationPlain, true},
		{"conv2", resnet.PoolAvg, resnet.FormulationPlain, false},
	} {
		b := random(t, resnet.Options{Depth: 18, Cut: test.cut, Pool: test.pool, Size: size})
		want := extract(t, b, device, ExtractorOptions{Batch: 1, Formulation: test.formulation}, pixels, n)
		e, err := b.NewExtractor(t.Context(), device, filledExtractor(ExtractorOptions{Batch: batch, Formulation: test.formulation}))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = e.Close() }()
		got, err := e.Extract(t.Context(), pixels, n)
		if err != nil {
			t.Fatal(err)
		}
		if split := e.sections.rest != nil; split != test.split || e.sections.slice != cpuSlice || e.Batch() != batch {
			t.Errorf("%s: split %t into slices of %d of %d, want %t and %d", test.cut, split, e.sections.slice, e.Batch(), test.split, cpuSlice)
		}
		if d := difference(t, got, want); d > 1e-5 {
			t.Errorf("%s %s: slices differ from the whole by %.1e", test.formulation, test.cut, d)
		}
		const last = n - 1
		alone, err := e.Extract(t.Context(), pixels[last*img:], 1)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(alone, got[last*len(alone):]) {
			t.Errorf("%s: the last image has other features alone than among others", test.cut)
		}
	}
}

// A batch that slices do not divide runs as a whole.
func TestSliceSize(t *testing.T) {
	for _, test := range []struct {
		device      string
		batch, want int
	}{
		{"xla:cpu", 32, cpuSlice}, {"xla:cpu", cpuSlice, cpuSlice}, {"xla:cpu", 1, 1}, {"xla:cpu", 2*cpuSlice + 1, 2*cpuSlice + 1},
		{"xla:cuda", 256, 256}, {"go", 32, 32},
	} {
		if got := sliceSize(test.device, test.batch); got != test.want {
			t.Errorf("%s: a batch of %d runs in slices of %d, want %d", test.device, test.batch, got, test.want)
		}
	}
}

package features_test

import (
	"runtime"
	"testing"

	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/modeltest"
)

// TestFeaturesAreHeldOnce: feature maps of a folder, which take gigabytes, are in memory once.
func TestFeaturesAreHeldOnce(t *testing.T) {
	maps, err := cutAfter(t, "conv1").FeatureMaps("conv1")
	if err != nil {
		t.Fatal(err)
	}
	data := modeltest.Colors(t)
	device, home := modeltest.PureGo(t), t.TempDir()
	if _, err := features.OfDataset(t.Context(), device, maps, home, data, nil); err != nil { // what computing takes is another matter
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	values, err := features.OfDataset(t.Context(), device, maps, home, data, nil)
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	result := 4 * uint64(len(values))
	// Reading a row from the cache takes a row of bytes, which is freed at once: twice the result in all, and 20 % for the rest.
	if took := after.TotalAlloc - before.TotalAlloc; took > result*22/10 {
		t.Errorf("features of %d bytes allocated %d", result, took)
	}
}

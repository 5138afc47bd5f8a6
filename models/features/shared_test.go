package features_test

import (
	"errors"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/features/cache"
	"github.com/headstart-nb/headstart/models/modeltest"
)

// segments are the files of features below a state folder.
func segments(t *testing.T, home string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(home, "cache", "features", "*", "*.features"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// A student whose instructor has computed the features of a class computes none, and writes none.
func TestFeaturesOfASharedCacheAreNotComputedAgain(t *testing.T) {
	t.Setenv(paths.SharedFeaturesVar, "")
	device, teacher, data := modeltest.XLA(t, 1), t.TempDir(), modeltest.Colors(t)
	items := make([]int, len(data.Items))
	for i := range items {
		items[i] = i
	}
	b := cutAfter(t, "conv1+conv2")
	first, _, _ := computed(t, device, b, teacher, data, items[:20])
	t.Setenv(paths.SharedFeaturesVar, filepath.Join(teacher, "cache", "features"))
	student := t.TempDir()
	second, n, _ := computed(t, device, b, student, data, items[:20])
	if n != 0 || len(segments(t, student)) != 0 {
		t.Errorf("%d images were computed again, and %d files written", n, len(segments(t, student)))
	}
	if !slices.Equal(first.Gather(nil, items[:20]), second.Gather(nil, items[:20])) {
		t.Error("the features differ")
	}
	before := segments(t, teacher)
	if _, n, _ = computed(t, device, b, student, data, items); n != len(items)-20 {
		t.Errorf("%d images were computed, want the %d that the shared cache lacks", n, len(items)-20)
	}
	if after := segments(t, teacher); !slices.Equal(before, after) || len(segments(t, student)) == 0 {
		t.Errorf("the shared cache has %v, before %v; the student's has %d files", after, before, len(segments(t, student)))
	}
}

// A shared cache may hold numbers that nothing can be learned from, with the right checksums.
func TestPoisonedFeaturesOfASharedCacheAreComputed(t *testing.T) {
	t.Setenv(paths.SharedFeaturesVar, "")
	device, data := modeltest.XLA(t, 1), modeltest.Colors(t)
	b := cutAfter(t, "conv2")
	dir := t.TempDir()
	kept, err := b.Kept(device)
	if err != nil {
		t.Fatal(err)
	}
	poisoned, err := cache.Open(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	space, err := poisoned.Space(kept[0].Identity, kept[0].Length)
	if err != nil {
		t.Fatal(err)
	}
	key := cache.Key(data.Items[0].SHA256)
	row := make([]float32, kept[0].Length)
	row[3] = float32(math.NaN())
	if err := errors.Join(space.Put(key, row), space.Close()); err != nil {
		t.Fatal(err)
	}
	t.Setenv(paths.SharedFeaturesVar, dir)
	if _, n, _ := computed(t, device, b, t.TempDir(), data, []int{0}); n != 1 {
		t.Errorf("%d images were computed, want the poisoned one", n)
	}
}

func TestASharedCacheThatIsMissingStopsNothing(t *testing.T) {
	t.Setenv(paths.SharedFeaturesVar, filepath.Join(t.TempDir(), "nowhere"))
	pass, err := features.Open(cutAfter(t, "conv2"), modeltest.XLA(t, 1), t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if pass.SharedError() == nil {
		t.Error("nobody is told")
	}
	if err := pass.Close(); err != nil {
		t.Error(err)
	}
}

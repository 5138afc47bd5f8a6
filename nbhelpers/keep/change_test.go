package keep

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/nbhelpers/keep/mapped"
)

// flat are the mapped files of a store, and graphBytes what all others take.
func storeBytes(t *testing.T, dir string) (flat []string, graphBytes int64) {
	t.Helper()
	for _, name := range files(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, mapped.FlatEnding) {
			flat = append(flat, name)
		} else {
			graphBytes += info.Size()
		}
	}
	return flat, graphBytes
}

// A change of one number writes its page, not the rest.
func TestSmallChangesOfLargeData(t *testing.T) {
	const n = 1 << 20
	dir := folder(t)
	numbers := make([]float64, n)
	for i := range numbers {
		numbers[i] = float64(i)
	}
	part := numbers[n/2:]
	variables := []Variable{variable("numbers", &numbers), variable("part", &part)}
	save(t, dir, options(), variables...)
	first, _ := storeBytes(t, dir)
	want := slices.Clone(numbers)
	edit := func(i int, value float64) { numbers[i], want[i] = value, value }
	check := func(what string) {
		t.Helper()
		numbers, part = nil, nil
		load(t, dir, options(), variables...)
		if !slices.Equal(numbers, want) || &part[0] != &numbers[n/2] {
			t.Fatalf("%s: the numbers differ", what)
		}
	}
	for round, at := range []int{0, n - 1, 5000, 5000, n / 2} {
		store := Open(dir, options())
		numbers, part = nil, nil
		checkLosses(t, store.Load(variables...))
		edit(at, math.Pi*float64(round))
		checkLosses(t, store.Save(variables...))
		flat, rest := storeBytes(t, dir)
		if !slices.Equal(flat, first) || rest > int64(5+round*2)*8192 {
			t.Errorf("round %d: files %q, %d bytes beside them", round, flat, rest)
		}
		manifest, err := os.Stat(filepath.Join(dir, manifestName))
		if err != nil {
			t.Fatal(err)
		}
		checkLosses(t, store.Save(variables...)) // nothing new
		if again, err := os.Stat(filepath.Join(dir, manifestName)); err != nil || !os.SameFile(manifest, again) {
			t.Error("the same changes were written again")
		}
		check("after a small change")
	}
	store := Open(dir, options())
	numbers, part = nil, nil
	checkLosses(t, store.Load(variables...))
	for i := 0; i < n; i += 512 {
		edit(i, -1)
	}
	checkLosses(t, store.Save(variables...))
	if flat, rest := storeBytes(t, dir); len(flat) != 1 || slices.Equal(flat, first) || rest > 8192 {
		t.Errorf("after a large change: files %q before, %q now, %d bytes beside them", first, flat, rest)
	}
	check("after a large change")
	other := folder(t)
	store = Open(dir, options())
	numbers, part = nil, nil
	checkLosses(t, store.Load(variables...))
	edit(7, 7)
	checkLosses(t, store.Save(variables...))
	if err := Open(dir, Options{}).Copy(Open(other, options()), "part"); err != nil {
		t.Fatal(err)
	}
	dir = other
	check("copied")
}

package keep

import (
	"fmt"
	"os"
	"runtime/debug"
	"testing"
)

// resident is how much memory the process has in pages of its own or of files.
func resident(t *testing.T) int {
	t.Helper()
	var total, pages int
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Logf("not compared: %v", err)
		return 0
	}
	if _, err := fmt.Sscan(string(data), &total, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

// A cell that reads one number of a gigabyte does not read the rest. BenchmarkLoadLarge says what it costs.
func TestGigabyte(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short: it writes 1 GB")
	}
	const n = 1 << 27
	dir := folder(t)
	numbers := make([]float64, n)
	for i := 0; i < n; i += 1000 {
		numbers[i] = float64(i)
	}
	text := "x"
	save(t, dir, options(), variable("numbers", &numbers), variable("text", &text))
	numbers = nil
	debug.FreeOSMemory()

	before := resident(t)
	store := Open(dir, options())
	variables := []Variable{variable("numbers", &numbers), variable("text", &text)}
	checkLosses(t, store.Load(variables...))
	if len(numbers) != n || numbers[1000000] != 1000000 {
		t.Fatalf("%d numbers, %g", len(numbers), numbers[1000000])
	}
	text = "y"
	checkLosses(t, store.Save(variables...))
	if grown := resident(t) - before; grown > 100<<20 {
		t.Errorf("to read one number took %d MB", grown>>20)
	}
	store.unmap(t)
}

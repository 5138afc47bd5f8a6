package keep

import (
	"bytes"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/headstart-nb/headstart/nbhelpers/keep/mapped"
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

func TestLargeDataIsMapped(t *testing.T) {
	dir := folder(t)
	numbers := make([]float32, 1<<18)
	for i := range numbers {
		numbers[i] = float32(i)
	}
	part := numbers[1000:200000]
	text := strings.Repeat("0123456789abcdef", 1<<13)
	lines := []string{text[:mapped.LargeBytes], text[16:], "short"}
	save(t, dir, options(), variable("numbers", &numbers), variable("part", &part), variable("text", &text), variable("lines", &lines))
	var numbers2, part2 []float32
	var text2 string
	var lines2 []string
	store := Open(dir, options())
	variables := []Variable{variable("numbers", &numbers2), variable("part", &part2), variable("text", &text2), variable("lines", &lines2)}
	checkLosses(t, store.Load(variables...))
	if !slices.Equal(numbers, numbers2) || &part2[0] != &numbers2[1000] || text2 != text || !slices.Equal(lines, lines2) ||
		unsafe.StringData(lines2[1]) != (*byte)(unsafe.Add(unsafe.Pointer(unsafe.StringData(text2)), 16)) {
		t.Error("values differ")
	}
	numbersIn, at := store.files.Of(unsafe.Pointer(&numbers2[0]), 8)
	textIn, _ := store.files.Of(unsafe.Pointer(unsafe.StringData(text2)), 8)
	if numbersIn == nil || at != 0 || textIn == nil || numbersIn == textIn {
		t.Error("the values are not mapped")
	}
	checkLosses(t, store.Save(variables...))
	before := files(t, dir)

	numbers2[5] = 5 // the same value: a page is copied, but nothing has changed
	checkLosses(t, store.Save(variables...))
	if !slices.Equal(before, files(t, dir)) {
		t.Error("the file was written again")
	}
	part2[7] = -1
	numbers2 = numbers2[900:210000:210000] // what is left of the old file can be let go
	checkLosses(t, store.Save(variables...))
	if slices.Equal(before, files(t, dir)) || len(before) != len(files(t, dir)) {
		t.Errorf("files before %q, after %q", before, files(t, dir))
	}
	var numbers3, part3 []float32
	load(t, dir, options(), variable("numbers", &numbers3), variable("part", &part3))
	if len(numbers3) != 209100 || numbers3[107] != -1 || &part3[0] != &numbers3[100] || text2 != text {
		t.Errorf("%d numbers", len(numbers3))
	}
}

func TestPartOfAMappedSlice(t *testing.T) {
	dir := folder(t)
	numbers := make([]int64, 1<<16)
	numbers[1<<15] = 7
	save(t, dir, options(), variable("numbers", &numbers))
	before := files(t, dir)
	var numbers2 []int64
	store := Open(dir, options())
	checkLosses(t, store.Load(variable("numbers", &numbers2)))
	numbers2 = numbers2[1<<15-1:]
	checkLosses(t, store.Save(variable("numbers", &numbers2)))
	after := files(t, dir)
	flat := func(name string) bool { return !strings.HasSuffix(name, mapped.FlatEnding) }
	if !slices.Equal(slices.DeleteFunc(before, flat), slices.DeleteFunc(after, flat)) {
		t.Errorf("files before %q, after %q", before, after)
	}
	load(t, dir, options(), variable("numbers", &numbers))
	if len(numbers) != 1<<15+1 || numbers[1] != 7 {
		t.Errorf("%d numbers", len(numbers))
	}
}

func TestManyLargePartsAreOneFile(t *testing.T) {
	dir := folder(t)
	images := make([]*struct{ pix []uint8 }, 40)
	for i := range images {
		images[i] = &struct{ pix []uint8 }{bytes.Repeat([]byte{byte(i)}, mapped.LargeBytes+i)}
	}
	save(t, dir, options(), variable("images", &images))
	if got := files(t, dir); len(got) != 3 {
		t.Errorf("files: %q", got)
	}
	var images2 []*struct{ pix []uint8 }
	store := Open(dir, options())
	checkLosses(t, store.Load(variable("images", &images2)))
	for i := range images {
		if !bytes.Equal(images[i].pix, images2[i].pix) {
			t.Errorf("image %d differs", i)
		}
	}
	images2[7].pix[5] = 99
	checkLosses(t, store.Save(variable("images", &images2)))
	list, err := store.List()
	if err != nil || list[0].Bytes > 42*(mapped.LargeBytes+mapped.PartAlign) {
		t.Errorf("%+v, %v: one image has changed, the others were written again", list, err)
	}
	load(t, dir, options(), variable("images", &images))
	if images[7].pix[5] != 99 || images[8].pix[5] != 8 || images[39].pix[mapped.LargeBytes+38] != 39 {
		t.Error("values differ")
	}
}

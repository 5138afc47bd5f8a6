package keep

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// benchFolder lies in HEADSTART_KEEP_BENCH, or where tests have their folders: a runtime folder is in memory on most
// machines, a temporary one on a disk.
func benchFolder(b *testing.B) string {
	b.Helper()
	base := os.Getenv("HEADSTART_KEEP_BENCH")
	if base == "" {
		base = b.TempDir()
	}
	dir, err := os.MkdirTemp(base, "kept")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

type small struct {
	names   []string
	counts  map[string]int
	numbers []float64
	n       int
}

func tenSmall(values []small) (list []Variable) {
	for i := range values {
		list = append(list, variable(fmt.Sprint("v", i), &values[i]))
	}
	return list
}

// BenchmarkTenSmall is what a cell pays for ten small variables: in a new store, since a cell is a new process.
func BenchmarkTenSmall(b *testing.B) {
	values := make([]small, 10)
	for i := range values {
		values[i] = small{[]string{"a", "b"}, map[string]int{"a": 1, "b": 2}, make([]float64, 100), i}
	}
	for _, c := range []struct {
		name   string
		change int
	}{{"read", 0}, {"one changed", 1}, {"all changed", 10}} {
		b.Run(c.name, func(b *testing.B) {
			dir := benchFolder(b)
			save(b, dir, Options{Quota: DefaultQuota}, tenSmall(values)...)
			for n := 0; b.Loop(); n++ {
				got := make([]small, 10)
				store := Open(dir, Options{Quota: DefaultQuota})
				if losses := store.Load(tenSmall(got)...); losses != nil {
					b.Fatal(losses)
				}
				for i := range c.change {
					got[i].n = n
				}
				if losses := store.Save(tenSmall(got)...); losses != nil {
					b.Fatal(losses)
				}
			}
		})
	}
}

// BenchmarkProgram starts programs, with and without ten small variables of which two change.
func BenchmarkProgram(b *testing.B) {
	program := filepath.Join(b.TempDir(), "program")
	build := exec.Command("go", "build", "-o", program, "./testdata/program")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for _, c := range []struct{ name, dir string }{{"without", ""}, {"with", benchFolder(b)}} {
		b.Run(c.name, func(b *testing.B) {
			processor := time.Duration(0)
			for b.Loop() {
				run := exec.Command(program, c.dir)
				run.Stderr = os.Stderr
				if err := run.Run(); err != nil {
					b.Fatal(err)
				}
				processor += run.ProcessState.UserTime() + run.ProcessState.SystemTime()
			}
			b.ReportMetric(float64(processor.Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
}

// BenchmarkLoadLarge is what a cell pays that reads one number of a slice of a gigabyte.
func BenchmarkLoadLarge(b *testing.B) {
	numbers := make([]float64, 1<<27)
	for i := range numbers {
		numbers[i] = float64(i)
	}
	dir := benchFolder(b)
	save(b, dir, options(), variable("numbers", &numbers))
	numbers = nil
	for b.Loop() {
		var got []float64
		store := Open(dir, Options{Quota: DefaultQuota})
		if losses := store.Load(variable("numbers", &got)); losses != nil {
			b.Fatal(losses)
		}
		if got[1<<20] != 1<<20 {
			b.Fatal(got[1<<20])
		}
		if losses := store.Save(variable("numbers", &got)); losses != nil {
			b.Fatal(losses)
		}
		b.StopTimer()
		store.unmap(b)
		b.StartTimer()
	}
}

// BenchmarkChangeLarge is what a cell pays that changes one number of it.
func BenchmarkChangeLarge(b *testing.B) {
	numbers := make([]float64, 1<<27)
	dir := benchFolder(b)
	save(b, dir, options(), variable("numbers", &numbers))
	for n := 0; b.Loop(); n++ {
		numbers = nil
		store := Open(dir, options())
		if losses := store.Load(variable("numbers", &numbers)); losses != nil {
			b.Fatal(losses)
		}
		numbers[1<<20] = float64(n + 1)
		if losses := store.Save(variable("numbers", &numbers)); losses != nil {
			b.Fatal(losses)
		}
		b.StopTimer()
		store.unmap(b)
		b.StartTimer()
	}
}

// BenchmarkSaveLarge is what a cell pays that makes such a slice.
func BenchmarkSaveLarge(b *testing.B) {
	numbers := make([]float64, 1<<27)
	for b.Loop() {
		b.StopTimer()
		dir := benchFolder(b)
		b.StartTimer()
		save(b, dir, options(), variable("numbers", &numbers))
		b.StopTimer()
		found, _ := filepath.Glob(filepath.Join(dir, "*"))
		for _, name := range found {
			os.Remove(name)
		}
		b.StartTimer()
	}
	b.SetBytes(8 << 27)
}

// BenchmarkGraph is a list of a million links.
func BenchmarkGraph(b *testing.B) {
	var list *link
	for i := range 1000000 {
		list = &link{i, list}
	}
	dir := benchFolder(b)
	b.Run("save", func(b *testing.B) {
		for b.Loop() {
			save(b, dir, options(), variable("list", &list))
		}
	})
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			load(b, dir, options(), variable("list", &list))
		}
	})
}

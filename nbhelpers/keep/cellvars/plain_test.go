package cellvars

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/headstart-nb/headstart/nbhelpers/keep"
	"github.com/headstart-nb/headstart/nbhelpers/keep/keeptest"
	"github.com/headstart-nb/headstart/nbhelpers/keep/plain"
)

// values has one of each type that package plain knows.
type values struct {
	truth  bool
	i      int
	i8     int8
	i16    int16
	i32    int32
	i64    int64
	u      uint
	u8     uint8
	u16    uint16
	u32    uint32
	u64    uint64
	up     uintptr
	f32    float32
	f64    float64
	c64    complex64
	c128   complex128
	s      string
	second string
}

func (v *values) cell(dir string) Cell {
	cell := Cell{Dir: dir, Quota: 1 << 30}
	for i, pointer := range []any{
		&v.truth, &v.i, &v.i8, &v.i16, &v.i32, &v.i64, &v.u, &v.u8, &v.u16, &v.u32, &v.u64, &v.up, &v.f32, &v.f64, &v.c64, &v.c128, &v.s, &v.second,
	} {
		typ := strings.TrimPrefix(fmt.Sprintf("%T", pointer), "*")
		cell.Variables = append(cell.Variables, Variable{Name: fmt.Sprintf("v%d", i), Type: typ, Pointer: pointer, Load: true, Save: true})
	}
	return cell
}

func folder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "values")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func list(t *testing.T, dir string) []keep.Entry {
	t.Helper()
	entries, err := keep.Open(dir, keep.Options{Quota: 1}).List()
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func manifest(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "manifest"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var samples = []values{
	{},
	{
		true, math.MinInt64, math.MinInt8, math.MaxInt16, -1, math.MaxInt64, math.MaxUint64, 255, 1, 77, 1 << 63, 12,
		float32(math.Inf(-1)), 0.1, complex(1, -2.5), complex(math.Inf(1), 1e300), "short \"ü\"\n\x80", strings.Repeat("ü", 200),
	},
	{f64: 5e-324, s: strings.Repeat("a", 3000), second: strings.Repeat("large ", 20000)},
}

// What package plain writes is what package keep would have written.
func TestBothWriteTheSame(t *testing.T) {
	for i, sample := range samples {
		ours, theirs := folder(t), folder(t)
		written := sample
		plain.Start(written.cell(ours))()
		written = sample
		Start(written.cell(theirs))()
		if diff := cmp.Diff(list(t, theirs), list(t, ours), cmpopts.IgnoreFields(keep.Entry{}, "When")); diff != "" {
			t.Errorf("sample %d (-keep +plain):\n%s", i, diff)
		}
		before := manifest(t, ours)
		var loaded values
		Start(loaded.cell(ours))()
		if loaded != sample || manifest(t, ours) != before {
			t.Errorf("sample %d: keep loads %+v, and finds it changed: %t", i, loaded, manifest(t, ours) != before)
		}
		loaded, before = values{}, manifest(t, theirs)
		cell := loaded.cell(theirs)
		for _, e := range list(t, theirs) {
			for j := range cell.Variables {
				if v := &cell.Variables[j]; v.Name == e.Name { // the kernel asks package plain for small ones only
					v.Load, v.Save = e.Small, e.Small
				}
			}
		}
		plain.Start(cell)()
		want := sample
		if i == 2 {
			want.s, want.second = "", ""
		}
		if loaded != want || manifest(t, theirs) != before {
			t.Errorf("sample %d: plain loads %+v, and finds it changed: %t", i, loaded, manifest(t, theirs) != before)
		}
	}
}

// A program changes what it has assigned to, and leaves the rest of the store as it was.
func TestPlainLeavesTheRest(t *testing.T) {
	dir := folder(t)
	xs, n := []int{1, 2}, 1
	part := xs[1:]
	Start(Cell{Dir: dir, Quota: 1 << 30, Variables: []Variable{
		{Name: "n", Type: "int", Pointer: &n, Save: true}, {Name: "xs", Type: "[]int", Pointer: &xs, Save: true},
		{Name: "part", Type: "[]int", Pointer: &part, Save: true},
	}})()
	before := list(t, dir)
	m, added := 0, "new"
	save := plain.Start(Cell{Dir: dir, Quota: 1 << 30, Variables: []Variable{
		{Name: "n", Type: "int", Pointer: &m, Load: true, Save: true}, {Name: "added", Type: "string", Pointer: &added, Save: true},
	}})
	if m != 1 {
		t.Errorf("n is %d", m)
	}
	m = 12
	save()
	after := list(t, dir)
	if len(after) != 4 || after[0].Name != "added" || after[1].Text != "12" {
		t.Fatalf("listed %+v", after)
	}
	if diff := cmp.Diff(before[1:], after[2:]); diff != "" || before[0].Name != "n" {
		t.Errorf("before and after:\n%s", diff)
	}
	xs, part = nil, nil
	Start(Cell{Dir: dir, Quota: 1 << 30, Variables: []Variable{
		{Name: "xs", Type: "[]int", Pointer: &xs, Load: true}, {Name: "part", Type: "[]int", Pointer: &part, Load: true},
	}})
	if len(xs) != 2 || &xs[1] != &part[0] {
		t.Errorf("loaded %v and %v", xs, part)
	}
}

// A program that ends before it assigns to a variable leaves its value as it was.
func TestWhatWasNotAssignedIsNotSaved(t *testing.T) {
	for name, start := range map[string]func(Cell) func(){"plain": plain.Start, "cellvars": Start} {
		dir, n, assigned := folder(t), 5, false
		cell := Cell{Dir: dir, Quota: 1 << 30, Variables: []Variable{{Name: "n", Type: "int", Pointer: &n, Save: true, Assigned: &assigned}}}
		for _, want := range []string{"", "5", "5"} {
			start(cell)()
			got := ""
			for _, e := range list(t, dir) {
				got += e.Text
			}
			if got != want {
				t.Errorf("%s keeps %q, want %q", name, got, want)
			}
			if assigned = !assigned; !assigned {
				n = 6
			}
		}
	}
}

func TestPlainRefuses(t *testing.T) {
	dir := folder(t)
	n := 5
	cell := Cell{Dir: dir, Quota: 1 << 30, Variables: []Variable{{Name: "n", Type: "int", Pointer: &n, Load: true, Save: true}}}
	plain.Start(cell)()
	save := plain.Start(cell)
	if err := keep.Open(dir, keep.Options{Quota: 1}).Reset(); err != nil {
		t.Fatal(err)
	}
	n = 6
	if save(); len(list(t, dir)) != 0 {
		t.Errorf("kept after a reset: %v", list(t, dir))
	}
	plain.Start(cell)()
	small := cell
	small.Quota = 10
	save = plain.Start(small)
	n = 7
	if save(); len(list(t, dir)) != 0 {
		t.Errorf("kept beyond the quota: %v", list(t, dir))
	}
	plain.Start(cell)()
	data := []byte(manifest(t, dir))
	cell.Variables[0].Replaced = true // nothing is said
	for at := range data {
		damaged := append([]byte(nil), data...)
		damaged[at] ^= 1
		if err := os.WriteFile(filepath.Join(dir, "manifest"), damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		n = 0
		if plain.Start(cell); n != 0 {
			t.Fatalf("loaded %d from a file with another byte %d", n, at)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "manifest"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	if plain.Start(cell); n != 7 {
		t.Fatalf("loaded %d", n)
	}
	for _, spoil := range []func() error{
		func() error { return os.Chmod(filepath.Join(dir, "manifest"), 0o644) },
		func() error { return os.Chmod(dir, 0o755) },
		func() error { return os.RemoveAll(dir) },
		func() error { return os.Symlink(t.TempDir(), dir) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		n = 0
		if plain.Start(cell)(); n != 0 {
			t.Errorf("loaded %d", n)
		}
	}
}

const childFolder = "HEADSTART_PLAIN_CHILD"

// TestPlainChild saves until it is killed.
func TestPlainChild(t *testing.T) {
	dir := os.Getenv(childFolder)
	if dir == "" {
		t.Skip("this is the child of TestPlainKill")
	}
	fmt.Println("ready")
	for {
		var v values
		save := plain.Start(v.cell(dir))
		if v.i != int(v.f64) || v.i != 0 && v.s != strings.Repeat("n", v.i%100) {
			t.Fatalf("loaded %+v", v)
		}
		v.i++
		v.f64, v.s = float64(v.i), strings.Repeat("n", v.i%100)
		save()
	}
}

// A program that is killed leaves all variables as one Save left them.
func TestPlainKill(t *testing.T) {
	dir, last := folder(t), 0
	for range 30 {
		keeptest.Kill(t, "TestPlainChild", childFolder+"="+dir, time.Duration(rand.IntN(int(10*time.Millisecond))))
		var v values
		Start(v.cell(dir))
		if v.i < last || v.f64 != float64(v.i) || v.i > 0 && v.s != strings.Repeat("n", v.i%100) {
			t.Fatalf("after %d: %+v", last, v)
		}
		last = v.i
	}
	if last == 0 {
		t.Error("nothing was saved")
	}
	t.Logf("%d saves", last)
}

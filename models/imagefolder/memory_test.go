package imagefolder

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/internal/filestamp"
	"github.com/headstart-nb/headstart/internal/testfile"
)

// someRecords are verdicts on files, by path.
func someRecords(n int) (list []remembered) {
	random := rand.New(rand.NewPCG(3, uint64(n)))
	for i := range n {
		r := remembered{path: fmt.Sprintf("class/%04d\xff.jpg", i), stamp: filestamp.Stamp{
			Size: random.Int64(), Time: -random.Int64(), Changed: random.Int64(), Inode: random.Uint64()}}
		r.verdict = verdict{SHA256: digest.Of([]byte(r.path)), Width: random.IntN(1 << 16), Height: random.IntN(1 << 16), Clear: i%2 == 1}
		for w := range r.verdict.Print.Bits {
			r.verdict.Print.Bits[w] = random.Uint64()
		}
		for c := range r.verdict.Print.Colors {
			r.verdict.Print.Colors[c] = uint8(random.Uint32())
		}
		list = append(list, r)
	}
	return list
}

func writeRecords(t testing.TB, file string, list []remembered) {
	t.Helper()
	n := -1
	if err := writeMemory(file, func() (*remembered, bool) {
		if n++; n < len(list) {
			return &list[n], true
		}
		return nil, false
	}); err != nil {
		t.Fatal(err)
	}
}

func readRecords(file string) (list []remembered, err error) {
	err = readMemory(file, func(r *remembered) { list = append(list, *r) })
	return list, err
}

var unexported = cmp.AllowUnexported(remembered{})

func TestMemoryIsReadAsItWasWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.checks")
	for _, n := range []int{0, 1, 700} { // beyond a buffer
		want := someRecords(n)
		writeRecords(t, file, want)
		got, err := readRecords(file)
		if diff := cmp.Diff(want, got, unexported); diff != "" || err != nil {
			t.Fatalf("%d records: %v %s", n, err, diff)
		}
	}
}

func TestDamagedMemoryIsNotTaken(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.checks")
	writeRecords(t, file, someRecords(3))
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for at := range whole {
		flipped := append([]byte{}, whole...)
		flipped[at] ^= 1 << (at % 8)
		for what, data := range map[string][]byte{"one bit is another": flipped, "cut off": whole[:at]} {
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := readRecords(file); err == nil {
				t.Fatalf("%s at byte %d: it was read", what, at)
			}
		}
	}
}

// TestDamagedMemoryIsForgotten: records before the damage are not believed either, and the next load keeps the checks anew.
func TestDamagedMemoryIsForgotten(t *testing.T) {
	dir, state := testfile.Write(t, someFiles(t, 3, "a", "b")), t.TempDir()
	remembering := options(func(o *Options) { o.StateDir = state })
	first := mustLoad(t, dir, remembering)
	files, err := filepath.Glob(filepath.Join(state, "checked", "*.checks"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	list, err := readRecords(files[0])
	if err != nil {
		t.Fatal(err)
	}
	list[0].verdict.SHA256, list[0].verdict.Clear = digest.Sum{1}, true
	writeRecords(t, files[0], list)
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files[0], data[:len(data)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	if again := mustLoad(t, dir, remembering); again.Unread != 0 || again.Digest != first.Digest || len(again.Diagnoses) != len(first.Diagnoses) {
		t.Errorf("%d files were not read, the dataset is %v", again.Unread, again.Diagnoses)
	}
	if again := mustLoad(t, dir, remembering); again.Unread != len(first.Items) {
		t.Errorf("%d files were known after that", again.Unread)
	}
}

// TestWhatIsHeldOfADataset: of each image a loaded dataset has one value, without what only the loading needs.
func TestWhatIsHeldOfADataset(t *testing.T) {
	d := mustLoad(t, testfile.Write(t, someFiles(t, 3, "a", "b")), options(func(o *Options) { o.GroupBy = GroupByPrefix }))
	if d.prints != nil || d.stamps != nil || d.groups != nil {
		t.Errorf("it holds %d fingerprints, %d stamps and %d groups", len(d.prints), len(d.stamps), len(d.groups))
	}
	if cap(d.Items) != len(d.Items) {
		t.Errorf("room for %d items, and there are %d", cap(d.Items), len(d.Items))
	}
}

// interrupted is a context that ends when it has been asked so many times.
type interrupted struct {
	context.Context
	left atomic.Int64
}

func (c *interrupted) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

func TestAnInterruptedCheckIsGoneOnWith(t *testing.T) {
	dir := testfile.Write(t, someFiles(t, 20, "a", "b"))
	counting := &interrupted{Context: t.Context()}
	counting.left.Store(1 << 20)
	if _, err := Load(counting, dir, options(func(o *Options) { o.Workers = 1 })); err != nil {
		t.Fatal(err)
	}
	asked := 1<<20 - counting.left.Load()
	for _, rehash := range []bool{false, true} { // of which the second changes nothing about what is known
		o := options(func(o *Options) { o.StateDir, o.Workers = t.TempDir(), 1 })
		if rehash {
			mustLoad(t, dir, o)
			o.Rehash = true
		}
		ctx := &interrupted{Context: t.Context()}
		ctx.left.Store(asked - 20) // the check of the files asks last
		if _, err := Load(ctx, dir, o); !errors.Is(err, context.Canceled) {
			t.Fatalf("it was not interrupted: %v", err)
		}
		o.Rehash = false
		if d := mustLoad(t, dir, o); d.Unread < 10 || d.Unread == 40 != rehash {
			t.Errorf("with rehash %t, %d of 40 files were not read again", rehash, d.Unread)
		}
	}
}

package rowfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/weights"
)

// write writes rows whose numbers all are the row's.
func write(t *testing.T, rows, length int, metadata map[string]string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "features.safetensors")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	err = weights.WriteRows(out, Tensor, []int{rows, length}, metadata, func(yield func([]float32, error) bool) {
		row := make([]float32, length)
		for i := range rows {
			for k := range row {
				row[k] = float32(i)
			}
			if !yield(row, nil) {
				return
			}
		}
	})
	if err := errors.Join(err, out.Close()); err != nil {
		t.Fatal(err)
	}
	return file
}

func described(t *testing.T, paths, labels []string) map[string]string {
	t.Helper()
	metadata, err := Describe(paths, labels, features.Identity{Fingerprint: "x"})
	if err != nil {
		t.Fatal(err)
	}
	return metadata
}

func paths(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%c/%d.jpg", 'a'+i%3, i)
	}
	return list
}

func opened(t *testing.T, rows, length int) *File {
	t.Helper()
	f, err := Open(write(t, rows, length, described(t, paths(rows), nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// Each row that takes part comes once in an epoch, with its numbers, in an order that the seed and the epoch decide.
func TestBatches(t *testing.T) {
	const rows, length = 20_000, 1024 // 80 MB: more than two pools
	f := opened(t, rows, length)
	pass := func(epoch int, seed uint64) (all []int) {
		for batch, err := range f.Batches(t.Context(), Order{Batch: 300, Seed: seed, Epoch: epoch, Keep: func(i int) bool { return i%5 > 0 }}) {
			if err != nil {
				t.Fatal(err)
			}
			if len(batch.Rows) != 300 && len(all)+len(batch.Rows) != rows*4/5 {
				t.Fatalf("a batch of %d", len(batch.Rows))
			}
			for i, row := range batch.Rows {
				if batch.Values[i*length] != float32(row) || batch.Values[(i+1)*length-1] != float32(row) {
					t.Fatalf("row %d has the numbers %g", row, batch.Values[i*length])
				}
			}
			all = append(all, batch.Rows...)
		}
		return all
	}
	first, again, second, other, plain := pass(1, 7), pass(1, 7), pass(2, 7), pass(1, 8), pass(0, 7)
	if !slices.Equal(first, again) || slices.Equal(first, second) || slices.Equal(first, other) || !slices.IsSorted(plain) {
		t.Error("the orders are wrong")
	}
	slices.Sort(first)
	if !slices.Equal(first, plain) || len(plain) != rows*4/5 {
		t.Error("rows are missing, or there twice")
	}
}

func TestAPassEnds(t *testing.T) {
	f := opened(t, 3000, 1024)
	all := func(int) bool { return true }
	for range f.Batches(t.Context(), Order{Batch: 10, Epoch: 1, Keep: all}) {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range f.Batches(ctx, Order{Batch: 10, Epoch: 1, Keep: all}) {
		cancel()
		last = err
	}
	if last != nil && !errors.Is(last, context.Canceled) {
		t.Errorf("canceled: %v", last)
	}
	if err := os.Truncate(f.Name, 5<<20); err != nil { // another program may do that at any time
		t.Fatal(err)
	}
	last = nil
	for _, err := range f.Batches(t.Context(), Order{Batch: 10, Epoch: 1, Keep: all}) {
		last = err
	}
	if last == nil || !strings.Contains(last.Error(), "EOF") {
		t.Errorf("a file that was cut short: %v", last)
	}
}

// Several files are one, whose blocks may cross from one into the next.
func TestSeveralFiles(t *testing.T) {
	a := write(t, 700, 1024, described(t, paths(700), nil))
	b, c := write(t, 1, 1024, described(t, paths(1), nil)), write(t, 900, 1024, described(t, paths(900), nil))
	f, err := Open(a, b, c)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sum, rows := 0.0, 0
	for batch, err := range f.Batches(t.Context(), Order{Batch: 64, Epoch: 1, Keep: func(int) bool { return true }}) {
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range batch.Rows {
			want := row
			switch {
			case row == 700:
				want = 0
			case row > 700:
				want = row - 701
			}
			if batch.Values[i*1024] != float32(want) || batch.Values[i*1024+1023] != float32(want) {
				t.Fatalf("row %d has the numbers %g", row, batch.Values[i*1024])
			}
			sum, rows = sum+float64(row), rows+1
		}
	}
	if rows != 1601 || sum != 1600*1601/2 || len(f.Label) != 1601 {
		t.Errorf("%d rows, %g", rows, sum)
	}
	other, err := Describe(paths(5), nil, features.Identity{Fingerprint: "y"})
	if err != nil {
		t.Fatal(err)
	}
	for name, second := range map[string]string{
		"another backbone": write(t, 5, 1024, other), "another length": write(t, 5, 4, described(t, paths(5), nil)), "labels": write(t, 5, 1024, described(t, paths(5), paths(5))),
	} {
		if _, err := Open(a, second); err == nil || !strings.Contains(err.Error(), "of another backbone than those of") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLabels(t *testing.T) {
	for _, test := range []struct {
		paths, labels  []string
		classes, split string
	}{
		{[]string{"b/1.jpg", "a/x/2.jpg"}, nil, "a b", ""},
		{[]string{"train/b/1.jpg", "VAL/a/2.jpg", "test/a/2.jpg"}, nil, "a b", "train val test"},
		{[]string{"train/b/1.jpg", "dev/a/2.jpg"}, nil, "a b", "train val"},
		{[]string{"train/1.jpg", "other/a/2.jpg"}, nil, "other train", ""},
		{[]string{"x.tar/b/1.jpg", "sub/y.tar.gz/a/2.jpg"}, nil, "a b", ""},
		{[]string{"x.tar/1.jpg", "x.tar/2.jpg"}, []string{"dog", "cat"}, "cat dog", ""},
	} {
		f, err := Open(write(t, len(test.paths), 4, described(t, test.paths, test.labels)))
		if err != nil {
			t.Errorf("%q: %v", test.paths, err)
			continue
		}
		if got := strings.Join(f.Classes, " "); got != test.classes || strings.Join(f.Split, " ") != test.split || f.Backbone.Fingerprint != "x" {
			t.Errorf("%q: the classes are %s, the split %q", test.paths, got, f.Split)
		}
		f.Close()
	}
	_, err := Open(write(t, 2, 4, described(t, []string{"a/1.jpg", "b/2.jpg"}, []string{"x", ""})))
	if err == nil || !strings.Contains(err.Error(), `the image "b/2.jpg" has no label in the file, where others have one`) {
		t.Errorf("a label is missing beside others: %v", err)
	}
	for name, metadata := range map[string]map[string]string{
		"no label": described(t, []string{"1.jpg", "2.jpg"}, nil), "one class": described(t, []string{"a/1.jpg", "a/2.jpg"}, nil), "too few": described(t, []string{"a/1.jpg"}, nil),
		"nothing": nil, "no list": {Paths: "{}", Backbone: "{}"}, "a label is missing": described(t, []string{"a/1.jpg", "b/2.jpg"}, []string{"x", ""}),
	} {
		if _, err := Open(write(t, 2, 4, metadata)); err == nil || !strings.Contains(err.Error(), "read features of") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzFolders(f *testing.F) {
	f.Add("train/x.tar/val/a/1.jpg")
	f.Fuzz(func(_ *testing.T, p string) {
		folders(p)
		firstFolder(p)
	})
}

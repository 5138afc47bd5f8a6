package imagefolder

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/internal/testfile"
)

// readAll returns the items and the pixels in the order in which they come.
func readAll(t *testing.T, d *Dataset, o ReadOptions) (items []int, pixels []uint8) {
	t.Helper()
	r, err := d.Read(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return items, pixels
		}
		if err != nil {
			t.Fatal(err)
		}
		items, pixels = append(items, b.Items...), append(pixels, b.Pixels...)
	}
}

func TestReadIsTheSameWithAnyNumberOfWorkers(t *testing.T) {
	d := mustLoad(t, testfile.Write(t, someFiles(t, 12, "a", "b", "c")), options(func(o *Options) { o.Size = 20 }))
	order := Shuffled([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 30}, 42, 0)
	items, pixels := readAll(t, d, ReadOptions{Items: order, Batch: 5, Workers: 1})
	if !slices.Equal(items, order) || len(pixels) != len(order)*20*20*3 {
		t.Errorf("read %v, want %v", items, order)
	}
	for n, i := range order {
		alone, err := d.Pixels(i, d.Geometry())
		if err != nil || !slices.Equal(alone, pixels[n*len(alone):][:len(alone)]) {
			t.Errorf("item %d is not itself in its batch (%v)", i, err)
		}
	}
	for _, o := range []ReadOptions{{Workers: 7, Batch: 5}, {Workers: 3, Batch: 1, Ahead: 1}, {Batch: 100}} {
		o.Items = order
		if _, again := readAll(t, d, o); !slices.Equal(again, pixels) {
			t.Errorf("%+v reads other pixels", o)
		}
	}
}

func TestReadNamesTheFileThatIsNotTheSame(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(file string) error
		want  string
	}{
		"changed": {func(f string) error { return os.WriteFile(f, []byte(pngOf(t, drawing(99))), 0o644) }, "has changed"},
		"shrunk":  {func(f string) error { return os.Truncate(f, 100) }, "has changed"},
		"empty":   {func(f string) error { return os.Truncate(f, 0) }, "empty"},
		"gone":    {os.Remove, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			d := mustLoad(t, testfile.Write(t, someFiles(t, 5, "a", "b")), DefaultOptions())
			if err := c.spoil(filepath.Join(d.Root, "b", "ab.png")); err != nil {
				t.Fatal(err)
			}
			r, err := d.Read(context.Background(), ReadOptions{Batch: 3})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			for range 2 {
				if _, err := r.Next(); err != nil {
					t.Fatal(err)
				}
			}
			_, err = r.Next()
			wantError(t, err, c.want)
			wantError(t, err, "read b/ab.png")
		})
	}
}

func TestReadStops(t *testing.T) {
	d := mustLoad(t, testfile.Write(t, someFiles(t, 20, "a", "b")), options(func(o *Options) { o.Size = 64 }))
	ctx, cancel := context.WithCancel(context.Background())
	r, err := d.Read(ctx, ReadOptions{Batch: 2, Ahead: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	cancel()
	for range 3 { // the first may have been ready
		_, err = r.Next()
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("after the context was canceled: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	r, err = d.Read(context.Background(), ReadOptions{Batch: 2, Ahead: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil { // before anything is read
		t.Error(err)
	}
	if _, err := d.Read(context.Background(), ReadOptions{Items: []int{40}}); err == nil {
		t.Error("an item that is not there is read")
	}
}

func TestWaitedCountsTheConsumersTime(t *testing.T) {
	d := mustLoad(t, testfile.Write(t, someFiles(t, 10, "a")), DefaultOptions())
	r, err := d.Read(context.Background(), ReadOptions{Batch: 5})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Waited() != 0 {
		t.Error("waited before the first batch was asked for")
	}
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	first := r.Waited()
	if first <= 0 {
		t.Error("the first batch came without waiting")
	}
	time.Sleep(10 * time.Millisecond) // the consumer's own time does not count
	if r.Waited() != first {
		t.Error("time outside of Next counts as waiting")
	}
}

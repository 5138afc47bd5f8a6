package sampleset

import (
	"context"
	"errors"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// contents reads all files below a folder.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, err := filepath.Rel(dir, file)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(data)
	}
	return all
}

func drawInto(t *testing.T, o Options) map[string]string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "sample")
	if err := Write(t.Context(), dir, o); err != nil {
		t.Fatal(err)
	}
	return contents(t, dir)
}

func TestTheSameOptionsGiveTheSameFiles(t *testing.T) {
	few := drawInto(t, Options{Classes: 3, PerClass: 2, Seed: 5, Workers: 1})
	if len(few) != 6 {
		t.Fatalf("%d files, want 6", len(few))
	}
	more := drawInto(t, Options{Classes: 4, PerClass: 3, Seed: 5, Workers: 3})
	if len(more) != 12 {
		t.Fatalf("%d files, want 12", len(more))
	}
	for name, data := range few {
		if more[name] != data {
			t.Errorf("%s is another image in a larger set", name)
		}
	}
	seen := map[string]string{}
	for name, data := range more {
		if other, ok := seen[data]; ok {
			t.Errorf("%s and %s are the same", name, other)
		}
		seen[data] = name
	}
	for name, data := range drawInto(t, Options{Classes: 3, PerClass: 2, Seed: 6}) {
		if few[name] == data {
			t.Errorf("%s is the same under another seed", name)
		}
	}
}

func TestAFolderThatIsThereStays(t *testing.T) {
	dir := t.TempDir()
	if err := Write(t.Context(), dir, Options{}); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, dir); len(got) != 0 {
		t.Errorf("%d files were written into a folder that was there", len(got))
	}
}

func TestCancelledDrawingLeavesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	parent := t.TempDir()
	if err := Write(ctx, filepath.Join(parent, "sample"), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	entries, err := os.ReadDir(parent)
	if err != nil || len(entries) != 0 {
		t.Errorf("%v was left (%v)", entries, err)
	}
}

func TestRefusals(t *testing.T) {
	for _, o := range []Options{{Classes: 1}, {Classes: MaxClasses + 1}, {PerClass: -1}, {PerClass: 1 << 20}} {
		if err := Write(t.Context(), filepath.Join(t.TempDir(), "sample"), o); err == nil || !strings.Contains(err.Error(), "choose") {
			t.Errorf("%+v: %v, want an error that says what to choose", o, err)
		}
	}
}

func TestEveryClassHasANameOfItsOwn(t *testing.T) {
	names := map[string]bool{}
	for _, k := range kinds() {
		names[k.name()] = true
	}
	if len(kinds()) != MaxClasses || len(names) != MaxClasses {
		t.Errorf("%d kinds with %d names, want %d", len(kinds()), len(names), MaxClasses)
	}
	first := []string{}
	for _, k := range kinds()[:4] {
		first = append(first, k.name())
	}
	if diff := cmp.Diff([]string{"circle", "stripes", "square", "checks"}, first); diff != "" {
		t.Error(diff)
	}
}

// TestShapes checks each distance where it is known, and that it changes sign once on the way out.
func TestShapes(t *testing.T) {
	for _, s := range shapes() {
		if s.distance(0, 0) >= 0 {
			t.Errorf("the middle of the %s lies outside of it", s.name)
		}
		for degrees := range 360 {
			sin, cos := math.Sincos(float64(degrees) * math.Pi / 180)
			if s.distance(1.2*cos, 1.2*sin) <= 0 {
				t.Errorf("the %s reaches beyond its size at %d degrees", s.name, degrees)
			}
		}
	}
}

func TestImagesAreReadable(t *testing.T) {
	for name, data := range drawInto(t, Options{Classes: MaxClasses, PerClass: 1}) {
		config, err := jpeg.DecodeConfig(strings.NewReader(data))
		if err != nil || config.Width < 160 || config.Width > 256 || config.Height < 160 || config.Height > 256 {
			t.Errorf("%s: %d x %d, %v", name, config.Width, config.Height, err)
		}
	}
}

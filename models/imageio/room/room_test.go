package room

import (
	"os"
	"path/filepath"
	"testing"
)

// Workers decode as many images of 12 megapixels as a whole at once as the memory has room for, and two at the least.
func TestDecodeBudget(t *testing.T) {
	const photo, panorama = 4032 * 3024 * 8, 200_000_000 * 8
	for name, c := range map[string]struct {
		meminfo string
		photos  int
	}{
		"not known":              {"", 2},
		"a server with 512 MB":   {"MemTotal: 524288 kB\nMemAvailable: 500000 kB\n", 2},
		"a notebook with 8 GB":   {"MemTotal: 8388608 kB\nMemAvailable: 4000000 kB\n", 11},
		"a machine with 128 GB":  {"MemTotal: 134217728 kB\nMemAvailable: 100000000 kB\n", 176},
		"a file that says other": {"nothing\n", 2},
	} {
		root := t.TempDir()
		if err := os.MkdirAll(filepath.Join(root, "proc"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, "proc", "meminfo"), []byte(c.meminfo), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := int(budget(root) / photo); got != c.photos {
			t.Errorf("%s: %d photos at once, want %d", name, got, c.photos)
		}
	}
	g := New()
	enter := func(bytes int64) (leave func()) {
		leave, _ = g.Enter(bytes) // which has no error
		return leave
	}
	first, second := enter(photo), enter(photo) // neither waits
	first()
	second()
	g = Of(least)
	enter(panorama)() // alone, it is not held up
}

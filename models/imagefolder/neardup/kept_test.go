package neardup

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/internal/digest"
)

// TestKeptClusters: the same images are not searched again, and others are, whatever the file holds.
func TestKeptClusters(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state", "near")
	prints := syntheticPrints("templates", 300, 4)
	contents := make([]digest.Sum, len(prints))
	for i := range contents {
		contents[i] = contentOf(fmt.Sprintf("%x", uint32(i)*2654435761))
	}
	load := func(what string, contents []digest.Sum, prints []Fingerprint, nearBits int) {
		t.Helper()
		got, err := FindKept(file, contents, prints, nearBits)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(Find(contents, prints, nearBits), got); diff != "" {
			t.Fatalf("%s: %s", what, diff)
		}
	}
	load("no file", contents, prints, DefaultBits)
	first := stat(t, file)
	load("the same images", contents, prints, DefaultBits)
	if after := stat(t, file); !os.SameFile(first, after) {
		t.Error("the file of the same images was written again")
	}
	found, ok := read(file, inputDigest(contents, prints, DefaultBits), len(contents))
	if !ok || len(found.clusters().List) == 0 || found.across == nil {
		t.Errorf("read %t, %d pairs: this tests nothing", ok, len(found.across))
	}
	changed := append([]Fingerprint{}, prints...)
	changed[100] = changed[101]
	other := append([]digest.Sum{}, contents...)
	other[7] = other[8]
	load("an image was removed", contents[1:], prints[1:], DefaultBits)
	load("it was added again", contents, prints, DefaultBits)
	load("an image looks different", contents, changed, DefaultBits)
	load("a content is another's", other, prints, DefaultBits)
	load("another distance", contents, prints, 0)
	load("equal bytes only", contents, prints, -1)
	load("nothing", nil, nil, DefaultBits)
	load("all again", contents, prints, DefaultBits)
}

// TestDamagedClusters: a file that is damaged in any place is replaced.
func TestDamagedClusters(t *testing.T) {
	file := filepath.Join(t.TempDir(), "near")
	prints := syntheticPrints("templates", 30, 4)
	contents := make([]digest.Sum, len(prints))
	for i := range contents {
		contents[i] = contentOf(fmt.Sprint(i))
	}
	want, err := FindKept(file, contents, prints, DefaultBits)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	damaged := [][]byte{nil, []byte("spoiled"), whole[:len(whole)-1], whole[:len(whole)/2], append(append([]byte{}, whole...), 0)}
	for at := range whole {
		other := append([]byte{}, whole...)
		other[at] ^= 0x80
		damaged = append(damaged, other)
	}
	for n, data := range damaged {
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, ok := read(file, inputDigest(contents, prints, DefaultBits), len(contents)); ok {
			t.Errorf("damage %d is not noticed", n)
		}
		got, err := FindKept(file, contents, prints, DefaultBits)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("damage %d: %v, %s", n, err, diff)
		}
	}
	// One that is whole in itself and says what cannot be.
	bad := pairs{leader: make([]int32, len(contents)), across: [][2]int{{1, len(contents)}}}
	if err := bad.write(file, inputDigest(contents, prints, DefaultBits)); err != nil {
		t.Fatal(err)
	}
	if _, ok := read(file, inputDigest(contents, prints, DefaultBits), len(contents)); ok {
		t.Error("a pair of an image that does not exist is taken")
	}
}

func stat(t *testing.T, file string) os.FileInfo {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

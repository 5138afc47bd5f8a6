package cache

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const length = 16

func key(i int) Key { return sha256.Sum256(fmt.Append(nil, i)) }

func row(i int) []float32 {
	values := make([]float32, length)
	for j := range values {
		values[j] = float32(i*length + j)
	}
	return values
}

func open(t *testing.T, dir string, limit int64) *Space {
	t.Helper()
	cache, err := Open(dir, limit)
	if err != nil {
		t.Fatal(err)
	}
	space, err := cache.Space("weights, cut, pool", length)
	if err != nil {
		t.Fatal(err)
	}
	return space
}

func put(t *testing.T, s *Space, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if err := s.Put(key(i), row(i)); err != nil {
			t.Fatal(err)
		}
	}
}

// found counts the rows that are there, each of which must be the right one.
func found(t *testing.T, s *Space, from, to int) int {
	t.Helper()
	n := 0
	got := make([]float32, length)
	for i := from; i < to; i++ {
		if s.Get(key(i), got) {
			n++
			if diff := cmp.Diff(row(i), got); diff != "" {
				t.Fatalf("row %d: %s", i, diff)
			}
		}
	}
	return n
}

func TestRowsOutliveTheProcess(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 0)
	put(t, s, 0, 10)
	if n := found(t, s, 0, 12); n != 10 {
		t.Errorf("%d rows before they are written", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, 0)
	defer s.Close()
	if n := found(t, s, 0, 12); n != 10 {
		t.Errorf("%d rows after", n)
	}
}

func TestSpacesAreApart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 0)
	defer s.Close()
	put(t, s, 0, 3)
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	cache, err := Open(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	other, err := cache.Space("other weights", length)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if n := found(t, other, 0, 3); n != 0 {
		t.Errorf("%d rows of another space", n)
	}
}

// Damage in any byte of a file costs the rows it hits, never gives a wrong one.
func TestDamageIsSeen(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 0)
	put(t, s, 0, 2)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := only(t, dir)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		damaged := append([]byte(nil), whole...)
		damaged[i] ^= 0x40
		check(t, dir, path, damaged)
		check(t, dir, path, whole[:i])
	}
}

func check(t *testing.T, dir, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir, 0)
	if n := found(t, s, 0, 2); n == 2 {
		t.Fatalf("the damage in %d bytes was not seen", len(content))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func only(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"+segmentEnding))
	if err != nil || len(files) != 1 {
		t.Fatalf("%d segments, %v; want 1", len(files), err)
	}
	return files[0]
}

func TestManySmallSegmentsBecomeOne(t *testing.T) {
	dir := t.TempDir()
	for i := range manySegments {
		s := open(t, dir, 0)
		put(t, s, i, i+1)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, dir, 0)
	defer s.Close()
	if n := found(t, s, 0, manySegments); n != manySegments {
		t.Errorf("%d rows", n)
	}
	only(t, dir)
}

func TestLeastRecentlyUsedGoesFirst(t *testing.T) {
	testLeastRecentlyUsed(t, t.TempDir())
}

// The folder of the cache may be a link to a larger disk. Nothing was ever removed there.
func TestALinkedCacheKeepsItsLimit(t *testing.T) {
	linked := filepath.Join(t.TempDir(), "features")
	if err := os.Symlink(t.TempDir(), linked); err != nil {
		t.Fatal(err)
	}
	testLeastRecentlyUsed(t, linked)
}

func testLeastRecentlyUsed(t *testing.T, dir string) {
	t.Helper()
	limit := 2 * segmentSize(4, length)
	for i := range 2 {
		s := open(t, dir, limit)
		put(t, s, i*4, i*4+4)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// Both are an hour old, then the first is used.
	hourAgo := time.Now().Add(-time.Hour)
	files, _ := filepath.Glob(filepath.Join(dir, "*", "*"+segmentEnding))
	for _, file := range files {
		if err := os.Chtimes(file, hourAgo, hourAgo); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, dir, limit)
	found(t, s, 0, 4)
	put(t, s, 8, 12)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, limit)
	defer s.Close()
	if a, b, c := found(t, s, 0, 4), found(t, s, 4, 8), found(t, s, 8, 12); a != 4 || b != 0 || c != 4 {
		t.Errorf("of the used, the unused and the new rows there are %d, %d and %d", a, b, c)
	}
}

func TestSeveralWritersAtOnce(t *testing.T) {
	dir := t.TempDir()
	var group sync.WaitGroup
	for writer := range 4 {
		group.Go(func() {
			s := open(t, dir, 0)
			for i := range 20 {
				put(t, s, writer*10+i, writer*10+i+1) // every row twice, by two writers
				if err := s.Flush(); err != nil {
					t.Error(err)
				}
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	s := open(t, dir, 0)
	defer s.Close()
	if n := found(t, s, 0, 50); n != 50 {
		t.Errorf("%d rows of 50", n)
	}
}

func TestFullDiskKeepsTheRowsInMemory(t *testing.T) {
	s := open(t, t.TempDir(), 0)
	put(t, s, 0, 2)
	if err := os.RemoveAll(s.dir); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(); err == nil {
		t.Error("writing into a folder that is gone gave no error")
	}
	if n := found(t, s, 0, 2); n != 2 {
		t.Errorf("%d rows", n)
	}
}

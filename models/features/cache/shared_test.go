package cache

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/internal/hostile"
)

const identity = "weights, cut, pool" // that of open

// shared makes a cache with the first rows of put, and opens it as somebody else's.
func shared(t *testing.T, rows int) (dir string, space func() *SharedSpace) {
	t.Helper()
	dir = t.TempDir()
	own := open(t, dir, 0)
	put(t, own, 0, rows)
	if err := own.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, func() *SharedSpace {
		t.Helper()
		cache, err := OpenShared(dir)
		if err != nil {
			t.Fatal(err)
		}
		var s *SharedSpace
		_ = hostile.InTime(t, "opening the space", func() error { s = cache.Space(identity, length); return nil })
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
}

// taken counts the rows that a shared space gives, each of which must be the right one.
func taken(t *testing.T, s *SharedSpace, to int) int {
	t.Helper()
	n := 0
	got := make([]float32, length)
	for i := range to {
		if s.Get(key(i), got) {
			n++
			for j, want := range row(i) {
				if got[j] != want {
					t.Fatalf("row %d is %v", i, got)
				}
			}
		}
	}
	return n
}

// state is all that writing into a folder would change.
func state(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			files[path] = info.Mode().String() + info.ModTime().Format(time.RFC3339Nano)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestASharedCacheIsOnlyRead(t *testing.T) {
	dir, space := shared(t, 5)
	folder := filepath.Dir(only(t, dir))
	for i := range manySegments { // so many small ones a cache of one's own would merge
		segment, err := writeSegment(folder, length, []Key{key(5 + i)}, row(5+i))
		must(t, err)
		must(t, segment.file.Close())
	}
	long := time.Now().Add(-24 * time.Hour)
	for path := range state(t, dir) {
		if err := os.Chtimes(path, long, long); err != nil {
			t.Fatal(err)
		}
	}
	before := state(t, dir)
	s := space()
	if n := taken(t, s, 30); n != 5+manySegments {
		t.Errorf("%d rows were found, want %d", n, 5+manySegments)
	}
	other, err := OpenShared(dir)
	if err != nil {
		t.Fatal(err)
	}
	if none := other.Space("other weights", length); none.Get(key(0), make([]float32, length)) {
		t.Error("a space that is not there has a row")
	}
	after := state(t, dir)
	if len(before) != len(after) {
		t.Errorf("there are %d files, before %d", len(after), len(before))
	}
	for path, was := range before {
		if after[path] != was {
			t.Errorf("%s changed from %s to %s", path, was, after[path])
		}
	}
}

func TestASharedCacheMustBeAFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(t.TempDir(), "nowhere"), "relative", ""} {
		if _, err := OpenShared(dir); err == nil {
			t.Errorf("%q was opened", dir)
		}
	}
}

// TestHostileFilesInASharedCache: each costs its own rows and nothing else.
func TestHostileFilesInASharedCache(t *testing.T) {
	for name, plant := range map[string]func(t *testing.T, folder, segment string){
		"a pipe": func(t *testing.T, folder, _ string) {
			must(t, syscall.Mkfifo(filepath.Join(folder, "a"+segmentEnding), 0o600))
		},
		"a folder": func(t *testing.T, folder, _ string) {
			must(t, os.Mkdir(filepath.Join(folder, "a"+segmentEnding), 0o700))
		},
		"a link to a device": func(t *testing.T, folder, _ string) {
			must(t, os.Symlink("/dev/zero", filepath.Join(folder, "a"+segmentEnding)))
		},
		"a link to a segment": func(t *testing.T, folder, segment string) {
			must(t, os.Symlink(segment, filepath.Join(folder, "a"+segmentEnding)))
		},
		"a file that claims 4 billion rows": func(t *testing.T, folder, _ string) {
			path := filepath.Join(folder, "a"+segmentEnding)
			prefix := []byte(segmentMagic + "\x10\x00\x00\x00\xff\xff\xff\xff")
			must(t, os.WriteFile(path, prefix, 0o600))
			// Sparse, so that its size is what its counts ask for.
			must(t, os.Truncate(path, segmentSize(1<<32-1, length)))
		},
		"more names than are read": func(t *testing.T, folder, _ string) {
			for i := range sharedFiles + 10 {
				must(t, os.WriteFile(filepath.Join(folder, string(rune('a'+i%26))+time.Duration(i).String()+".txt"), nil, 0o600))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, space := shared(t, 3)
			segment := only(t, dir)
			plant(t, filepath.Dir(segment), segment)
			s := space()
			if len(s.segments) > 1 {
				t.Errorf("%d segments were opened", len(s.segments))
			}
			if n := taken(t, s, 3); n != 3 && name != "more names than are read" {
				t.Errorf("%d rows were found, want 3", n)
			}
		})
	}
}

// A pipe in the place of a space has no rows, and is not waited for.
func TestASharedSpaceIsAFolder(t *testing.T) {
	dir, space := shared(t, 3)
	folder := filepath.Dir(only(t, dir))
	must(t, os.RemoveAll(folder))
	must(t, syscall.Mkfifo(folder, 0o600))
	if n := taken(t, space(), 3); n != 0 {
		t.Errorf("%d rows came out of a pipe", n)
	}
}

// A segment that is cut short while it is open costs its rows.
func TestASharedSegmentIsCutShort(t *testing.T) {
	dir, space := shared(t, 3)
	s := space()
	must(t, os.Truncate(only(t, dir), 100))
	if n := taken(t, s, 3); n != 0 {
		t.Errorf("%d rows were read from a file that is gone", n)
	}
}

func TestDamageInASharedCacheIsSeen(t *testing.T) {
	dir, space := shared(t, 2)
	path := only(t, dir)
	whole, err := os.ReadFile(path)
	must(t, err)
	for i := range whole {
		damaged := append([]byte(nil), whole...)
		damaged[i] ^= 0x40
		must(t, os.WriteFile(path, damaged, 0o600))
		s := space()
		if n := taken(t, s, 2); n == 2 {
			t.Fatalf("the damage in byte %d was not seen", i)
		}
		must(t, s.Close())
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

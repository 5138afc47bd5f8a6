package resized

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/models/imageio"
)

func digest(i int) string { return fmt.Sprintf("%064x", i) }

func image(i int, g imageio.Geometry) []uint8 {
	return bytes.Repeat([]uint8{uint8(i), uint8(i >> 8), 7}, g.Size*g.Size)
}

func open(t *testing.T, dir string, limit int64) *Store {
	t.Helper()
	s, err := Open(dir, limit)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func has(s *Store, i int, g imageio.Geometry) bool {
	dst := make([]uint8, g.Bytes())
	return s.Get(digest(i), g, dst) && bytes.Equal(dst, image(i, g))
}

func TestKeepsImagesBetweenSessions(t *testing.T) {
	dir := t.TempDir()
	g := imageio.Geometry{Size: 8}
	open(t, dir, 0).Put(digest(1), g, image(1, g))
	s := open(t, dir, 0)
	if !has(s, 1, g) || !has(s, 1, imageio.Geometry{Size: 8, Method: imageio.Bilinear, Decode: imageio.Exact}) {
		t.Error("it is not there again")
	}
	for _, other := range []imageio.Geometry{{Size: 9}, {Size: 8, Method: imageio.Crop}, {Size: 8, Decode: imageio.Scaled}, {Size: -1}} {
		if s.Get(digest(1), other, make([]uint8, max(other.Bytes(), 0))) {
			t.Errorf("it is there at %+v", other)
		}
	}
	for _, name := range []string{"", "..", "../../../etc/passwd", strings.Repeat("g", 64), digest(1) + "0", strings.ToUpper(fmt.Sprintf("%064x", 0xabc))} {
		s.Put(name, g, image(1, g))
		if s.Get(name, g, make([]uint8, g.Bytes())) {
			t.Errorf("%q is taken for a SHA-256", name)
		}
	}
}

// TestDamagedEntriesAreNotThere: cut short, changed, put under another name, a link or a folder in its place.
func TestDamagedEntriesAreNotThere(t *testing.T) {
	g := imageio.Geometry{Size: 8}
	for name, damage := range map[string]func(t *testing.T, path string, content []byte){
		"short": func(t *testing.T, path string, content []byte) { write1(t, path, content[:len(content)-1]) },
		"empty": func(t *testing.T, path string, _ []byte) { write1(t, path, nil) },
		"long":  func(t *testing.T, path string, content []byte) { write1(t, path, append(content, 0)) },
		"pixel": func(t *testing.T, path string, content []byte) { content[40] ^= 1; write1(t, path, content) },
		"magic": func(t *testing.T, path string, content []byte) { content[0] ^= 1; write1(t, path, content) },
		"another's": func(t *testing.T, path string, _ []byte) {
			other := open(t, t.TempDir(), 0)
			other.Put(digest(2), g, image(1, g))
			stranger, _ := other.path(digest(2), entryName(digest(2), g))
			content, err := os.ReadFile(stranger)
			if err != nil {
				t.Fatal(err)
			}
			write1(t, path, content)
		},
		"link": func(t *testing.T, path string, content []byte) {
			target := filepath.Join(t.TempDir(), "x")
			write1(t, target, content)
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(target, path); err != nil {
				t.Fatal(err)
			}
		},
		"folder": func(t *testing.T, path string, _ []byte) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir(), 0)
			s.Put(digest(1), g, image(1, g))
			path, _ := s.path(digest(1), entryName(digest(1), g))
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			damage(t, path, content)
			if s.Get(digest(1), g, make([]uint8, g.Bytes())) {
				t.Error("it is taken as it is")
			}
			s.Put(digest(1), g, image(1, g)) // whatever is there, nothing fails
		})
	}
}

func write1(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestKeepsItsLimit: what earlier sessions left makes way, the least recently used first; a session does not drive out its own.
func TestKeepsItsLimit(t *testing.T) {
	testLimit(t, t.TempDir())
}

// The folder of the store may be a link to a larger disk. Nothing was ever removed there.
func TestALinkedStoreKeepsItsLimit(t *testing.T) {
	linked := filepath.Join(t.TempDir(), "resized")
	if err := os.Symlink(t.TempDir(), linked); err != nil {
		t.Fatal(err)
	}
	testLimit(t, linked)
}

func testLimit(t *testing.T, dir string) {
	t.Helper()
	g := imageio.Geometry{Size: 8}
	each := int64(headSize + g.Bytes())
	s := open(t, dir, 10*each)
	for i := range 8 {
		s.Put(digest(i), g, image(i, g))
		path, _ := s.path(digest(i), entryName(digest(i), g))
		used := time.Now().Add(time.Duration(i-20) * time.Minute)
		if err := os.Chtimes(path, used, used); err != nil {
			t.Fatal(err)
		}
	}
	s = open(t, dir, 10*each)
	for i := range 30 {
		s.Put(digest(100+i), g, image(100+i, g))
	}
	var old, fresh int
	for i := range 30 {
		if has(s, 100+i, g) {
			fresh++
		}
		if has(s, i, g) {
			old++
		}
	}
	if fresh != 10 || old != 0 || !has(s, 100, g) {
		t.Errorf("%d of the new and %d of the old ones are there", fresh, old)
	}
	total := int64(0)
	for _, e := range s.entries() {
		total += e.size
	}
	if total > 10*each {
		t.Errorf("it holds %d bytes of %d", total, 10*each)
	}
}

func TestLeftoversGo(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "00", "1"+temporaryEnding)
	if err := os.MkdirAll(filepath.Dir(old), 0o700); err != nil {
		t.Fatal(err)
	}
	write1(t, old, []byte("x"))
	then := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(old, then, then); err != nil {
		t.Fatal(err)
	}
	open(t, dir, 0)
	if _, err := os.Stat(old); err == nil {
		t.Error("what a process left half-written is still there")
	}
}

func BenchmarkGet(b *testing.B) {
	g := imageio.Geometry{Size: 224}
	s, err := Open(b.TempDir(), 0)
	if err != nil {
		b.Fatal(err)
	}
	s.Put(digest(1), g, image(1, g))
	dst := make([]uint8, g.Bytes())
	for b.Loop() {
		if !s.Get(digest(1), g, dst) {
			b.Fatal("it is not there")
		}
	}
}

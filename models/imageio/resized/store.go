// Package resized keeps resized images on disk, addressed by the content of the files that they were made of.
//
// An entry is a file of its own, written under a temporary name and renamed. It begins with a checksum of its name and its pixels:
// what a crash left half-written, another program changed or put under a wrong name counts as not there.
package resized

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/imageio"
)

// DefaultLimit is how many bytes a store takes where nothing else is said: 2 GiB, some 6,000 photos at 224 x 224, whole and cropped, with a thumbnail.
const DefaultLimit = 2 << 30

const (
	magic           = "HSPIXEL1"
	headSize        = len(magic) + 4
	ending          = ".rgb"
	temporaryEnding = ".tmp"
	touchEvery      = time.Hour // how exactly the last use is known
)

// A Store is a folder of resized images. It is safe for concurrent use, also by several processes.
type Store struct {
	dir    string
	limit  int64
	opened time.Time

	mu   sync.Mutex
	size int64 // of all entries, as far as this process knows
	full bool  // nothing is left that may go
}

// Open prepares the store in dir, which is made if need be. A limit of 0 means DefaultLimit.
func Open(dir string, limit int64) (*Store, error) {
	// File systems keep the time of a coarse clock: what is written now may seem to be older.
	s := &Store{dir: dir, limit: cmp.Or(limit, DefaultLimit), opened: time.Now().Add(-time.Second)}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the store of resized images: %w", err)
	}
	for _, e := range s.entries() {
		s.size += e.size
	}
	return s, nil
}

// entryName is the file name of an entry, below the first two digits of the content.
func entryName(sha256 string, g imageio.Geometry) string {
	return fmt.Sprintf("%s-%d-%s-%s%s", sha256, g.Size, cmp.Or(g.Method, imageio.Bilinear), cmp.Or(g.Decode, imageio.Exact), ending)
}

// path is where an entry is; not ok where the text is no SHA-256.
func (s *Store) path(sha256, name string) (string, bool) {
	if raw, err := hex.DecodeString(sha256); err != nil || len(raw) != 32 || strings.ToLower(sha256) != sha256 {
		return "", false
	}
	return filepath.Join(s.dir, sha256[:2], name), true
}

// Get fills dst, [size, size, 3], with the image of a file's SHA-256 at a geometry, and tells whether it was there.
func (s *Store) Get(sha256 string, g imageio.Geometry, dst []uint8) bool {
	if g.Validate() != nil || len(dst) != g.Bytes() {
		return false
	}
	name := entryName(sha256, g)
	path, ok := s.path(sha256, name)
	if !ok {
		return false
	}
	file, err := safefile.OpenUnlinked(path, os.O_RDONLY, 0)
	if err != nil {
		return false
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || info.Size() != int64(headSize+len(dst)) {
		return false
	}
	var head [headSize]byte
	if _, err := io.ReadFull(file, head[:]); err != nil || string(head[:len(magic)]) != magic {
		return false
	}
	if _, err := io.ReadFull(file, dst); err != nil || binary.LittleEndian.Uint32(head[len(magic):]) != sum(name, dst) {
		return false
	}
	if now := time.Now(); now.Sub(info.ModTime()) > touchEvery {
		_ = os.Chtimes(path, now, now) // evicted by another process meanwhile: nothing to note
	}
	return true
}

// sum is the checksum of an entry.
func sum(name string, pixels []uint8) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum([]byte(name), table), table, pixels)
}

// Put keeps an image, if there is room: entries of earlier sessions make way, the least recently used first, those of this one do not. A
// set of images that is larger than the store is kept in part, instead of each driving out the one that is wanted next.
func (s *Store) Put(sha256 string, g imageio.Geometry, pixels []uint8) {
	if g.Validate() != nil || len(pixels) != g.Bytes() {
		return
	}
	name := entryName(sha256, g)
	path, ok := s.path(sha256, name)
	if !ok || !s.reserve(int64(headSize+len(pixels))) {
		return
	}
	head := binary.LittleEndian.AppendUint32([]byte(magic), sum(name, pixels))
	if err := write(path, append(head, pixels...)); err != nil {
		s.mu.Lock()
		s.full = true // a full disk: the work goes on without
		s.mu.Unlock()
	}
}

func write(path string, content []byte) error {
	dir := filepath.Dir(path)
	file, err := os.CreateTemp(dir, "*"+temporaryEnding)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(dir, 0o700); err == nil {
			file, err = os.CreateTemp(dir, "*"+temporaryEnding)
		}
	}
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}

// reserve makes room for so many bytes.
func (s *Store) reserve(bytes int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full {
		return false
	}
	if s.size+bytes > s.limit {
		s.evict(s.limit/4 + bytes) // not for each entry anew
	}
	if s.size+bytes > s.limit {
		s.full = true
		return false
	}
	s.size += bytes
	return true
}

// evict removes entries that were last used before the store was opened, until so many bytes are free.
func (s *Store) evict(free int64) {
	all := s.entries()
	s.size = 0 // counted anew: other processes write as well
	for _, e := range all {
		s.size += e.size
	}
	slices.SortFunc(all, func(a, b entry) int { return a.used.Compare(b.used) })
	for _, e := range all {
		if s.limit-s.size >= free || !e.used.Before(s.opened) {
			return
		}
		if os.Remove(e.path) == nil {
			s.size -= e.size
		}
	}
}

// An entry is a file of the store.
type entry struct {
	path string
	size int64
	used time.Time
}

// entries lists the files, and removes those that a process has left half-written. The separator makes WalkDir follow a folder that is a
// link.
func (s *Store) entries() []entry {
	var list []entry
	_ = filepath.WalkDir(s.dir+string(filepath.Separator), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil // gone meanwhile
		}
		info, err := e.Info()
		switch {
		case err != nil: // gone meanwhile
		case strings.HasSuffix(path, ending):
			list = append(list, entry{path, info.Size(), info.ModTime()})
		case strings.HasSuffix(path, temporaryEnding) && time.Since(info.ModTime()) > time.Hour:
			_ = os.Remove(path)
		}
		return nil
	})
	return list
}

// Package cache keeps what a backbone made of images, on disk, addressed by content.
//
// A cache holds spaces, one for each treatment of the images (weights, cut, preprocessing ...), and a space holds rows of
// numbers by the SHA-256 of the image's bytes. Rows lie in segment files that are written under a temporary name and
// renamed, so that a process may die at any moment and several may work on the same cache; what a crash of the machine
// left half-written is seen by its checksum and computed again. The least recently used segments go when the limit is passed.
package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// DefaultLimit is how many bytes a cache takes where nothing else is said: 4 GiB, the pooled features of half a million
// images.
const DefaultLimit = 4 << 30

// Sizes of segments.
const (
	flushBytes   = 16 << 20 // buffered rows that are written without being asked
	smallSegment = 1 << 20  // segments below it are merged
	manySegments = 16       // when there are this many of them
)

const segmentEnding = ".features"

// Key is the SHA-256 of an image's bytes.
type Key [sha256.Size]byte

// ParseKey reads a key in hexadecimal.
func ParseKey(text string) (Key, error) {
	var key Key
	if n, err := hex.Decode(key[:], []byte(text)); err != nil || n != len(key) {
		return Key{}, fmt.Errorf("%q is no SHA-256 in hexadecimal", text)
	}
	return key, nil
}

// A Cache is a folder of spaces.
type Cache struct {
	dir   string
	limit int64
}

// Open prepares the cache in dir, which is made if need be. A limit of 0 means DefaultLimit.
func Open(dir string, limit int64) (*Cache, error) {
	if limit <= 0 {
		limit = DefaultLimit
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("open the feature cache: %w", err)
	}
	return &Cache{dir: dir, limit: limit}, nil
}

// A Space holds the rows of one treatment. It is safe for concurrent use.
type Space struct {
	cache  *Cache
	dir    string
	length int // numbers in a row

	mu       sync.Mutex
	segments []*segment
	rows     map[Key]place
	pending  []Key
	buffer   []float32 // [len(pending), length]
}

// place is where a row lies: in a segment, or in the buffer where segment is nil.
type place struct {
	segment *segment
	row     int
}

// Space opens the rows of one treatment. The identity is any text that names all that the rows depend on beside the
// image; length is how many numbers a row has.
func (c *Cache) Space(identity string, length int) (*Space, error) {
	sum := sha256.Sum256([]byte(identity))
	s := &Space{cache: c, dir: filepath.Join(c.dir, hex.EncodeToString(sum[:16])), length: length, rows: map[Key]place{}}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return nil, fmt.Errorf("open the feature cache: %w", err)
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("open the feature cache: %w", err)
	}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), segmentEnding) {
			continue
		}
		segment, err := openSegment(filepath.Join(s.dir, entry.Name()), length)
		if err != nil {
			continue // damaged, foreign, or just evicted: its rows are computed again
		}
		s.add(segment)
	}
	if err := s.merge(); err != nil {
		s.Close()
		return nil, err
	}
	// For people who look into the folder; nothing reads it.
	_ = os.WriteFile(filepath.Join(s.dir, "identity.txt"), []byte(identity+"\n"), 0o644)
	return s, nil
}

func (s *Space) add(segment *segment) {
	s.segments = append(s.segments, segment)
	for row, key := range segment.keys {
		s.rows[key] = place{segment, row}
	}
}

// Get fills into with the row of key and tells whether there is one.
func (s *Space) Get(key Key, into []float32) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.rows[key]
	if !ok || len(into) != s.length {
		return false
	}
	if at.segment == nil {
		copy(into, s.buffer[at.row*s.length:(at.row+1)*s.length])
		return true
	}
	if err := at.segment.read(at.row, into); err != nil {
		delete(s.rows, key) // damaged: it is computed again
		return false
	}
	at.segment.touch(time.Now())
	return true
}

// Has tells whether there is a row of key, without reading it.
func (s *Space) Has(key Key) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.rows[key]
	return ok
}

// Put keeps a row. It is on disk after the next Flush, at the latest after Close.
func (s *Space) Put(key Key, row []float32) error {
	if len(row) != s.length {
		return fmt.Errorf("keep features: a row of %d numbers in a space of %d", len(row), s.length)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.rows[key]; ok {
		return nil
	}
	s.rows[key] = place{nil, len(s.pending)}
	s.pending = append(s.pending, key)
	s.buffer = append(s.buffer, row...)
	if len(s.buffer)*4 >= flushBytes {
		return s.flush()
	}
	return nil
}

// Flush writes what Put has kept. An error leaves it in memory: the rows can be used, and the next Flush tries again.
func (s *Space) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flush()
}

func (s *Space) flush() error {
	if len(s.pending) == 0 {
		return nil
	}
	segment, err := writeSegment(s.dir, s.length, s.pending, s.buffer)
	if err != nil {
		return fmt.Errorf("write the feature cache: %w", err)
	}
	s.add(segment)
	s.pending, s.buffer = nil, nil
	return s.cache.evict()
}

// Close writes what is left and closes the files.
func (s *Space) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.flush()
	for _, segment := range s.segments {
		err = errors.Join(err, segment.file.Close())
	}
	s.segments, s.rows = nil, map[Key]place{}
	return err
}

// merge joins many small segments into one: every predicted image alone would leave a file of its own.
func (s *Space) merge() error {
	var small, large []*segment
	for _, segment := range s.segments {
		if segment.size < smallSegment {
			small = append(small, segment)
		} else {
			large = append(large, segment)
		}
	}
	if len(small) < manySegments {
		return nil
	}
	s.segments, s.rows = nil, map[Key]place{}
	for _, segment := range large {
		s.add(segment)
	}
	row := make([]float32, s.length)
	for _, segment := range small {
		for i, key := range segment.keys {
			if _, ok := s.rows[key]; ok || segment.read(i, row) != nil {
				continue
			}
			s.rows[key] = place{nil, len(s.pending)}
			s.pending = append(s.pending, key)
			s.buffer = append(s.buffer, row...)
		}
	}
	if err := s.flush(); err != nil {
		return err
	}
	for _, segment := range small {
		_ = segment.file.Close()
		_ = os.Remove(segment.file.Name()) // another process may have been faster
	}
	return nil
}

// evict removes the least recently used segments of all spaces until the cache keeps its limit. A process that has one of
// them open reads on: the file goes when it is closed. The separator makes WalkDir follow a folder that is a link.
func (c *Cache) evict() error {
	type file struct {
		path string
		size int64
		used time.Time
	}
	var files []file
	var total int64
	err := filepath.WalkDir(c.dir+string(filepath.Separator), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil // gone meanwhile
		}
		info, err := entry.Info()
		if err != nil {
			return nil // gone meanwhile
		}
		switch {
		case strings.HasSuffix(path, segmentEnding):
			files = append(files, file{path, info.Size(), info.ModTime()})
			total += info.Size()
		case strings.HasSuffix(path, temporaryEnding) && time.Since(info.ModTime()) > time.Hour:
			_ = os.Remove(path) // its writer died
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("look through the feature cache: %w", err)
	}
	slices.SortFunc(files, func(a, b file) int { return a.used.Compare(b.used) })
	for _, f := range files {
		if total <= c.limit {
			break
		}
		if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("shrink the feature cache: %w", err)
		}
		total -= f.size
	}
	return nil
}

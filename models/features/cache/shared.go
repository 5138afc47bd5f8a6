package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/headstart-nb/headstart/internal/safefile"
)

// Bounds of a space in a shared cache, whose files somebody else has written. What is beyond them is not used.
const (
	sharedFiles    = 4096     // names in the folder
	sharedSegments = 512      // open files
	sharedIndex    = 64 << 20 // bytes of all indexes together
)

// A Shared is the cache of somebody else, from which rows are taken and which is never written: no file in it is made, touched, merged or
// removed. Whoever writes it decides what the rows are; what is damaged is seen as in a cache of one's own.
type Shared struct{ dir string }

// OpenShared opens the folder of a cache, which must exist.
func OpenShared(dir string) (*Shared, error) {
	if !filepath.IsAbs(dir) {
		return nil, fmt.Errorf("open the shared feature cache %s: the path must be absolute", dir)
	}
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = errors.New("it is not a folder")
	}
	if err != nil {
		return nil, fmt.Errorf("open the shared feature cache %s: %w", dir, err)
	}
	return &Shared{dir: dir}, nil
}

// A SharedSpace holds the rows of one treatment. It is safe for concurrent use once it is open.
type SharedSpace struct {
	length   int
	segments []*segment
	rows     map[Key]place
}

// Space opens the rows of one treatment, as Cache.Space names them; none where the cache has no such space.
func (c *Shared) Space(identity string, length int) *SharedSpace {
	s := &SharedSpace{length: length, rows: map[Key]place{}}
	sum := sha256.Sum256([]byte(identity))
	dir := filepath.Join(c.dir, hex.EncodeToString(sum[:16]))
	names, _ := safefile.Names(dir, sharedFiles) // of a folder that is missing, none
	left := int64(sharedIndex)
	for _, name := range names {
		if !strings.HasSuffix(name, segmentEnding) {
			continue
		}
		if len(s.segments) == sharedSegments {
			break
		}
		segment, err := openForeign(filepath.Join(dir, name), length, left)
		if err != nil {
			continue // damaged, or no segment: its rows are computed
		}
		left -= indexSize(int64(len(segment.keys)))
		s.segments = append(s.segments, segment)
		for row, key := range segment.keys {
			s.rows[key] = place{segment, row}
		}
	}
	return s
}

// Get fills into with the row of key and tells whether there is one.
func (s *SharedSpace) Get(key Key, into []float32) bool {
	at, ok := s.rows[key]
	return ok && len(into) == s.length && at.segment.read(at.row, into) == nil
}

// Close closes the files.
func (s *SharedSpace) Close() error {
	var err error
	for _, segment := range s.segments {
		err = errors.Join(err, segment.file.Close())
	}
	s.segments, s.rows = nil, nil
	return err
}

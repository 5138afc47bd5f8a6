package imagefolder

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/internal/filestamp"
	"github.com/headstart-nb/headstart/models/imageio"
)

// A memory keeps the verdicts on a folder's files between loads. A file of the same path, size, times and inode is not opened
// again. One of which any of these differ is read, and decoded only if its bytes are new: a copied folder or a changed mode
// costs a read. A memory that cannot be read counts as empty.
type memory struct {
	file    string // empty: nothing is kept
	others  []verdict
	mutex   sync.Mutex
	content map[digest.Sum]int32 // to others; nil until it is needed, which it is not where no file has changed
	unread  int                  // files that match knew
	fresh   atomic.Int64         // verdicts that are not in the file
}

// A remembered is what is kept of a file.
type remembered struct {
	path    string
	stamp   filestamp.Stamp
	verdict verdict
}

// memoryAt is the memory of a folder, as its images look decoded in one way: other pixels may have other near-duplicates.
func memoryAt(root, stateDir string, decode imageio.Decoding) *memory {
	m := &memory{}
	if stateDir == "" {
		return m
	}
	if decode != imageio.Exact {
		root += "\x00" + string(decode)
	}
	key := sha256.Sum256([]byte(root))
	m.file = filepath.Join(stateDir, "checked", hex.EncodeToString(key[:16])+".checks")
	return m
}

// match reads the memory, and fills in what it knows of the files, which are sorted by path: of so many, path and stamp tell of each what it
// is now, and take gets the verdict. The memory is sorted like them, so that it is never in memory as a whole. What is left over,
// of files that have changed or gone, is kept for same. Nothing is known of an image above the limit of pixels, or of any with
// rehash. False: the memory is damaged, and what take got must be forgotten.
func (m *memory) match(files int, file func(i int) (path string, stamp filestamp.Stamp), o Options, take func(i int, v verdict)) bool {
	if m.file == "" {
		return true
	}
	i := 0
	err := readMemory(m.file, func(r *remembered) {
		for i < files {
			path, stamp := file(i)
			if path > r.path {
				break
			}
			i++
			if path < r.path || o.Rehash || stamp != r.stamp || r.verdict.above(o.MaxPixels) {
				continue
			}
			m.unread++
			take(i-1, r.verdict)
			return
		}
		m.others = append(m.others, r.verdict)
	})
	if err == nil {
		return true
	}
	m.others, m.unread = nil, 0
	m.fresh.Add(1) // so that it is written anew
	return false
}

// same returns what is known about a content.
func (m *memory) same(sum digest.Sum, maxPixels int64) (verdict, bool) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.content == nil {
		m.content = make(map[digest.Sum]int32, len(m.others))
		for n := range m.others {
			m.content[m.others[n].SHA256] = int32(n)
		}
	}
	n, ok := m.content[sum]
	if !ok || m.others[n].above(maxPixels) {
		return verdict{}, false
	}
	return m.others[n], true
}

// save writes the memory, whole or not at all, where it would be another. next returns the files on which there is a verdict, by path. Refusals are
// not kept: they are quick to find again, and a limit that is raised or a permission that is given changes them.
func (m *memory) save(next func() (*remembered, bool)) error {
	if m.file == "" || m.fresh.Load() == 0 && len(m.others) == 0 {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(m.file), 0o755); err != nil {
		return err
	}
	if err := writeMemory(m.file, next); err != nil {
		return err
	}
	old := m.file[:len(m.file)-len(".checks")] + ".gob" // of earlier versions, which nothing reads
	for _, name := range []string{old, old + ".near"} {
		_ = os.Remove(name) // most often they are not there
	}
	return nil
}

package imagefolder

import (
	"bufio"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/internal/filestamp"
	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/imagefolder/source"
	"github.com/headstart-nb/headstart/models/imageio"
)

// A memory keeps the verdicts on a folder's files between loads. A file of the same path, size, times and inode is not opened
// again. One of which any of these differ is read, and decoded only if its bytes are new: a copied folder or a changed mode
// costs a read. A memory that cannot be read counts as empty.
type memory struct {
	file    string // empty: nothing is kept
	mutex   sync.Mutex
	entries []savedVerdict   // as read, of different paths
	used    []bool           // by entry: by this load; only these are written back
	path    map[string]int32 // to entry
	content map[string]int32 // SHA-256 to entry; nil until it is needed, which it is not where no file has changed
	fresh   []savedVerdict   // made by this load
	unread  int              // files that get knew
}

// memoryVersion goes up when a verdict may come out differently for the same file.
const memoryVersion = 2

type savedMemory struct {
	Version int
	Entries []savedVerdict
}

type savedVerdict struct {
	Path    string
	Size    int64
	Time    int64
	Changed int64
	Inode   uint64
	Verdict verdict
}

func (s *savedVerdict) stamp() filestamp.Stamp {
	return filestamp.Stamp{Size: s.Size, Time: s.Time, Changed: s.Changed, Inode: s.Inode}
}

// openMemory reads the memory of a folder, as its images look decoded in one way: other pixels may have other near-duplicates.
func openMemory(root, stateDir string, decode imageio.Decoding) *memory {
	m := &memory{}
	if stateDir == "" {
		return m
	}
	if decode != imageio.Exact {
		root += "\x00" + string(decode)
	}
	key := sha256.Sum256([]byte(root))
	m.file = filepath.Join(stateDir, "checked", hex.EncodeToString(key[:16])+".gob")
	f, err := safefile.Open(m.file)
	if err != nil {
		return m
	}
	defer f.Close()
	var saved savedMemory
	if err := gob.NewDecoder(bufio.NewReader(f)).Decode(&saved); err != nil || saved.Version != memoryVersion {
		return m
	}
	m.entries, m.used, m.path = saved.Entries, make([]bool, len(saved.Entries)), make(map[string]int32, len(saved.Entries))
	for n := range m.entries {
		m.path[m.entries[n].Path] = int32(n)
	}
	return m
}

// get returns what is known about a file. An image above the limit of pixels counts as unknown.
func (m *memory) get(f source.File, maxPixels int64) (verdict, bool) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	n, ok := m.path[f.Path]
	if !ok || m.entries[n].stamp() != f.Stamp || m.entries[n].Verdict.above(maxPixels) {
		return verdict{}, false
	}
	m.used[n] = true
	m.unread++
	return m.entries[n].Verdict, true
}

// same returns what is known about a content.
func (m *memory) same(sha256 string, maxPixels int64) (verdict, bool) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.content == nil {
		m.content = make(map[string]int32, len(m.entries))
		for n := range m.entries {
			m.content[m.entries[n].Verdict.SHA256] = int32(n)
		}
	}
	n, ok := m.content[sha256]
	if !ok || m.entries[n].Verdict.above(maxPixels) {
		return verdict{}, false
	}
	return m.entries[n].Verdict, true
}

// put keeps the verdict on a usable image. Refusals are not kept: they are quick to find again, and a limit that is raised
// or a permission that is given changes them.
func (m *memory) put(f source.File, v verdict) {
	if v.Reason != "" {
		return
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.fresh = append(m.fresh, savedVerdict{f.Path, f.Size, f.Time, f.Changed, f.Inode, v})
}

// save writes the memory back, whole or not at all.
func (m *memory) save() error {
	if m.file == "" || len(m.fresh) == 0 && !slices.Contains(m.used, false) {
		return nil
	}
	saved := savedMemory{Version: memoryVersion, Entries: m.fresh}
	for n, used := range m.used {
		if used {
			saved.Entries = append(saved.Entries, m.entries[n])
		}
	}
	if err := os.MkdirAll(filepath.Dir(m.file), 0o755); err != nil {
		return err
	}
	return atomicfile.WriteFile(m.file, func(w io.Writer) error {
		buffered := bufio.NewWriter(w)
		return errors.Join(gob.NewEncoder(buffered).Encode(saved), buffered.Flush())
	})
}

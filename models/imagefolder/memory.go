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
	verdict map[source.File]verdict // as read
	content map[string]verdict      // the same, by SHA-256
	fresh   map[source.File]verdict // used or made by this load: what is written back
	changed bool
	unread  int // files that get knew
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

// openMemory reads the memory of a folder, as its images look decoded in one way: other pixels may have other near-duplicates.
func openMemory(root, stateDir string, decode imageio.Decoding) *memory {
	m := &memory{verdict: map[source.File]verdict{}, content: map[string]verdict{}, fresh: map[source.File]verdict{}}
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
	for _, e := range saved.Entries {
		m.verdict[source.File{Path: e.Path, Stamp: filestamp.Stamp{Size: e.Size, Time: e.Time, Changed: e.Changed, Inode: e.Inode}}] = e.Verdict
		m.content[e.Verdict.SHA256] = e.Verdict
	}
	return m
}

// get returns what is known about a file. An image above the limit of pixels counts as unknown.
func (m *memory) get(f source.File, maxPixels int64) (verdict, bool) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	v, ok := m.verdict[f]
	if !ok || int64(v.Width)*int64(v.Height) > maxPixels {
		return verdict{}, false
	}
	m.fresh[f] = v
	m.unread++
	return v, true
}

// same returns what is known about a content.
func (m *memory) same(sha256 string, maxPixels int64) (verdict, bool) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	v, ok := m.content[sha256]
	return v, ok && int64(v.Width)*int64(v.Height) <= maxPixels
}

// put keeps the verdict on a usable image. Refusals are not kept: they are quick to find again, and a limit that is raised
// or a permission that is given changes them.
func (m *memory) put(f source.File, v verdict) {
	if v.Reason != "" {
		return
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.fresh[f] = v
	m.changed = true
}

// save writes the memory back, whole or not at all.
func (m *memory) save() error {
	if m.file == "" || !m.changed && len(m.fresh) == len(m.verdict) {
		return nil
	}
	saved := savedMemory{Version: memoryVersion}
	for f, v := range m.fresh {
		saved.Entries = append(saved.Entries, savedVerdict{f.Path, f.Size, f.Time, f.Changed, f.Inode, v})
	}
	if err := os.MkdirAll(filepath.Dir(m.file), 0o755); err != nil {
		return err
	}
	return atomicfile.WriteFile(m.file, func(w io.Writer) error {
		buffered := bufio.NewWriter(w)
		return errors.Join(gob.NewEncoder(buffered).Encode(saved), buffered.Flush())
	})
}

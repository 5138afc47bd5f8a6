package imagefolder

import (
	"bufio"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/headstart-nb/headstart/internal/safefile"
)

// A memory keeps the verdicts on a folder's files between loads, so that a file is decoded again only when its path, its size
// or the time of its last change differ. A memory that cannot be read is as good as none.
type memory struct {
	file    string // empty: nothing is kept
	mutex   sync.Mutex
	verdict map[found]verdict // as read
	fresh   map[found]verdict // used or made by this load: what is written back
	changed bool
}

// memoryVersion goes up when a verdict may come out differently for the same file.
const memoryVersion = 1

type savedMemory struct {
	Version int
	Entries []savedVerdict
}

type savedVerdict struct {
	Path    string
	Size    int64
	Time    int64
	Verdict verdict
}

// openMemory reads the memory of a folder.
func openMemory(root, stateDir string) *memory {
	m := &memory{verdict: map[found]verdict{}, fresh: map[found]verdict{}}
	if stateDir == "" {
		return m
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
		m.verdict[found{e.Path, e.Size, e.Time}] = e.Verdict
	}
	return m
}

// get returns what is known about a file. An image above the limit of pixels counts as unknown.
func (m *memory) get(f found, maxPixels int64) (verdict, bool) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	v, ok := m.verdict[f]
	if !ok || int64(v.Width)*int64(v.Height) > maxPixels {
		return verdict{}, false
	}
	m.fresh[f] = v
	return v, true
}

// put keeps the verdict on a usable image. Refusals are not kept: they are quick to find again, and a limit that is raised
// or a permission that is given changes them.
func (m *memory) put(f found, v verdict) {
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
		saved.Entries = append(saved.Entries, savedVerdict{f.path, f.size, f.time, v})
	}
	if err := os.MkdirAll(filepath.Dir(m.file), 0o755); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(m.file), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) // fails after the rename, as it should
	w := bufio.NewWriter(temporary)
	err = errors.Join(gob.NewEncoder(w).Encode(saved), w.Flush(), temporary.Close())
	if err != nil {
		return err
	}
	return os.Rename(temporary.Name(), m.file)
}

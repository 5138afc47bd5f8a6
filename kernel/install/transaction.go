package install

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	lockName = ".lock"
	// stagingPrefix names the folders that hold what is not in place yet. One that an earlier run left is removed.
	stagingPrefix = ".headstart-new-"
)

// A transaction collects finished files beside their destinations and moves them into place in one short go, each by a
// rename. An installation that is killed before that has changed nothing; killed within it, every file is whole, old or
// new, and the kernelspec, which makes the rest visible, comes last.
type transaction struct {
	layout Layout
	log    *progress
	old    manifest // what is in place
	owned  owned    // what may be removed

	mu     sync.Mutex
	stages map[string]string // base folder -> its staging folder, on the same file system
	moves  []move
	stale  []string
	count  int
}

type move struct{ from, to string }

// begin clears what killed runs left behind, and notes the folders that are about to be made. The caller holds the lock.
func begin(layout Layout, folders []string, log *progress) (*transaction, error) {
	tx := &transaction{layout: layout, log: log, stages: map[string]string{}}
	old, err := readManifest(layout)
	if err != nil {
		return nil, err
	}
	tx.old, tx.owned = old.union(manifest{Folders: folders}), ownedBy(layout, old.Asked)
	for _, base := range tx.bases() {
		litter, err := filepath.Glob(filepath.Join(escapeGlob(base), stagingPrefix+"*"))
		if err != nil {
			return nil, fmt.Errorf("looking for leftovers in %s: %w", base, err)
		}
		for _, dir := range litter {
			if err := removeLitter(dir); err != nil {
				return nil, explain(err, "removing the leftover "+dir)
			}
		}
	}
	if !tx.old.equal(old) {
		if err := tx.old.write(tx); err != nil {
			return nil, explain(err, "writing the list of installed files")
		}
	}
	return tx, nil
}

func (tx *transaction) bases() []string { return []string{tx.layout.Root, tx.layout.Share} }

func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// removeAll also removes folders without write permission, such as a module cache's.
func removeAll(dir string) error {
	err := os.RemoveAll(dir)
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			_ = os.Chmod(path, 0o755)
		}
		return nil
	})
	return os.RemoveAll(dir)
}

// removeLitter gives what a killed run had started a moment to end: it may still write.
func removeLitter(dir string) error {
	err := removeAll(dir)
	for range 20 {
		if err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
		err = removeAll(dir)
	}
	return err
}

// base returns the folder whose staging folder shares dest's file system.
func (tx *transaction) base(dest string) string {
	if within(tx.layout.Share, dest) {
		return tx.layout.Share
	}
	return tx.layout.Root
}

func within(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// scratch returns a new path in the staging folder that belongs to dest.
func (tx *transaction) scratch(dest string) (string, error) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	base := tx.base(dest)
	if tx.stages[base] == "" {
		dir := filepath.Join(base, stagingPrefix+rand.Text()[:8])
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
		tx.stages[base] = dir
	}
	tx.count++
	return filepath.Join(tx.stages[base], fmt.Sprintf("%d-%s", tx.count, filepath.Base(dest))), nil
}

// place queues a finished file or folder of the staging folder for its destination.
func (tx *transaction) place(from, dest string) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.moves = append(tx.moves, move{from, dest})
}

// newest returns where the file for dest lies now: staged, or in place; "" where there is none.
func (tx *transaction) newest(dest string) string {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	for _, m := range tx.moves {
		if m.to == dest {
			return m.from
		}
	}
	if exists(dest) {
		return dest
	}
	return ""
}

// drop queues a path that the new state no longer has.
func (tx *transaction) drop(path string) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.stale = append(tx.stale, path)
}

// write stages a file.
func (tx *transaction) write(dest string, mode fs.FileMode, content io.Reader) error {
	from, err := tx.scratch(dest)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(from, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", dest, err)
	}
	tx.place(from, dest)
	return nil
}

func (tx *transaction) writeBytes(dest string, mode fs.FileMode, content []byte) error {
	return tx.write(dest, mode, bytes.NewReader(content))
}

// commit moves everything into place. The manifest comes first, and covers the old files and the new, so that uninstall
// finds all of them whatever happens.
func (tx *transaction) commit(files []string, asked request) error {
	next := manifest{Files: merge(nil, files), Folders: tx.old.Folders, Asked: asked}
	if len(tx.moves) == 0 && len(tx.stale) == 0 && tx.old.equal(next) {
		return nil
	}
	if err := tx.old.union(next).write(tx); err != nil {
		return explain(err, "writing the list of installed files")
	}
	for _, m := range tx.moves {
		if err := replace(m.from, m.to); err != nil {
			return explain(err, "putting "+m.to+" in place")
		}
	}
	kept := map[string]bool{}
	for _, f := range next.Files {
		kept[f] = true
	}
	for _, path := range append(tx.old.missingFrom(next), tx.stale...) {
		if !kept[path] {
			_ = tx.owned.remove(path)
		}
	}
	if err := next.write(tx); err != nil {
		return explain(err, "writing the list of installed files")
	}
	return nil
}

// replace renames from to dest. A folder in dest's place is moved aside first: only a whole plugin tree is one.
func replace(from, dest string) error {
	if err := os.MkdirAll(filepath.Dir(dest), 0o755); err != nil {
		return err
	}
	if info, err := os.Lstat(dest); err == nil && info.IsDir() {
		aside := from + ".old"
		if err := os.Rename(dest, aside); err != nil {
			return err
		}
		defer func() { _ = removeAll(aside) }() // the staging folder goes in any case
	}
	return os.Rename(from, dest)
}

// discard removes the staging folders.
func (tx *transaction) discard() {
	for _, dir := range tx.stages {
		_ = removeAll(dir)
	}
}

// Package transaction puts the files of an installation in place all together or not at all.
package transaction

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/internal/filelock"
)

const (
	lockName = ".lock"
	// stagingPrefix names the folders that hold what is not in place yet. One that an earlier run left is removed.
	stagingPrefix = ".headstart-new-"
)

// A Site is where the files of one installation lie, and what of it may be removed.
type Site struct {
	Root  string // programs, libraries and the manifest; below it, a whole folder may be removed
	Share string // Jupyter's folder
	// Bases are the folders that everything to remove lies below, absolute. A path belongs to the first that it lies below.
	Bases []string
	// AskedShare says that what lies in the Share of the manifest's request may be removed as well.
	AskedShare bool
}

// An Error tells at which step something failed.
type Error struct {
	Tried string // a phrase such as "putting FILE in place"
	Err   error
}

func (e *Error) Error() string { return e.Tried + ": " + e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// A Transaction collects finished files beside their destinations and moves them into place in one short go, each by a
// rename. An installation that is killed before that has changed nothing; killed within it, every file is whole, old or
// new, and the kernelspec, which makes the rest visible, comes last.
type Transaction struct {
	site  Site
	lock  *filelock.Lock
	old   Manifest // what is in place
	owned owned    // what may be removed

	mu     sync.Mutex
	stages map[string]string // base folder -> its staging folder, on the same file system
	moves  []move
	stale  []string
	count  int
}

type move struct{ from, to string }

// Begin waits until no other transaction works on the same root, clears what killed runs left behind, and notes the folders
// that are about to be made. It calls waiting where it has to wait. The caller ends the transaction with Discard.
func Begin(ctx context.Context, site Site, folders []string, waiting func()) (*Transaction, error) {
	held, err := lock(ctx, site.Root, waiting)
	if err != nil {
		return nil, err
	}
	tx := &Transaction{site: site, lock: held, stages: map[string]string{}}
	if err := tx.prepare(folders); err != nil {
		return nil, errors.Join(err, held.Close())
	}
	return tx, nil
}

func (tx *Transaction) prepare(folders []string) error {
	old, err := Read(tx.site)
	if err != nil {
		return err
	}
	tx.old, tx.owned = old.union(Manifest{Folders: folders}), ownedBy(tx.site, old.Asked)
	for _, base := range []string{tx.site.Root, tx.site.Share} {
		entries, _ := os.ReadDir(base) // one that is not there, or cannot be read, has no leftovers to clear
		for _, entry := range entries {
			if !strings.HasPrefix(entry.Name(), stagingPrefix) {
				continue
			}
			dir := filepath.Join(base, entry.Name())
			if err := removeLitter(dir); err != nil {
				return &Error{"removing the leftover " + dir, err}
			}
		}
	}
	if !tx.old.equal(old) {
		if err := tx.old.write(tx); err != nil {
			return &Error{"writing the list of installed files", err}
		}
	}
	return nil
}

// RemoveAll also removes folders without write permission, such as a module cache's.
func RemoveAll(dir string) error {
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
	err := RemoveAll(dir)
	for range 20 {
		if err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
		err = RemoveAll(dir)
	}
	return err
}

// base returns the folder whose staging folder shares dest's file system.
func (tx *Transaction) base(dest string) string {
	if within(tx.site.Share, dest) {
		return tx.site.Share
	}
	return tx.site.Root
}

func within(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// Scratch returns a new path in the staging folder that belongs to dest.
func (tx *Transaction) Scratch(dest string) (string, error) {
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

// Place queues a finished file or folder of the staging folder for its destination.
func (tx *Transaction) Place(from, dest string) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.moves = append(tx.moves, move{from, dest})
}

// Newest returns where the file for dest lies now: staged, or in place; "" where there is none.
func (tx *Transaction) Newest(dest string) string {
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

// Drop queues a path that the new state no longer has.
func (tx *Transaction) Drop(path string) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.stale = append(tx.stale, path)
}

// Write stages a file.
func (tx *Transaction) Write(dest string, mode fs.FileMode, content io.Reader) error {
	from, err := tx.Scratch(dest)
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
	tx.Place(from, dest)
	return nil
}

// WriteBytes stages a file with that content.
func (tx *Transaction) WriteBytes(dest string, mode fs.FileMode, content []byte) error {
	return tx.Write(dest, mode, bytes.NewReader(content))
}

// Commit moves everything into place. The manifest comes first, and covers the old files and the new, so that uninstall
// finds all of them whatever happens.
func (tx *Transaction) Commit(files []string, asked Request) error {
	next := Manifest{Files: merge(nil, files), Folders: tx.old.Folders, Asked: asked}
	if len(tx.moves) == 0 && len(tx.stale) == 0 && tx.old.equal(next) {
		return nil
	}
	if err := tx.old.union(next).write(tx); err != nil {
		return &Error{"writing the list of installed files", err}
	}
	for _, m := range tx.moves {
		if err := replace(m.from, m.to); err != nil {
			return &Error{"putting " + m.to + " in place", err}
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
		return &Error{"writing the list of installed files", err}
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
		defer func() { _ = RemoveAll(aside) }() // the staging folder goes in any case
	}
	return os.Rename(from, dest)
}

// Discard ends the transaction: it removes the staging folders and lets the next one begin.
func (tx *Transaction) Discard() {
	defer tx.lock.Close() // nothing was written to it
	for _, dir := range tx.stages {
		_ = RemoveAll(dir)
	}
}

// Uninstall removes what the manifest lists, apart from what is to be kept, the manifest and the lock, and says how many
// files were removed. What cannot be removed does not stop it: it stays in the manifest, and the error is that of the first.
func (tx *Transaction) Uninstall(keep map[string]bool) (removed int, left []string, err error) {
	remove := func(file string) bool {
		failure := tx.owned.remove(file)
		if failure != nil && err == nil {
			err = &Error{"removing " + file, failure}
		}
		return failure == nil
	}
	listed := slices.DeleteFunc(slices.Clone(tx.old.Files), func(file string) bool { return keep[file] })
	// Jupyter's folder first: the kernelspec there must not name programs that are gone.
	slices.SortStableFunc(listed, func(a, b string) int { return tx.order(a) - tx.order(b) })
	for _, file := range listed {
		if remove(file) {
			removed++
		} else {
			left = append(left, file)
		}
	}
	if len(left) > 0 {
		rest := Manifest{Files: merge(nil, left), Folders: tx.old.Folders, Asked: tx.old.Asked}
		err = errors.Join(err, rest.write(tx))
	} else {
		remove(tx.site.manifest())
		remove(filepath.Join(tx.site.Root, lockName))
	}
	tx.removeFolders()
	return removed, left, err
}

// order is lower for what is to be removed earlier.
func (tx *Transaction) order(file string) int {
	if within(tx.site.Share, file) || tx.old.Asked.Share != "" && within(tx.old.Asked.Share, file) {
		return 0
	}
	return 1
}

// removeFolders removes the folders that were made and are empty, deepest first; one that is not empty is somebody's.
func (tx *Transaction) removeFolders() {
	folders := slices.Clone(tx.old.Folders)
	slices.SortFunc(folders, func(a, b string) int { return len(b) - len(a) })
	for _, dir := range folders {
		if tx.owned.base(dir) != "" {
			_ = tx.owned.remove(dir)
		} else {
			_ = os.Remove(dir) // above the installation's folders, and empty
		}
	}
	tx.site.RemoveEmpty()
}

// RemoveEmpty removes the root, and the folders that it lies in within the installation's, where they are empty. They have to
// be there before the manifest can name them, so one that is killed in between leaves them to this.
func (s Site) RemoveEmpty() {
	o := ownedBy(s, Request{})
	for dir := s.Root; dir == s.Root || o.base(dir) != ""; dir = filepath.Dir(dir) {
		info, err := os.Lstat(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil || !info.IsDir() || os.Remove(dir) != nil {
			return // somebody's link or file is there
		}
	}
}

// exists reports whether a path leads to something, links followed.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

package install

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Uninstall removes what Install put in place, and what a killed one left behind. Files that others added stay, and so do
// the folders they lie in. It is no error if nothing is installed.
func Uninstall(ctx context.Context, place Place, python string, dryRun bool, w io.Writer) error {
	log := newProgress(w)
	layout, err := NewLayout(ctx, place, python)
	if err != nil {
		return err
	}
	if !exists(layout.Root) {
		log.line("nothing is installed in %s", layout.Root)
		return nil
	}
	if dryRun {
		installed, err := readManifest(layout)
		if err != nil {
			return err
		}
		for _, file := range installed.Files {
			log.line("would remove %s", file)
		}
		return nil
	}
	unlock, err := lock(ctx, layout, log)
	if err != nil {
		return err
	}
	defer unlock()
	tx, err := begin(layout, nil, log) // removes leftovers
	if err != nil {
		return err
	}
	for _, file := range tx.old.Files {
		if err := remove(file); err != nil {
			return explain(err, "removing "+file)
		}
	}
	for _, own := range []string{layout.manifest(), filepath.Join(layout.Root, lockName)} {
		if err := remove(own); err != nil {
			return explain(err, "removing "+own)
		}
	}
	// Deepest first; one that is not empty is somebody's.
	folders := slices.Clone(tx.old.Folders)
	slices.SortFunc(folders, func(a, b string) int { return len(b) - len(a) })
	for _, dir := range folders {
		_ = os.Remove(dir)
	}
	log.line("removed %d files and folders from %s and %s", len(tx.old.Files), layout.Root, layout.Share)
	return nil
}

// remove takes an entry of a manifest away, if it is still there.
func remove(file string) error {
	if folder, ok := strings.CutSuffix(file, string(os.PathSeparator)); ok {
		return removeAll(folder)
	}
	if err := os.Remove(file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

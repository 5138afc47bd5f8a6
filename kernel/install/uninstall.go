package install

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// Uninstall removes what Install put in place, and what a killed one left behind. Files that others added stay, and so do
// the folders they are in. It is not an error if nothing is installed.
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
	installed, err := readManifest(layout)
	if err != nil {
		return err
	}
	if dryRun {
		for _, file := range installed.Files {
			log.line("would remove %s", file)
		}
		leaveAlone(installed.foreign, layout, log)
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
	leaveAlone(installed.foreign, layout, log)
	for _, file := range tx.old.Files {
		if err := tx.owned.remove(file); err != nil {
			return explain(err, "removing "+file)
		}
	}
	for _, own := range []string{layout.manifest(), filepath.Join(layout.Root, lockName)} {
		if err := tx.owned.remove(own); err != nil {
			return explain(err, "removing "+own)
		}
	}
	// Deepest first; one that is not empty is somebody's.
	folders := slices.Clone(tx.old.Folders)
	slices.SortFunc(folders, func(a, b string) int { return len(b) - len(a) })
	for _, dir := range folders {
		if tx.owned.base(dir) != "" {
			_ = tx.owned.remove(dir)
		} else {
			_ = os.Remove(dir) // above the installation's folders, and empty
		}
	}
	log.line("removed %d files and folders from %s and %s", len(tx.old.Files), layout.Root, layout.Share)
	return nil
}

// leaveAlone says which entries of a manifest are not touched.
func leaveAlone(foreign []string, layout Layout, log *progress) {
	for _, path := range foreign {
		log.line("leaving %q alone: the list of installed files names it, and it is not below %s", path, layout.Prefix)
	}
}

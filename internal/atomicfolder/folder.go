// Package atomicfolder replaces what a folder holds as a whole.
package atomicfolder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/headstart-nb/headstart/internal/atomicfile"
)

// Replace replaces what a folder holds by what write puts into a new one: that is made beside it and takes its place, so that there
// is never a part of either. Own names the files that belong to the content; others that are in the folder stay there.
func Replace(path string, own []string, write func(dir string) error) (err error) {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved // what a link names is replaced, not the link
	}
	path = filepath.Clean(path)
	temporary, err := os.MkdirTemp(filepath.Dir(path), "."+filepath.Base(path)+".*"+atomicfile.TemporaryEnding)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", path, errors.Join(err, os.RemoveAll(temporary)))
		}
	}()
	mode := fs.FileMode(0o755)
	before, err := os.Lstat(path)
	switch {
	case err == nil && !before.IsDir():
		return errors.New("it is not a folder")
	case err == nil:
		mode = before.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := write(temporary); err != nil {
		return err
	}
	if err := errors.Join(os.Chmod(temporary, mode), atomicfile.SyncDir(temporary)); err != nil {
		return err
	}
	if before == nil {
		if err := os.Rename(temporary, path); err != nil {
			return err
		}
		return atomicfile.SyncDir(filepath.Dir(path))
	}
	if err := exchange(temporary, path); err != nil {
		return err
	}
	return errors.Join(moveOthers(temporary, path, own), os.RemoveAll(temporary), atomicfile.SyncDir(filepath.Dir(path)))
}

// moveOthers moves what is neither own nor there already.
func moveOthers(from, to string, own []string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if slices.Contains(own, entry.Name()) {
			continue
		}
		place := filepath.Join(to, entry.Name())
		if _, err := os.Lstat(place); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := os.Rename(filepath.Join(from, entry.Name()), place); err != nil {
			return err
		}
	}
	return nil
}

// inTwoSteps exchanges two folders where the system cannot at once: for a moment nothing is at the path.
func inTwoSteps(temporary, path string) error {
	aside := temporary + ".before"
	if err := os.Rename(path, aside); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return errors.Join(err, os.Rename(aside, path))
	}
	return os.Rename(aside, temporary)
}

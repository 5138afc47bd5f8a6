package classifier

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// temporaryFolder is the pattern for the name of a folder that is being written.
const temporaryFolder = ".saving-*"

// writeFolder makes a folder with what write puts there. It must not exist or be empty. Doing names the work in errors.
func writeFolder(doing, dir string, write func(dir string) error) (err error) {
	if err := vacant(doing, dir); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s to %s: %w", doing, dir, err)
		}
	}()
	if _, err := os.Stat(dir); err == nil {
		return fill(dir, write)
	}
	parent := filepath.Dir(filepath.Clean(dir))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	// Written beside its place and renamed: there is never half a model.
	temporary, err := writeTemporary(parent, write)
	if err != nil {
		return err
	}
	if err := os.Chmod(temporary, 0o755); err != nil {
		return errors.Join(err, os.RemoveAll(temporary))
	}
	if err := os.Rename(temporary, dir); err != nil {
		return errors.Join(err, os.RemoveAll(temporary))
	}
	return nil
}

// writeTemporary makes a folder of a name of its own. Where that fails nothing of it stays.
func writeTemporary(parent string, write func(dir string) error) (temporary string, err error) {
	if temporary, err = os.MkdirTemp(parent, temporaryFolder); err != nil {
		return "", err
	}
	if err = write(temporary); err == nil {
		err = readable(temporary)
	}
	if err != nil {
		return "", errors.Join(err, os.RemoveAll(temporary))
	}
	return temporary, nil
}

// fill writes into an empty folder, which stays the one that it is: a disk may be mounted there, and others may share it. The description
// comes last, so that there is never half a model.
func fill(dir string, write func(dir string) error) (err error) {
	temporary, err := writeTemporary(dir, write)
	if err != nil {
		return err
	}
	var moved []string
	defer func() {
		err = errors.Join(err, os.RemoveAll(temporary))
		if err != nil {
			for _, path := range moved {
				err = errors.Join(err, os.RemoveAll(path))
			}
		}
	}()
	entries, err := os.ReadDir(temporary)
	if err != nil {
		return err
	}
	last := func(e os.DirEntry) int {
		if e.Name() == modelFile {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(entries, func(a, b os.DirEntry) int { return last(a) - last(b) })
	for _, e := range entries {
		to := filepath.Join(dir, e.Name())
		if err := os.Rename(filepath.Join(temporary, e.Name()), to); err != nil {
			return err
		}
		moved = append(moved, to)
	}
	return nil
}

// CheckFolder refuses a folder that Save would refuse, for whoever has long work to do before.
func CheckFolder(dir string) error {
	const doing = "save the model"
	if err := vacant(doing, dir); err != nil {
		return err
	}
	there := filepath.Clean(dir) // what is there already: the folder, or one above it
	for there != filepath.Dir(there) {
		if _, err := os.Stat(there); !errors.Is(err, os.ErrNotExist) {
			break
		}
		there = filepath.Dir(there)
	}
	trial, err := os.MkdirTemp(there, temporaryFolder)
	if err != nil {
		return fmt.Errorf("%s to %s: %w", doing, dir, err)
	}
	return os.Remove(trial)
}

// vacant refuses a place that is taken: by a file, which would be lost, or by a folder with something in it. What a save that was killed has
// left there is nothing.
func vacant(doing, dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		if _, err := os.Lstat(dir); err == nil {
			return fmt.Errorf("%s to %s: it is a link that leads to nothing; choose another", doing, dir)
		}
		return nil
	case err != nil:
		return fmt.Errorf("%s to %s: %w", doing, dir, err)
	case !info.IsDir():
		return fmt.Errorf("%s to %s: it is not a folder; choose another", doing, dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("%s to %s: %w", doing, dir, err)
	}
	left, _, _ := strings.Cut(temporaryFolder, "*")
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), left) && e.Name() != lostAndFound {
			return fmt.Errorf("%s to %s: the folder is not empty; choose another", doing, dir)
		}
	}
	return nil
}

// lostAndFound is what a new file system of Linux holds.
const lostAndFound = "lost+found"

// readable gives all files the mode that the model card got by the user's mask. Those with weights were written under a temporary name,
// which the user alone may read: a server that runs as another user could not load the model.
func readable(dir string) error {
	card, err := os.Stat(filepath.Join(dir, cardFile))
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	for _, entry := range entries {
		if err == nil {
			err = os.Chmod(filepath.Join(dir, entry.Name()), card.Mode().Perm())
		}
	}
	return err
}

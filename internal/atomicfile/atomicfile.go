// Package atomicfile replaces files as a whole: whenever the process or the machine stops, there is the old content or the
// new one.
package atomicfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// TemporaryEnding is the end of the name of a file that is being written. A process that is killed leaves it behind.
const TemporaryEnding = ".tmp"

// WriteFile replaces the file at path by what write writes: under a temporary name beside it, synced, renamed, and the folder
// synced. The user alone may read it.
func WriteFile(path string, write func(io.Writer) error) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*"+TemporaryEnding)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return fill(file, path, write)
}

// WriteResult is WriteFile for a file that the user has asked for: others may read it as far as the user's mask allows, or as they could
// read the file that it replaces.
func WriteResult(path string, write func(io.Writer) error) error {
	temporary := fmt.Sprintf("%s.%s%s", path, rand.Text(), TemporaryEnding)
	file, err := os.OpenFile(temporary, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o666)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return fill(file, path, func(w io.Writer) error {
		if before, err := os.Stat(path); err == nil && before.Mode().IsRegular() {
			if err := file.Chmod(before.Mode().Perm()); err != nil {
				return err
			}
		}
		return write(w)
	})
}

// fill writes a file under its temporary name, and puts it at its path.
func fill(file *os.File, path string, write func(io.Writer) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(file.Name())))
		}
	}()
	err = write(file)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err = os.Rename(file.Name(), path); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// Write replaces the file at path by content.
func Write(path string, content []byte) error {
	return WriteFile(path, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// SyncDir makes a rename in a folder last through a power cut.
func SyncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

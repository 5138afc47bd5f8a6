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
	"strings"
)

// TemporaryEnding is the end of the name of a file that is being written. A process that is killed leaves it behind.
const TemporaryEnding = ".tmp"

// ErrNotFile says that a device, a pipe or a socket is in the file's place, or a link that leads to one, as /dev/stdout does. Whoever may
// write beside it, as root may in /dev, could replace it.
var ErrNotFile = errors.New("it is a device, a pipe or a socket; name a file")

// Replaceable tells whether a file may take the place of what is at path.
func Replaceable(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return ErrNotFile
	}
	if target, err := os.Readlink(path); err == nil && strings.HasPrefix(target, "/proc/") { // /dev/stdout, whatever it leads to now
		return ErrNotFile
	}
	return nil // a folder cannot be replaced in any case
}

// WriteFile replaces the file at path by what write writes: under a temporary name beside it, synced, renamed, and the folder
// synced. The user alone may read it.
func WriteFile(path string, write func(io.Writer) error) error {
	if err := Replaceable(path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*"+TemporaryEnding)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return fill(file, path, write)
}

// WriteResult is WriteFile for a file that the user has asked for: others may read it as far as the user's mask allows, or as they could
// read the file that it replaces. What is written to a character device, such as /dev/null, goes there.
func WriteResult(path string, write func(io.Writer) error) error {
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		return writeTo(path, write)
	}
	if err := Replaceable(path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
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

// writeTo writes to a device as it is.
func writeTo(path string, write func(io.Writer) error) error {
	device, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		err = errors.Join(write(device), device.Close())
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
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

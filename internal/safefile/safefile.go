// Package safefile opens files that strangers may have put there: only regular files, without waiting.
//
// A pipe blocks whoever opens it until another program opens its other end, a device may never end, and a symbolic link
// leads to a file that was not meant. It imports the standard library only.
package safefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

var (
	// ErrNotRegular marks a folder, a pipe, a socket or a device.
	ErrNotRegular = errors.New("it is not a regular file")
	// ErrLink marks a symbolic link where none is followed.
	ErrLink = errors.New("it is a symbolic link, which is not followed here")
)

// A TooLargeError is a file with more bytes than the reader accepts.
type TooLargeError struct{ Limit int64 }

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("it has more than the %d bytes that are read", e.Limit)
}

// Open opens a regular file for reading. It follows symbolic links, since the person who names a file may name a link.
func Open(path string) (*os.File, error) {
	info, err := os.Stat(path) // first: to open some devices is to act on them
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: ErrNotRegular}
	}
	return open(path, os.O_RDONLY, 0)
}

// OpenUnlinked opens a regular file with the flags of os.OpenFile, and refuses a symbolic link in the file's place. It is
// for files under a name of this project inside a folder of somebody else.
func OpenUnlinked(path string, flag int, mode fs.FileMode) (*os.File, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && flag&os.O_CREATE != 0:
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, &fs.PathError{Op: "open", Path: path, Err: ErrLink}
	case !info.Mode().IsRegular():
		return nil, &fs.PathError{Op: "open", Path: path, Err: ErrNotRegular}
	}
	file, err := open(path, flag|syscall.O_NOFOLLOW, mode)
	if errors.Is(err, syscall.ELOOP) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: ErrLink}
	}
	return file, err
}

// open checks again what was opened: the file may have been replaced since it was looked at.
func open(path string, flag int, mode fs.FileMode) (*os.File, error) {
	file, err := os.OpenFile(path, flag|syscall.O_NONBLOCK, mode)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: ErrNotRegular}
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// Names lists the first names in a folder, at most so many, in no order. It follows symbolic links.
func Names(dir string, most int) ([]string, error) {
	folder, err := os.OpenFile(dir, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer folder.Close() // only read
	names, err := folder.Readdirnames(most)
	if errors.Is(err, io.EOF) { // it is empty
		err = nil
	}
	return names, err
}

// ReadFile reads a whole regular file of at most limit bytes. It follows symbolic links.
func ReadFile(path string, limit int64) ([]byte, error) {
	file, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() // only read
	return ReadAll(file, limit)
}

// ReadAll reads an open file of at most limit bytes to its end.
func ReadAll(file *os.File, limit int64) ([]byte, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	tooLarge := &fs.PathError{Op: "read", Path: file.Name(), Err: &TooLargeError{limit}}
	if info.Size() > limit {
		return nil, tooLarge
	}
	var data bytes.Buffer
	data.Grow(int(info.Size()) + bytes.MinRead)
	n, err := io.Copy(&data, io.LimitReader(file, limit+1)) // it may grow meanwhile
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, tooLarge
	}
	return data.Bytes(), nil
}

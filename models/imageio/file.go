package imageio

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/headstart-nb/headstart/internal/safefile"
)

// MaxFileMiB bounds an image's file; larger ones are not photographs.
const MaxFileMiB = 256

// A FileError is an image's file that cannot be read.
type FileError struct {
	Path   string
	Reason string // for people, without the path
	Err    error  // what the system said; nil where it said nothing
}

func (e *FileError) Error() string { return fmt.Sprintf("read %s: %s", e.Path, e.Reason) }

func (e *FileError) Unwrap() error { return e.Err }

// Reason is an error without the path of the file, which stands beside it.
func Reason(err error) string {
	if failed, ok := errors.AsType[*FileError](err); ok {
		return failed.Reason
	}
	return err.Error()
}

// ReadFile reads an image's file, which may shrink or grow meanwhile. What is not a regular file (a pipe would never end), is
// empty or larger than MaxFileMiB is a FileError, as is everything else that goes wrong.
func ReadFile(path string) ([]byte, error) {
	data, reason, err := readFile(path)
	if reason == "" && err == nil {
		return data, nil
	}
	if reason == "" {
		reason = "cannot be read: " + plain(err)
	}
	return nil, &FileError{Path: path, Reason: reason, Err: err}
}

func readFile(path string) (data []byte, reason string, err error) {
	file, err := safefile.Open(path)
	if errors.Is(err, safefile.ErrNotRegular) {
		return nil, "it is not a regular file", err
	}
	if err != nil {
		return nil, "", err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, "", err
	}
	switch size := info.Size(); {
	case size == 0:
		return nil, "the file is empty", nil
	case size > MaxFileMiB<<20:
		return nil, fmt.Sprintf("too large: a file of %d MiB, and the limit is %d MiB", size>>20, MaxFileMiB), nil
	}
	return readWhole(file, info.Size())
}

// readWhole reads the size that a file had when it was opened.
func readWhole(r io.Reader, size int64) (data []byte, reason string, err error) {
	data = make([]byte, size)
	n, err := io.ReadFull(r, data)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return nil, fmt.Sprintf("it became shorter while it was read (%d of %d bytes were there): load again when it is complete", n, size), err
	}
	return data, "", err
}

// plain is an error of the file system without the path, which the reader already knows.
func plain(err error) string {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	return err.Error()
}

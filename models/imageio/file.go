package imageio

import (
	"fmt"
	"io"
	"os"
)

// maxFileMiB bounds an image's file; larger ones are no photographs.
const maxFileMiB = 512

// ReadFile reads an image's file. What is no regular file (a pipe would never end) or larger than 512 MiB is an error.
func ReadFile(path string) ([]byte, error) {
	info, err := os.Stat(path) // before opening, which waits for a pipe's writer
	switch {
	case err != nil:
		return nil, fmt.Errorf("read image: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("read %s: it is no regular file", path)
	case info.Size() > maxFileMiB<<20:
		return nil, fmt.Errorf("read %s: it has %d MiB, and an image has at most %d MiB", path, info.Size()>>20, maxFileMiB)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read image: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxFileMiB<<20)) // it may grow meanwhile
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return data, nil
}

package imageio

import (
	"errors"
	"fmt"

	"github.com/headstart-nb/headstart/internal/safefile"
)

// maxFileMiB bounds an image's file; larger ones are no photographs.
const maxFileMiB = 512

// ReadFile reads an image's file. What is no regular file (a pipe would never end) or larger than 512 MiB is an error.
func ReadFile(path string) ([]byte, error) {
	data, err := safefile.ReadFile(path, maxFileMiB<<20)
	if large := (*safefile.TooLargeError)(nil); errors.As(err, &large) {
		return nil, fmt.Errorf("read %s: an image has at most %d MiB", path, maxFileMiB)
	}
	if err != nil {
		return nil, fmt.Errorf("read image: %w", err)
	}
	return data, nil
}

package weights

import (
	"context"
	"errors"
	"fmt"
)

// HubFile is one file of the Hugging Face hub at a fixed revision.
type HubFile struct {
	Repository string // owner/name
	Revision   string // the commit, 40 hexadecimal digits
	Name       string // path in the repository
	Size       int64  // bytes
	SHA256     string // hex
}

// String names the file and its revision.
func (f HubFile) String() string {
	return fmt.Sprintf("%s/%s at %.8s", f.Repository, f.Name, f.Revision)
}

// FetchOptions tune Fetch.
type FetchOptions struct {
	CacheDir string // empty means the cache that Hugging Face's own programs share
	Offline  bool
	Progress func(done, total int64) // may be nil
}

// Fetch returns the file's path in the cache.
func (f HubFile) Fetch(ctx context.Context, options FetchOptions) (string, error) {
	return "", errors.New("fetch: not built yet")
}

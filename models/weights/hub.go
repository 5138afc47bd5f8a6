package weights

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gomlx/go-huggingface/hub"

	"github.com/headstart-nb/headstart/internal/homepath"
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
	// CacheDir holds what is fetched, in the layout that Hugging Face's own programs share. Empty means where they look:
	// HF_HUB_CACHE, HF_HOME/hub, or the user's cache. A WebFile lies in it, or else where torch.hub looks.
	CacheDir string
	// Endpoint is the server's address; empty means go-huggingface's default or HF_ENDPOINT.
	Endpoint string
	// Offline forbids the network; HF_HUB_OFFLINE, as 1 or true, does as well.
	Offline bool
	// Progress is told how many of the total bytes are there; it may be nil.
	Progress func(done, total int64)
}

func (o FetchOptions) cacheDir() string {
	switch {
	case o.CacheDir != "":
		return o.CacheDir
	case os.Getenv("HF_HUB_CACHE") != "":
		return expanded(os.Getenv("HF_HUB_CACHE"))
	case os.Getenv("HF_HOME") != "":
		return filepath.Join(expanded(os.Getenv("HF_HOME")), "hub")
	}
	return hub.DefaultCacheDir()
}

// expanded puts the home folder in place of ~, which stays in a variable that no shell has set. Without a home folder the path is as it is.
func expanded(path string) string {
	if whole, err := homepath.Expand(path); err == nil {
		return whole
	}
	return path
}

// offline reads the variable as huggingface_hub does ("Environment variables" in its documentation).
func (o FetchOptions) offline() bool {
	return o.Offline || slices.Contains([]string{"1", "ON", "YES", "TRUE"}, strings.ToUpper(os.Getenv("HF_HUB_OFFLINE")))
}

// errOffline is why nothing is fetched where the network is forbidden.
var errOffline = errors.New("it is not in the cache, and the network is forbidden (offline)")

// CachePath is where Fetch finds the file, and where it may be put by hand.
func (f HubFile) CachePath(options FetchOptions) string {
	return filepath.Join(f.folder(options), "snapshots", f.Revision, filepath.FromSlash(f.Name))
}

func (f HubFile) folder(options FetchOptions) string {
	return filepath.Join(options.cacheDir(), "models--"+strings.ReplaceAll(f.Repository, "/", "--"))
}

// Fetch returns the file's path in the cache, where its hash is checked each time. What is not there is fetched: a cut
// connection is resumed where it broke, in this call or the next, and nothing appears under the file's name before its
// hash is right. Programs that fetch at the same time wait for one another.
func (f HubFile) Fetch(ctx context.Context, options FetchOptions) (string, error) {
	path, err := f.fetch(ctx, options)
	if err != nil {
		return "", fmt.Errorf("fetch %s (%d MB): %w", f, f.Size/1e6, err)
	}
	return path, nil
}

func (f HubFile) fetch(ctx context.Context, options FetchOptions) (string, error) {
	path, c := f.CachePath(options), f.content()
	if err := c.verify(ctx, path); !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	blob := filepath.Join(f.folder(options), "blobs", f.SHA256)
	if options.offline() {
		if c.verify(ctx, blob) == nil {
			return blob, nil
		}
		return "", errOffline
	}
	err := c.obtain(ctx, blob, options.Progress, func(ctx context.Context) (string, error) { return f.address(ctx, options) })
	if err != nil {
		return "", err
	}
	if err := link(blob, path); err == nil {
		if _, err = os.Stat(path); err == nil {
			return path, nil
		}
	}
	return blob, nil // a file system has no links, or there is one that leads to nothing, as in a cache that was moved
}

// Bytes is the file's size.
func (f HubFile) Bytes() int64 { return f.Size }

// Digest is the file's SHA-256, in hex.
func (f HubFile) Digest() string { return f.SHA256 }

func (f HubFile) content() content { return content{size: f.Size, sha256: f.SHA256} }

// address asks go-huggingface where the file is. It takes no context, so that a server which never answers costs a waiting
// goroutine, and not the caller.
func (f HubFile) address(ctx context.Context, options FetchOptions) (string, error) {
	repo := hub.New(f.Repository).WithRevision(f.Revision).WithCacheDir(options.cacheDir())
	repo.Verbosity = 0
	if options.Endpoint != "" {
		repo = repo.WithEndpoint(options.Endpoint)
	}
	type answer struct {
		url string
		err error
	}
	answers := make(chan answer, 1)
	go func() {
		var a answer
		for range attempts {
			if a.url, a.err = repo.FileURL(f.Name); a.err == nil || ctx.Err() != nil {
				break
			}
		}
		answers <- a
	}()
	select {
	case a := <-answers:
		return a.url, brief(a.err)
	case <-time.After(idleLimit):
		return "", fmt.Errorf("the server did not answer within %s", idleLimit)
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// brief is why the hub could not be asked, without the addresses and files that go-huggingface repeats at each of its layers.
func brief(err error) error {
	if err == nil {
		return nil
	}
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return failed.Err
	}
	for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(err) {
		err = cause
	}
	return err
}

// link makes the snapshot's entry for a blob: a relative link, as huggingface_hub makes it.
func link(blob, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	target, err := filepath.Rel(filepath.Dir(path), blob)
	if err != nil {
		return err
	}
	if err := os.Symlink(target, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

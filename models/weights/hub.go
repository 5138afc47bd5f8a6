package weights

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gomlx/go-huggingface/hub"

	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/internal/filelock"
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
	// HF_HUB_CACHE, HF_HOME/hub, or the user's cache.
	CacheDir string
	// Endpoint is the server's address; empty means go-huggingface's default or HF_ENDPOINT.
	Endpoint string
	// Offline forbids the network; HF_HUB_OFFLINE=1 does as well.
	Offline bool
	// Progress is told how many of the total bytes are there; it may be nil.
	Progress func(done, total int64)
}

func (o FetchOptions) cacheDir() string {
	switch {
	case o.CacheDir != "":
		return o.CacheDir
	case os.Getenv("HF_HUB_CACHE") != "":
		return os.Getenv("HF_HUB_CACHE")
	case os.Getenv("HF_HOME") != "":
		return filepath.Join(os.Getenv("HF_HOME"), "hub")
	}
	return hub.DefaultCacheDir()
}

func (o FetchOptions) offline() bool { return o.Offline || os.Getenv("HF_HUB_OFFLINE") == "1" }

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
	path := f.CachePath(options)
	if err := f.verify(ctx, path); !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	blob := filepath.Join(f.folder(options), "blobs", f.SHA256)
	if options.offline() {
		if f.verify(ctx, blob) == nil {
			return blob, nil
		}
		return "", errOffline
	}
	if err := os.MkdirAll(filepath.Dir(blob), 0o755); err != nil {
		return "", err
	}
	lock, err := filelock.Acquire(ctx, blob+".lock", nil)
	if err != nil {
		return "", fmt.Errorf("wait for another program that fetches it: %w", err)
	}
	defer lock.Close() // nothing was written to it
	if err := f.verify(ctx, blob); errors.Is(err, fs.ErrNotExist) {
		if err := f.download(ctx, options, blob); err != nil {
			return "", err
		}
	} else if err != nil {
		return "", err
	}
	return path, link(blob, path)
}

// verify checks a file's hash.
func (f HubFile) verify(ctx context.Context, path string) error {
	sum, _, err := digest.File(ctx, path)
	if err != nil {
		return err
	}
	if sum != f.SHA256 {
		return fmt.Errorf("%s has the SHA-256 %s and must have %s: remove it to fetch it again", path, sum, f.SHA256)
	}
	return nil
}

// download brings the file to blob, through a partial file that later calls resume.
func (f HubFile) download(ctx context.Context, options FetchOptions, blob string) error {
	from, err := f.address(ctx, options)
	if err != nil {
		return err
	}
	part := blob + ".incomplete" // as huggingface_hub names it
	if err := (&download{url: from, size: f.Size, path: part, progress: options.Progress}).run(ctx); err != nil {
		return err
	}
	sum, _, err := digest.File(ctx, part)
	if err != nil {
		return err
	}
	if sum != f.SHA256 {
		return errors.Join(fmt.Errorf("%s sent a file with the SHA-256 %s, which must be %s: it is not kept", from, sum, f.SHA256),
			os.Remove(part))
	}
	return os.Rename(part, blob)
}

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

package weights

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/internal/filelock"
)

// A Remote is a published file that is fetched once, and kept in a cache.
type Remote interface {
	// String names the file and where it is from.
	String() string
	// Bytes is its size.
	Bytes() int64
	// Digest is its SHA-256, in hex.
	Digest() string
	// CachePath is where Fetch finds the file, and where it may be put by hand.
	CachePath(options FetchOptions) string
	// Fetch returns its path in the cache, and fetches it first where it is not there.
	Fetch(ctx context.Context, options FetchOptions) (string, error)
	// Presence looks for it without fetching it.
	Presence(ctx context.Context, options FetchOptions) Presence
}

var (
	_ Remote = HubFile{}
	_ Remote = WebFile{}
)

// A WebFile is one file at an address of its own, outside of the hub.
type WebFile struct {
	Address string // https://...
	Size    int64  // bytes
	SHA256  string // hex
}

// name is the file's, the last part of its address.
func (f WebFile) name() string { return path.Base(f.Address) }

// String names the file and the server.
func (f WebFile) String() string {
	host := ""
	if address, err := url.Parse(f.Address); err == nil {
		host = address.Host
	}
	return f.name() + " of " + host
}

// Bytes is the file's size.
func (f WebFile) Bytes() int64 { return f.Size }

// Digest is the file's SHA-256, in hex.
func (f WebFile) Digest() string { return f.SHA256 }

// CachePath is where Fetch finds the file: where torch.hub.load_state_dict_from_url keeps it, so that PyTorch's programs share it
// ("torch.hub" in PyTorch's documentation).
func (f WebFile) CachePath(options FetchOptions) string {
	if options.CacheDir != "" {
		return filepath.Join(options.CacheDir, f.name())
	}
	home := os.Getenv("TORCH_HOME")
	if strings.HasPrefix(home, "~/") {
		home = filepath.Join(os.Getenv("HOME"), home[2:])
	}
	cache := cmp.Or(os.Getenv("XDG_CACHE_HOME"), filepath.Join(os.Getenv("HOME"), ".cache"))
	return filepath.Join(cmp.Or(home, filepath.Join(cache, "torch")), "hub", "checkpoints", f.name())
}

// Fetch returns the file's path in the cache, like that of a HubFile.
func (f WebFile) Fetch(ctx context.Context, options FetchOptions) (string, error) {
	fetched, err := f.fetch(ctx, options)
	if err != nil {
		return "", fmt.Errorf("fetch %s (%d MB): %w", f.Address, f.Size/1e6, err)
	}
	return fetched, nil
}

func (f WebFile) fetch(ctx context.Context, options FetchOptions) (string, error) {
	to := f.CachePath(options)
	if err := f.content().verify(ctx, to); !errors.Is(err, fs.ErrNotExist) {
		return to, err
	}
	if options.offline() {
		return "", errOffline
	}
	return to, f.content().obtain(ctx, to, options.Progress, f.address)
}

func (f WebFile) address(context.Context) (string, error) { return f.Address, nil }

func (f WebFile) content() content { return content{size: f.Size, sha256: f.SHA256} }

// Presence looks for the file without fetching it, like that of a HubFile.
func (f WebFile) Presence(ctx context.Context, options FetchOptions) Presence {
	return f.content().presence(ctx, options, []string{f.CachePath(options)}, f.address)
}

// content is what a file must hold.
type content struct {
	size   int64 // bytes
	sha256 string
}

// verify checks a file's hash.
func (c content) verify(ctx context.Context, path string) error {
	sum, _, err := digest.File(ctx, path)
	if err != nil {
		return err
	}
	if sum != c.sha256 {
		return fmt.Errorf("%s has the SHA-256 %s and must have %s: remove it to fetch it again", path, sum, c.sha256)
	}
	return nil
}

// obtain brings the file to a path where it is not there yet. Programs that do so at the same time wait for one another.
func (c content) obtain(ctx context.Context, path string, progress func(done, total int64), address func(context.Context) (string, error)) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	lock, err := filelock.Acquire(ctx, path+".lock", nil)
	if err != nil {
		return fmt.Errorf("wait for another program that fetches it: %w", err)
	}
	defer lock.Close() // nothing was written to it
	if err := c.verify(ctx, path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	from, err := address(ctx)
	if err != nil {
		return err
	}
	part := path + ".incomplete" // as huggingface_hub names it; later calls resume it
	if err := (&download{url: from, size: c.size, path: part, progress: progress}).run(ctx); err != nil {
		return err
	}
	sum, _, err := digest.File(ctx, part)
	if err != nil {
		return err
	}
	if sum != c.sha256 {
		return errors.Join(fmt.Errorf("%s sent a file with the SHA-256 %s, which must be %s: it is not kept", from, sum, c.sha256),
			os.Remove(part))
	}
	return os.Rename(part, path)
}

package weights

import (
	"context"
	"os"
	"path/filepath"
)

// Presence is where a file can be had.
type Presence string

// The places, the nearest first.
const (
	PresenceCached Presence = "cached" // in the cache, complete as far as its size tells; Fetch checks the hash
	PresenceHub    Presence = "hub"    // its server answers for it
	PresenceNone   Presence = "none"   // neither in the cache nor does the server answer, or the network is forbidden
)

// Presence looks for the file without fetching it. It reads nothing but sizes, and asks the server only for what is not in the
// cache; whoever does not want to wait for that gives ctx a deadline.
func (f HubFile) Presence(ctx context.Context, options FetchOptions) Presence {
	return f.content().presence(ctx, options, []string{f.CachePath(options), filepath.Join(f.folder(options), "blobs", f.SHA256)},
		func(ctx context.Context) (string, error) { return f.address(ctx, options) })
}

// presence looks for a file at several paths, and then at an address.
func (c content) presence(ctx context.Context, options FetchOptions, paths []string, address func(context.Context) (string, error)) Presence {
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Size() == c.size {
			return PresenceCached
		}
	}
	if options.offline() {
		return PresenceNone
	}
	url, err := address(ctx)
	if err != nil {
		return PresenceNone
	}
	if _, err := headOf(ctx, url); err != nil {
		return PresenceNone
	}
	return PresenceHub
}

package weights

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestPresence(t *testing.T) {
	s := newHubServer(t)
	options := s.options(t)
	want := func(when string, options FetchOptions, want Presence) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if got := s.file.Presence(ctx, options); got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
	offline := options
	offline.Offline = true
	want("before it is fetched", options, PresenceHub)
	want("without a network", offline, PresenceNone)
	if entries, err := filepath.Glob(filepath.Join(options.CacheDir, "*", "snapshots", "*")); err != nil || len(entries) > 0 {
		t.Errorf("looking has left %v, %v", entries, err)
	}
	path, err := s.file.Fetch(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	want("once it is fetched", options, PresenceCached)
	want("once it is fetched, without a network", offline, PresenceCached)
	if err := os.Remove(path); err != nil { // the blob is left
		t.Fatal(err)
	}
	want("without its name", offline, PresenceCached)
	if err := os.Truncate(filepath.Join(filepath.Dir(path), "..", "..", "blobs", s.file.SHA256), 3); err != nil {
		t.Fatal(err)
	}
	want("cut", offline, PresenceNone)
	want("cut, and the server is gone", options, PresenceNone)
}

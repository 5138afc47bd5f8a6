package weights

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// serveWeb serves a file at an address of its own, and counts the requests for its bytes.
func serveWeb(t *testing.T, data []byte) (WebFile, *httptest.Server, *atomic.Int32) {
	t.Helper()
	requests := &atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/models/net-0123abcd.pth" {
			http.NotFound(w, r)
			return
		}
		if r.Method == http.MethodGet {
			requests.Add(1)
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	}))
	t.Cleanup(server.Close)
	t.Setenv("HF_HUB_OFFLINE", "")
	sum := sha256.Sum256(data)
	return WebFile{Address: server.URL + "/models/net-0123abcd.pth", Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}, server, requests
}

func TestFileAtAnAddress(t *testing.T) {
	data := bytes.Repeat([]byte("weights "), 50_000)
	f, server, requests := serveWeb(t, data)
	options := FetchOptions{CacheDir: t.TempDir()}
	if got := f.Presence(t.Context(), options); got != PresenceHub {
		t.Errorf("it is %s", got)
	}
	path, err := f.Fetch(t.Context(), options)
	if err != nil || path != filepath.Join(options.CacheDir, "net-0123abcd.pth") {
		t.Fatalf("%s, %v", path, err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the file differs, %v", err)
	}
	server.Close()
	options.Offline = true
	if again, err := f.Fetch(t.Context(), options); err != nil || again != path || requests.Load() != 1 {
		t.Errorf("offline, once cached: %s, %v, after %d requests", again, err, requests.Load())
	}
	if got := f.Presence(t.Context(), options); got != PresenceCached {
		t.Errorf("it is %s", got)
	}
	if err := os.WriteFile(path, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Fetch(t.Context(), options); err == nil || !strings.Contains(err.Error(), "remove it to fetch it again") {
		t.Errorf("a damaged file: %v", err)
	}
	options.CacheDir = t.TempDir()
	if _, err := f.Fetch(t.Context(), options); !errors.Is(err, errOffline) || !strings.Contains(err.Error(), f.Address) {
		t.Errorf("offline: %v", err)
	}
	if got := f.String(); !strings.HasPrefix(got, "net-0123abcd.pth of 127.0.0.1:") {
		t.Errorf("it is called %s", got)
	}
}

func TestFileAtAnAddressThatIsAnother(t *testing.T) {
	f, _, _ := serveWeb(t, []byte("other weights"))
	f.SHA256 = strings.Repeat("0", 64)
	options := FetchOptions{CacheDir: t.TempDir()}
	if _, err := f.Fetch(t.Context(), options); err == nil || !strings.Contains(err.Error(), "it is not kept") {
		t.Error(err)
	}
	if list, err := filepath.Glob(filepath.Join(options.CacheDir, "*.pth*")); err != nil || len(list) != 1 || !strings.HasSuffix(list[0], ".lock") {
		t.Errorf("the cache has %v, %v", list, err)
	}
	f.Size++
	if _, err := f.Fetch(t.Context(), options); err == nil || !strings.Contains(err.Error(), "has 13 bytes, and the file must have 14") {
		t.Error(err)
	}
	f.Address += "x"
	if got := f.Presence(context.Background(), options); got != PresenceNone {
		t.Errorf("what is not there is %s", got)
	}
}

// The cache is that of torch.hub, which PyTorch's programs share.
func TestCacheOfTorchHub(t *testing.T) {
	for _, name := range []string{"HOME", "XDG_CACHE_HOME", "TORCH_HOME"} {
		t.Setenv(name, "")
	}
	f := WebFile{Address: "https://example.org/a/b.pth"}
	for _, test := range []struct{ name, value, want string }{
		{"HOME", "/home/a", "/home/a/.cache/torch/hub/checkpoints/b.pth"},
		{"XDG_CACHE_HOME", "/cache", "/cache/torch/hub/checkpoints/b.pth"},
		{"TORCH_HOME", "~/torch", "/home/a/torch/hub/checkpoints/b.pth"},
		{"TORCH_HOME", "/torch", "/torch/hub/checkpoints/b.pth"},
	} {
		t.Setenv(test.name, test.value)
		if got := f.CachePath(FetchOptions{}); got != test.want {
			t.Errorf("%s=%s: %s, want %s", test.name, test.value, got, test.want)
		}
	}
	if got := f.CachePath(FetchOptions{CacheDir: "/here"}); got != "/here/b.pth" {
		t.Error(got)
	}
}

// The environment is read as huggingface_hub reads it ("Environment variables" in its documentation).
func TestTheEnvironmentOfHuggingFace(t *testing.T) {
	f, _, requests := serveWeb(t, []byte("weights"))
	for _, value := range []string{"1", "true", "TRUE", "yes", "on"} {
		t.Setenv("HF_HUB_OFFLINE", value)
		if _, err := f.Fetch(t.Context(), FetchOptions{CacheDir: t.TempDir()}); !errors.Is(err, errOffline) || requests.Load() != 0 {
			t.Errorf("with HF_HUB_OFFLINE=%s: %v, after %d requests", value, err, requests.Load())
		}
	}
	t.Setenv("HOME", "/home/ann")
	for name, want := range map[string]string{"HF_HUB_CACHE": "/home/ann/hf", "HF_HOME": "/home/ann/hf/hub"} {
		t.Setenv("HF_HUB_CACHE", "")
		t.Setenv(name, "~/hf")
		if got := (FetchOptions{}).cacheDir(); got != want {
			t.Errorf("with %s=~/hf the cache is in %s, want %s", name, got, want)
		}
	}
}

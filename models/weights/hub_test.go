package weights

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// hubServer serves one file as the hub does: an answer about the revision, and the file behind a redirect.
type hubServer struct {
	*httptest.Server
	file     HubFile
	data     []byte
	requests atomic.Int32 // for the file's bytes
	ranges   []string     // what the requests asked for
	mutex    sync.Mutex
	// serve answers a request for the bytes; nil serves them whole or by range.
	serve func(attempt int, w http.ResponseWriter, r *http.Request)
}

func newHubServer(t *testing.T) *hubServer {
	t.Helper()
	s := &hubServer{data: bytes.Repeat([]byte("0123456789abcdef"), 64<<10)} // 1 MiB
	digest := sha256.Sum256(s.data)
	s.file = HubFile{
		Repository: "someone/small", Revision: strings.Repeat("a1", 20), Name: "model.safetensors",
		Size: int64(len(s.data)), SHA256: hex.EncodeToString(digest[:]),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/models/someone/small/revision/"+s.file.Revision, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"id":"someone/small","sha":%q,"siblings":[{"rfilename":"model.safetensors"}]}`, s.file.Revision)
	})
	mux.HandleFunc("/someone/small/resolve/"+s.file.Revision+"/model.safetensors", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/storage/blob", http.StatusFound)
	})
	mux.HandleFunc("/storage/blob", func(w http.ResponseWriter, r *http.Request) {
		attempt := int(s.requests.Add(1))
		s.mutex.Lock()
		s.ranges = append(s.ranges, r.Header.Get("Range"))
		s.mutex.Unlock()
		if s.serve != nil {
			s.serve(attempt, w, r)
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(s.data))
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// cutAfter sends n bytes of what was asked for, and breaks the connection.
func (s *hubServer) cutAfter(n int, w http.ResponseWriter, r *http.Request) {
	var from int
	if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err == nil {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(s.data)-1, len(s.data)))
		w.Header().Set("Content-Length", fmt.Sprint(len(s.data)-from))
		w.WriteHeader(http.StatusPartialContent)
	} else {
		w.Header().Set("Content-Length", fmt.Sprint(len(s.data)))
	}
	_, _ = w.Write(s.data[from : from+n])
	panic(http.ErrAbortHandler)
}

func (s *hubServer) options(t *testing.T) FetchOptions {
	return FetchOptions{CacheDir: t.TempDir(), Endpoint: s.URL}
}

func TestFetchThenOffline(t *testing.T) {
	s := newHubServer(t)
	options := s.options(t)
	var last int64
	options.Progress = func(done, total int64) {
		if done < last || total != s.file.Size {
			t.Errorf("progress went from %d to %d of %d", last, done, total)
		}
		last = done
	}
	path, err := s.file.Fetch(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	if last != s.file.Size {
		t.Errorf("progress ended at %d of %d", last, s.file.Size)
	}
	want := filepath.Join(options.CacheDir, "models--someone--small", "snapshots", s.file.Revision, "model.safetensors")
	if path != want {
		t.Errorf("the file is at %s, not where Hugging Face's programs look: %s", path, want)
	}
	if data, err := os.ReadFile(path); err != nil || !bytes.Equal(data, s.data) {
		t.Errorf("the cached file differs from the served one (%v)", err)
	}
	if link, err := os.Readlink(path); err != nil || link != filepath.Join("..", "..", "blobs", s.file.SHA256) {
		t.Errorf("the snapshot links to %q (%v)", link, err)
	}
	s.Close()
	options.Offline, options.Progress = true, nil
	if again, err := s.file.Fetch(context.Background(), options); err != nil || again != path {
		t.Errorf("offline, once cached: %s, %v", again, err)
	}
}

// A link that leads to nothing, as in a cache that was moved, or a file system without links: what was fetched is used where it lies.
func TestFetchWithoutALink(t *testing.T) {
	s := newHubServer(t)
	options := s.options(t)
	snapshot := s.file.CachePath(options)
	if err := os.MkdirAll(filepath.Dir(snapshot), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(t.TempDir(), "gone"), snapshot); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		path, err := s.file.Fetch(t.Context(), options)
		if data, readErr := os.ReadFile(path); err != nil || readErr != nil || !bytes.Equal(data, s.data) || s.requests.Load() != 1 {
			t.Fatalf("fetched to %q in %d requests: %v, %v", path, s.requests.Load(), err, readErr)
		}
	}
}

func TestFetchGoesOnAfterCuts(t *testing.T) {
	s := newHubServer(t)
	s.serve = func(attempt int, w http.ResponseWriter, r *http.Request) {
		if attempt <= 3 {
			s.cutAfter(300_000, w, r)
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(s.data))
	}
	if _, err := s.file.Fetch(context.Background(), s.options(t)); err != nil {
		t.Fatal(err)
	}
	if len(s.ranges) != 4 || s.ranges[0] != "" || slices.Contains(s.ranges[1:], "") {
		t.Errorf("after a cut the file was asked for from the start: %q", s.ranges)
	}
}

func TestFetchTakesUpWhatAnEarlierCallLeft(t *testing.T) {
	s := newHubServer(t)
	options := s.options(t)
	ctx, cancel := context.WithCancel(context.Background())
	options.Progress = func(done, _ int64) {
		if done >= 400_000 {
			cancel()
		}
	}
	if _, err := s.file.Fetch(ctx, options); !errors.Is(err, context.Canceled) {
		t.Fatalf("canceled in the middle: %v", err)
	}
	if _, err := os.Stat(s.file.CachePath(options)); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("half a file stands in the cache: %v", err)
	}
	options.Progress = nil
	if _, err := s.file.Fetch(context.Background(), options); err != nil {
		t.Fatal(err)
	}
	if last := s.ranges[len(s.ranges)-1]; !strings.HasPrefix(last, "bytes=") {
		t.Errorf("the second call began from the start (%q)", s.ranges)
	}
}

func TestFetchStartsAnewWhereTheServerKnowsNoRanges(t *testing.T) {
	s := newHubServer(t)
	s.serve = func(attempt int, w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Range")
		if attempt == 1 {
			s.cutAfter(500_000, w, r)
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(s.data))
	}
	if _, err := s.file.Fetch(context.Background(), s.options(t)); err != nil {
		t.Fatal(err)
	}
}

func TestFetchStopsAtTheFilesSize(t *testing.T) {
	s := newHubServer(t)
	s.serve = func(_ int, w http.ResponseWriter, _ *http.Request) {
		for { // without end
			if _, err := w.Write(s.data); err != nil {
				return
			}
		}
	}
	if _, err := s.file.Fetch(context.Background(), s.options(t)); err != nil {
		t.Error(err)
	}
}

func TestFetchRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		serve func(s *hubServer, w http.ResponseWriter, r *http.Request)
		want  string
	}{
		"wrong hash": {func(s *hubServer, w http.ResponseWriter, r *http.Request) {
			wrong := bytes.Clone(s.data)
			wrong[1000]++
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(wrong))
		}, "it is not kept"},
		"wrong size": {func(s *hubServer, w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(s.data[:1000]))
		}, "has 1000 bytes"},
		"not found": {func(_ *hubServer, w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "gone", http.StatusNotFound)
		}, "404"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newHubServer(t)
			s.serve = func(_ int, w http.ResponseWriter, r *http.Request) { test.serve(s, w, r) }
			options := s.options(t)
			_, err := s.file.Fetch(context.Background(), options)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want an error about %q", err, test.want)
			}
			if _, err := os.Stat(s.file.CachePath(options)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("something stands in the cache: %v", err)
			}
			// The next call, with a server in order, gets the file: nothing spoilt is gone on with.
			s.serve = nil
			if _, err := s.file.Fetch(context.Background(), options); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestFetchWithoutAServer(t *testing.T) {
	s := newHubServer(t)
	options := s.options(t)
	s.Close()
	if _, err := s.file.Fetch(context.Background(), options); err == nil || !strings.Contains(err.Error(), "someone/small/model.safetensors") {
		t.Errorf("without a server: %v", err)
	}
	options.Offline = true
	if _, err := s.file.Fetch(context.Background(), options); !errors.Is(err, errOffline) {
		t.Errorf("offline and not cached: %v", err)
	}
}

func TestFetchChecksWhatIsCached(t *testing.T) {
	s := newHubServer(t)
	options := s.options(t)
	path, err := s.file.Fetch(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("damaged"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.file.Fetch(context.Background(), options); err == nil || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("a damaged cached file: %v", err)
	}
}

func TestFetchAtTheSameTimeFetchesOnce(t *testing.T) {
	s := newHubServer(t)
	options := s.options(t)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if _, err := s.file.Fetch(context.Background(), options); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if n := s.requests.Load(); n != 1 {
		t.Errorf("the file was fetched %d times", n)
	}
}

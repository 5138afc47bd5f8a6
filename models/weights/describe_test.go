package weights

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestParseHub(t *testing.T) {
	commit := strings.Repeat("a1", 20)
	file, err := ParseHub("someone/small.in1k@"+commit, "model.safetensors")
	if want := (HubFile{Repository: "someone/small.in1k", Revision: commit, Name: "model.safetensors"}); err != nil || file != want {
		t.Errorf("%+v, %v", file, err)
	}
	for _, text := range []string{
		"", "small", "someone/small", "someone/small@main", "someone/small@" + commit[:8], "someone/small@" + strings.ToUpper(commit),
		"../../etc@" + commit, "someone/../x@" + commit, "a/b/c@" + commit, "someone/small@" + commit + "/..", "a\n/b@" + commit, "/b@" + commit,
	} {
		if file, err := ParseHub(text, "model.safetensors"); !errors.As(err, new(*HubNameError)) {
			t.Errorf("%q is read as %+v, %v", text, file, err)
		}
	}
}

// describing serves the headers of a file's address as the hub does, before its redirect.
func describing(s *hubServer, etag, size string) {
	next := s.Config.Handler
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/resolve/") && r.Method == http.MethodHead {
			w.Header().Set("X-Linked-Etag", etag)
			w.Header().Set("X-Linked-Size", size)
		}
		next.ServeHTTP(w, r)
	})
}

func TestDescribeThenFetch(t *testing.T) {
	s := newHubServer(t)
	describing(s, `"`+s.file.SHA256+`"`, strconv.FormatInt(s.file.Size, 10))
	options := s.options(t)
	unknown := HubFile{Repository: s.file.Repository, Revision: s.file.Revision, Name: s.file.Name}
	got, err := unknown.Describe(context.Background(), options)
	if err != nil || got != s.file {
		t.Fatalf("%+v, %v; want %+v", got, err, s.file)
	}
	if _, err := got.Fetch(context.Background(), options); err != nil {
		t.Fatal(err)
	}
	s.Close()
	options.Offline = true
	if got, err := unknown.Describe(context.Background(), options); err != nil || got != s.file {
		t.Errorf("from the cache: %+v, %v", got, err)
	}
	// Whoever changes the cached file is found by the hash that its name is.
	if err := os.WriteFile(filepath.Join(options.CacheDir, "models--someone--small", "blobs", s.file.SHA256), []byte("other"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err = unknown.Describe(context.Background(), options); err == nil {
		_, err = got.Fetch(context.Background(), options)
	}
	if err == nil || !strings.Contains(err.Error(), "must have") {
		t.Errorf("a changed file: %v", err)
	}
}

func TestDescribeRefuses(t *testing.T) {
	s := newHubServer(t)
	unknown := HubFile{Repository: s.file.Repository, Revision: s.file.Revision, Name: s.file.Name}
	options := s.options(t)
	if _, err := unknown.Describe(context.Background(), options); err == nil || !strings.Contains(err.Error(), "does not tell") {
		t.Errorf("without a hash: %v", err)
	}
	describing(s, `"`+s.file.SHA256+`"`, "99999999999999")
	if _, err := unknown.Describe(context.Background(), options); err == nil || !strings.Contains(err.Error(), "99999999999999 bytes") {
		t.Errorf("a huge file: %v", err)
	}
	options.Offline = true
	if _, err := unknown.Describe(context.Background(), options); !errors.Is(err, errOffline) {
		t.Errorf("offline: %v", err)
	}
}

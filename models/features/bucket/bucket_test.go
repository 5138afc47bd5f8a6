package bucket

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/headstart-nb/headstart/models/features/bucket/buckettest"
)

func store(t *testing.T, server *buckettest.Server) *Store {
	t.Helper()
	s, err := open(server.URL, 1, "", credentials.NewStaticV4(buckettest.Key, "secret", ""))
	if err != nil {
		t.Fatal(err)
	}
	s.pause = time.Microsecond
	return s
}

func keys(ctx context.Context, s *Store, bucket, prefix string) (list []string, err error) {
	for key, err := range s.List(ctx, bucket, prefix) {
		if err != nil {
			return list, err
		}
		list = append(list, key)
	}
	return list, nil
}

func read(ctx context.Context, s *Store, bucket, key string) ([]byte, error) {
	o, size, err := s.Open(ctx, bucket, key)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	data, err := io.ReadAll(o)
	if err == nil && int64(len(data)) != size {
		err = errors.New("the size is wrong")
	}
	return data, err
}

func content() []byte { return bytes.Repeat([]byte("0123456789abcdef"), 20_000) } // 320 kB

func TestListAndOpen(t *testing.T) {
	server := buckettest.New(t, "photos", map[string][]byte{"a/2.jpg": content(), "a/1 ü.jpg": []byte("x"), "a/b/3.jpg": {}, "ab/4.jpg": []byte("y"), "z": []byte("z")})
	server.Page = 2
	s := store(t, server)
	got, err := keys(t.Context(), s, "photos", "a/")
	if err != nil || !slices.Equal(got, []string{"a/1 ü.jpg", "a/2.jpg", "a/b/3.jpg"}) {
		t.Errorf("got %q, %v", got, err)
	}
	for key, want := range map[string][]byte{"a/2.jpg": content(), "a/1 ü.jpg": []byte("x"), "a/b/3.jpg": {}} {
		if data, err := read(t.Context(), s, "photos", key); err != nil || !bytes.Equal(data, want) {
			t.Errorf("%s: %d bytes, %v", key, len(data), err)
		}
	}
	if _, err := read(t.Context(), s, "photos", "a/none.jpg"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an object that is not there: %v", err)
	}
	if _, err := keys(t.Context(), s, "other", ""); err == nil || !strings.Contains(err.Error(), "NoSuchBucket") {
		t.Errorf("a bucket that is not there: %v", err)
	}
	other, err := open(server.URL, 1, "", credentials.NewStaticV4("somebody", "secret", ""))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keys(t.Context(), other, "photos", ""); err == nil || !strings.Contains(err.Error(), "check the address and the credentials") {
		t.Errorf("without the right: %v", err)
	}
}

// A stream goes on through as many broken connections as it takes, as long as each brings something.
func TestStreamGoesOnAfterCuts(t *testing.T) {
	server := buckettest.New(t, "photos", map[string][]byte{"a.tar": content()})
	server.Answer = buckettest.Cut(server, 50_000)
	if data, err := read(t.Context(), store(t, server), "photos", "a.tar"); err != nil || !bytes.Equal(data, content()) {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if server.Requests() < 7 {
		t.Errorf("%d requests: nothing was cut", server.Requests())
	}
}

func TestStreamEnds(t *testing.T) {
	cut := func(server *buckettest.Server, then func(w http.ResponseWriter, r *http.Request) bool) func(w http.ResponseWriter, r *http.Request) bool {
		first := true
		return func(w http.ResponseWriter, r *http.Request) bool {
			if first {
				first = false
				return buckettest.Cut(server, 50_000)(w, r)
			}
			return then(w, r)
		}
	}
	for name, test := range map[string]struct {
		then func(server *buckettest.Server, w http.ResponseWriter, r *http.Request) bool
		want string
	}{
		"replaced": {func(server *buckettest.Server, _ http.ResponseWriter, _ *http.Request) bool {
			server.Put("a.tar", bytes.Repeat([]byte("x"), 320_000))
			return false
		}, "replaced while it was read"},
		"removed": {func(_ *buckettest.Server, w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, "<Error><Code>NoSuchKey</Code></Error>")
			return true
		}, "does not exist"},
		"no ranges": {func(_ *buckettest.Server, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("ETag", `"x"`)
			w.Header().Set("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
			_, _ = w.Write(content())
			return true
		}, "does not give the rest"},
		"broken": {func(*buckettest.Server, http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }, "at byte 50000 of 320000"},
		"silent": {func(_ *buckettest.Server, w http.ResponseWriter, r *http.Request) bool {
			<-r.Context().Done()
			return true
		}, "sends nothing"},
	} {
		server := buckettest.New(t, "photos", map[string][]byte{"a.tar": content()})
		server.Answer = cut(server, func(w http.ResponseWriter, r *http.Request) bool { return test.then(server, w, r) })
		s := store(t, server)
		if name == "silent" {
			s.silence = 50 * time.Millisecond
		}
		if _, err := read(t.Context(), s, "photos", "a.tar"); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want an error about %q", name, err, test.want)
		}
	}
}

// An answer that never ends, of something other than storage, ends all the same.
func TestEndlessListIsRefused(t *testing.T) {
	server := buckettest.New(t, "photos", nil)
	server.Answer = func(w http.ResponseWriter, _ *http.Request) bool {
		_, _ = io.WriteString(w, "<ListBucketResult><Name>")
		for block := bytes.Repeat([]byte("x"), 1<<20); ; {
			if _, err := w.Write(block); err != nil {
				return true
			}
		}
	}
	if _, err := keys(t.Context(), store(t, server), "photos", ""); err == nil || !strings.Contains(err.Error(), "does not end") {
		t.Errorf("got %v", err)
	}
}

// A connection that brings nothing each time is given up.
func TestStreamWithoutProgressEnds(t *testing.T) {
	server := buckettest.New(t, "photos", map[string][]byte{"a.tar": content()})
	server.Answer = buckettest.Cut(server, 0)
	if _, err := read(t.Context(), store(t, server), "photos", "a.tar"); err == nil || !strings.Contains(err.Error(), "at byte 0 of 320000") {
		t.Errorf("got %v", err)
	}
}

func TestReadingEndsWithItsContext(t *testing.T) {
	server := buckettest.New(t, "photos", map[string][]byte{"a": content()})
	ctx, cancel := context.WithCancel(t.Context())
	server.Answer = func(http.ResponseWriter, *http.Request) bool {
		cancel()
		panic(http.ErrAbortHandler)
	}
	if _, err := read(ctx, store(t, server), "photos", "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := keys(ctx, store(t, server), "photos", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestNew(t *testing.T) {
	for endpoint, want := range map[string]string{
		"http://127.0.0.1:9000": "", "https://storage.example": "", "": "",
		"storage.example": "must be http", "ftp://storage.example": "must be http", "http://user:secret@storage.example": "must be http",
		"http://storage.example/path": "must be http", "http://[": "not a URL",
	} {
		_, err := New(func(name string) string { return map[string]string{"AWS_ENDPOINT_URL": endpoint}[name] })
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got %v, want an error about %q", endpoint, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error shows the password: %v", endpoint, err)
		}
	}
}

// A proxy that packs or scans what it passes on does not say how long an object is.
func TestAnObjectWithoutALength(t *testing.T) {
	server := buckettest.New(t, "photos", nil)
	server.Answer = func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("ETag", `"x"`)
		w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
		_, _ = w.Write([]byte("0123"))
		_ = http.NewResponseController(w).Flush() // so that the length is not known
		_, _ = w.Write([]byte("4567"))
		return true
	}
	if data, err := read(t.Context(), store(t, server), "photos", "a.tar"); err == nil || !strings.Contains(err.Error(), "does not say how long") {
		t.Errorf("%q, %v", data, err)
	}
}

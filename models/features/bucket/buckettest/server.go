// Package buckettest serves objects as S3-compatible storage does, for tests.
//
// It answers what a reader asks: lists in pages, objects, and ranges of them. It can break and delay connections as networks do.
package buckettest

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A Server is storage with one bucket.
type Server struct {
	URL    string
	Bucket string
	Page   int // keys in a page of a list

	mu       sync.Mutex
	objects  map[string][]byte
	Answer   func(w http.ResponseWriter, r *http.Request) bool // true where it has answered; may be nil
	requests int
}

// Key is the access key that requests must be signed with.
const Key = "headstart"

// New starts a server of a bucket's objects, which ends with the test.
func New(t testing.TB, bucket string, objects map[string][]byte) *Server {
	s := &Server{Bucket: bucket, Page: 1000, objects: objects}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Environment are the variables by which the server is found.
func (s *Server) Environment() map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL": s.URL, "AWS_ACCESS_KEY_ID": Key, "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true",
	}
}

// Put replaces an object.
func (s *Server) Put(key string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[key] = data
}

// Requests counts what was asked.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests++
	answer := s.Answer
	s.mu.Unlock()
	if answer != nil && answer(w, r) {
		return
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case !strings.Contains(r.Header.Get("Authorization"), "Credential="+Key+"/"):
		refuse(w, http.StatusForbidden, "AccessDenied")
	case bucket != s.Bucket:
		refuse(w, http.StatusNotFound, "NoSuchBucket")
	case key == "" && r.Method == http.MethodGet && r.URL.Query().Get("list-type") == "2":
		s.list(w, r)
	case r.Method == http.MethodGet && key != "":
		s.object(w, r, key)
	default:
		refuse(w, http.StatusNotImplemented, "NotImplemented")
	}
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, code)
}

type content struct {
	Key          string
	LastModified string
	ETag         string
	Size         int
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	prefix, after := r.URL.Query().Get("prefix"), r.URL.Query().Get("continuation-token")
	var keys []string
	for key := range s.objects {
		if strings.HasPrefix(key, prefix) && key > after {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	var page struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		Name, Prefix          string
		IsTruncated           bool
		NextContinuationToken string
		Contents              []content
	}
	page.Name, page.Prefix = s.Bucket, prefix
	if page.IsTruncated = len(keys) > s.Page; page.IsTruncated {
		keys = keys[:s.Page]
		page.NextContinuationToken = keys[len(keys)-1]
	}
	for _, key := range keys {
		page.Contents = append(page.Contents, content{key, "2026-01-01T00:00:00Z", etag(s.objects[key]), len(s.objects[key])})
	}
	w.Header().Set("Content-Type", "application/xml")
	_ = xml.NewEncoder(w).Encode(page) // the reader may have gone
}

func etag(data []byte) string {
	sum := md5.Sum(data) // as S3 does; it protects nothing
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

func (s *Server) object(w http.ResponseWriter, r *http.Request, key string) {
	s.mu.Lock()
	data, ok := s.objects[key]
	s.mu.Unlock()
	if !ok {
		refuse(w, http.StatusNotFound, "NoSuchKey")
		return
	}
	if match := r.Header.Get("If-Match"); match != "" && strings.Trim(match, `"`) != strings.Trim(etag(data), `"`) {
		refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	w.Header().Set("ETag", etag(data))
	http.ServeContent(w, r, key, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), strings.NewReader(string(data)))
}

// Cut is an answer that breaks the connection of every request for an object after n bytes of its body.
func Cut(s *Server, n int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		if key == "" {
			return false
		}
		s.object(&cutWriter{w, n}, r, key)
		return true
	}
}

type cutWriter struct {
	http.ResponseWriter
	left int
}

// Write ends the connection as a broken network does.
func (c *cutWriter) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p[:min(len(p), c.left)])
	if c.left -= n; c.left <= 0 && err == nil {
		_ = http.NewResponseController(c.ResponseWriter).Flush() // what was written comes through
		panic(http.ErrAbortHandler)
	}
	return n, err
}

// ReadFrom hides the faster way that http has.
func (c *cutWriter) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{c}, r)
}

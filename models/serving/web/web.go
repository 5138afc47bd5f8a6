// Package web is a model server's HTTP interface: the Open Inference Protocol over REST, a simple one for images, the metrics, a page.
//
// Nothing of a request reaches the file system: a body is held in memory, within the limits of the service.
package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/models/serving/inference"
)

// Observer hears of each request that was answered.
type Observer interface {
	Request(protocol, route string, code int, took time.Duration)
}

// Options say what is answered.
type Options struct {
	Service  *inference.Service
	Token    string       // that requests must bear, except for health and the page; empty: none
	Metrics  http.Handler // GET /metrics
	Observer Observer
	Version  string      // of the program
	Ready    func() bool // false while the server shuts down
	Log      *slog.Logger
	Each     bool // whether each request is logged
	Local    bool // whether only programs of this machine can reach the server
}

// A server answers requests.
type server struct {
	Options
	token  [sha256.Size]byte
	routes map[string]bool // the patterns of what is answered
}

// Handler answers requests.
func Handler(o Options) http.Handler {
	s := &server{Options: o, token: sha256.Sum256([]byte(o.Token)), routes: map[string]bool{}}
	mux := http.NewServeMux()
	open := func(pattern string, answer http.HandlerFunc) {
		s.routes[pattern] = true
		mux.Handle(pattern, answer)
	}
	guarded := func(pattern string, answer http.HandlerFunc) { open(pattern, s.guarded(answer)) }

	open("GET /{$}", pageHandler())
	open("GET /v2/health/live", s.live)
	open("GET /v2/health/ready", s.ready)
	guarded("GET /v2", s.metadata)
	for _, model := range []string{"/v2/models/{model}", "/v2/models/{model}/versions/{version}"} {
		guarded("GET "+model, s.modelMetadata)
		guarded("GET "+model+"/ready", s.modelReady)
		guarded("POST "+model+"/infer", s.infer)
	}
	guarded("GET /v1/models", s.models)
	guarded("POST /v1/predict", s.predict)
	guarded("POST /v1/explain", s.explain)
	guarded("GET /metrics", o.Metrics.ServeHTTP)

	// A page of another site must not make a browser ask on its behalf.
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse(w, r, http.StatusForbidden, "a browser asks for a page of another site")
	}))
	return s.observed(s.named(protection.Handler(routed(mux))))
}

// named refuses requests under another name than this machine's, where only programs of it can reach a server without a token: the page
// of a stranger whose name leads here counts as the server's own to a browser. A program of another machine has come through a proxy,
// which should have a token.
func (s *server) named(answer http.Handler) http.Handler {
	if !s.Local || s.Token != "" {
		return answer
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !ownName(r.Host) {
			refuse(w, r, http.StatusMisdirectedRequest, "the server is for this machine, and the request is for another name: set a token, or a host to listen on")
			return
		}
		answer.ServeHTTP(w, r)
	})
}

// ownName tells whether a header Host is an address or localhost.
func ownName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return net.ParseIP(strings.Trim(host, "[]")) != nil || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// routed answers where the mux has nothing with the protocol's form of an error.
func routed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nothing, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		silent := &silentWriter{header: w.Header()}
		nothing.ServeHTTP(silent, r)
		text := "there is no such address; POST /v1/predict takes an image"
		if allowed := w.Header().Get("Allow"); allowed != "" {
			text = "the method must be one of " + allowed
		}
		refuse(w, r, silent.code, text)
	})
}

// silentWriter keeps the status and the header of an answer, and not its text.
type silentWriter struct {
	header http.Header
	code   int
}

func (w *silentWriter) Header() http.Header         { return w.header }
func (w *silentWriter) WriteHeader(code int)        { w.code = code }
func (w *silentWriter) Write(p []byte) (int, error) { return len(p), nil }

// MetricsHandler answers GET /metrics and nothing else.
func MetricsHandler(metrics http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	return routed(mux)
}

// guarded lets requests with the token through.
func (s *server) guarded(answer http.HandlerFunc) http.HandlerFunc {
	if s.Token == "" {
		return answer
	}
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.authorized(r.Header.Get("Authorization")) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="headstart"`)
			refuse(w, r, http.StatusUnauthorized, "the header Authorization: Bearer TOKEN is missing, or its token is another")
			return
		}
		answer(w, r)
	}
}

// authorized compares in a time that says nothing of the token.
func (s *server) authorized(header string) bool {
	scheme, token, _ := strings.Cut(header, " ")
	given := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(given[:], s.token[:]) == 1 && strings.EqualFold(scheme, "Bearer")
}

// observed notes the answer, and turns a panic into one.
func (s *server) observed(answer http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began, noted := time.Now(), &notedWriter{ResponseWriter: w}
		defer func() {
			route := s.route(r)
			if panicked := recover(); panicked != nil {
				s.Log.Error("a request made the server panic", "route", route, "panic", fmt.Sprint(panicked), "stack", string(debug.Stack()))
				if noted.code == 0 {
					refuse(noted, r, http.StatusInternalServerError, "the server failed")
				}
			}
			code, took := max(noted.code, http.StatusOK), time.Since(began)
			s.Observer.Request("http", route, code, took)
			if s.Each {
				s.Log.Info("request", "protocol", "http", "route", route, "code", code, "seconds", took.Seconds(), "from", r.RemoteAddr)
			}
		}()
		noted.Header().Set("X-Content-Type-Options", "nosniff")
		answer.ServeHTTP(noted, r)
	})
}

// route is the pattern that a request matches: one of few, and nothing that a client has written.
func (s *server) route(r *http.Request) string {
	if s.routes[r.Pattern] {
		return r.Pattern
	}
	return "other"
}

// notedWriter remembers the status.
type notedWriter struct {
	http.ResponseWriter
	code int // 0: nothing was written
}

func (w *notedWriter) WriteHeader(code int) {
	if w.code == 0 {
		w.code = code
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *notedWriter) Write(p []byte) (int, error) {
	w.code = max(w.code, http.StatusOK)
	return w.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (w *notedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// answerJSON writes a value.
func answerJSON(w http.ResponseWriter, code int, value any) {
	text, err := json.Marshal(value)
	if err != nil { // a number that is not finite, say
		code, text = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be written as JSON"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(append(text, '\n')) // a client that has gone hears no error
}

// refuse answers with the protocol's form of an error.
func refuse(w http.ResponseWriter, r *http.Request, code int, text string) {
	if r.Body != nil && r.Body != http.NoBody && r.Method == http.MethodPost && code != http.StatusBadRequest {
		w.Header().Set("Connection", "close") // else the server would read the rest of the body
	}
	answerJSON(w, code, map[string]string{"error": text})
}

// fail answers with what went wrong.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	code := statusOf(err)
	switch code {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "1")
	case http.StatusInternalServerError:
		s.Log.Error("a request failed", "route", s.route(r), "error", inference.Message(err))
		refuse(w, r, code, "the server failed: see its log")
		return
	}
	refuse(w, r, code, inference.Message(err))
}

// statusClientGone is nginx's code for a client that closed the connection; nobody reads it but the metrics.
const statusClientGone = 499

func statusOf(err error) int {
	if _, ok := errors.AsType[*unsupportedError](err); ok {
		return http.StatusUnsupportedMediaType
	}
	if errors.Is(err, os.ErrDeadlineExceeded) { // of reading the body
		return http.StatusRequestTimeout
	}
	switch inference.KindOf(err) {
	case inference.Bad:
		return http.StatusBadRequest
	case inference.Missing:
		return http.StatusNotFound
	case inference.TooLarge:
		return http.StatusRequestEntityTooLarge
	case inference.Overloaded:
		return http.StatusTooManyRequests
	case inference.Unavailable:
		return http.StatusServiceUnavailable
	case inference.TimedOut:
		return http.StatusGatewayTimeout
	case inference.Canceled:
		return statusClientGone
	}
	return http.StatusInternalServerError
}

// An unsupportedError is a body in a form that is not read.
type unsupportedError struct{ what string }

func (e *unsupportedError) Error() string { return "read the request: " + e.what }

// read reads the body of a request.
func (s *server) read(r *http.Request) (*inference.Body, error) {
	if coding := r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" { // a few bytes could become any number
		return nil, &unsupportedError{fmt.Sprintf("a body with the Content-Encoding %q is not read; send it as it is", coding)}
	}
	if limit := s.Service.Limits().Body; r.ContentLength > limit {
		return nil, &inference.LimitError{What: "bytes in a request", Got: r.ContentLength, Limit: limit}
	}
	body, err := s.Service.Read(r.Body)
	if err != nil && inference.KindOf(err) == inference.Internal { // the connection was cut, or what was sent is not HTTP
		err = &inference.RequestError{Err: err}
	}
	return body, err
}

// Package server runs a model server: its listeners, its models, its end.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	headstart "github.com/headstart-nb/headstart"
	"github.com/headstart-nb/headstart/models/serving/inference"
	"github.com/headstart-nb/headstart/models/serving/modelset"
	"github.com/headstart-nb/headstart/models/serving/monitor"
	"github.com/headstart-nb/headstart/models/serving/rpc"
	"github.com/headstart-nb/headstart/models/serving/web"
)

// Config is all that a server needs to know besides its models.
type Config struct {
	Host     string
	Port     int  // of HTTP; 0: any free one
	GRPC     bool // whether gRPC is served
	GRPCPort int  // 0: any free one
	Token    string
	// MetricsPort is a port for the metrics alone, which needs no token, so that Prometheus can read them; 0: none. They are on the port
	// of HTTP too, with the token.
	MetricsPort int
	CertFile    string // PEM; empty: no TLS
	KeyFile     string

	Limits      inference.Limits
	Connections int           // of all clients, on each port
	Batch       int           // most images computed at once
	Delay       time.Duration // how long an image waits at most for others to join its batch
	Reload      time.Duration // how often the models' folders and the certificate are looked at; 0: never
	Drain       time.Duration // between the end of readiness and the last new request, for load balancers to notice
	Grace       time.Duration // that requests have to end
	LogRequests bool          // whether each request is logged
}

// DefaultConfig listens on the loopback interface.
func DefaultConfig() Config {
	return Config{
		Host: "127.0.0.1", Port: 8080, GRPC: true, GRPCPort: 8081, Limits: inference.DefaultLimits(), Connections: 2048,
		Batch: 8, Delay: 2 * time.Millisecond, Reload: 2 * time.Second, Grace: 30 * time.Second,
	}
}

// Validate says what is wrong with a configuration.
func (c Config) Validate() error {
	switch {
	case c.Batch < 1 || c.Batch > 1024:
		return fmt.Errorf("the batch must be from 1 to 1024 images; got %d", c.Batch)
	case c.Connections < 1:
		return fmt.Errorf("the limit of connections must be greater than 0; got %d", c.Connections)
	case c.Delay < 0 || c.Reload < 0 || c.Drain < 0 || c.Grace < 0:
		return errors.New("a time must not be negative")
	case (c.CertFile == "") != (c.KeyFile == ""):
		return errors.New("TLS needs both a certificate and its key")
	}
	return c.Limits.Validate()
}

// The times that a client has, so that one which sends or reads slowly does not keep a connection.
const (
	headerTime = 5 * time.Second
	bodyTime   = 30 * time.Second // with the header
	idleTime   = time.Minute
	maxHeader  = 32 << 10 // bytes
)

// A Server has bound its ports, and answers once it runs.
type Server struct {
	config   Config
	set      *modelset.Set
	log      *slog.Logger
	secure   bool // TLS
	draining atomic.Bool
	ready    chan struct{} // closed when all models are loaded

	http       *http.Server
	httpListen net.Listener
	httpNew    newcomers
	httpEnded  chan struct{} // closed when no connection is accepted any more
	grpc       *grpc.Server  // nil: none
	grpcListen net.Listener

	metrics       *http.Server // nil: none
	metricsListen net.Listener
}

// New binds the ports. open reads a model's folder.
func New(config Config, sources []modelset.Source, open modelset.Opener, log *slog.Logger) (*Server, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("serve: %w", err)
	}
	counts := monitor.New()
	set, err := modelset.New(sources, modelset.Options{Batch: config.Batch, Delay: config.Delay, Open: open, Observer: counts, Log: log})
	if err != nil {
		return nil, err
	}
	secure, err := config.tls(log)
	if err != nil {
		return nil, err
	}
	s := &Server{config: config, set: set, log: log, secure: secure != nil, ready: make(chan struct{}), httpEnded: make(chan struct{})}
	s.httpNew.conns = map[net.Conn]bool{}
	if s.httpListen, err = config.listen(config.Port, func() { counts.Refused("http") }); err != nil {
		return nil, err
	}
	service := inference.New(set, config.Limits)
	counts.Queue(service.Queued)
	notDraining := func() bool { return !s.draining.Load() }
	s.http = &http.Server{
		Handler: web.Handler(web.Options{
			Service: service, Token: config.Token, Metrics: counts.Handler(), Observer: counts, Version: headstart.Version, Ready: notDraining, Log: log,
			Each: config.LogRequests, Local: config.Loopback(),
		}),
		TLSConfig: secure, ReadHeaderTimeout: headerTime, ReadTimeout: bodyTime, WriteTimeout: bodyTime + 2*config.Limits.Wait, IdleTimeout: idleTime,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug), ConnState: s.httpNew.note,
	}
	if config.MetricsPort != 0 {
		if s.metricsListen, err = config.listen(config.MetricsPort, func() { counts.Refused("metrics") }); err != nil {
			return nil, errors.Join(err, s.httpListen.Close())
		}
		s.metrics = &http.Server{
			Handler: web.MetricsHandler(counts.Handler()), TLSConfig: secure, ReadHeaderTimeout: headerTime, ReadTimeout: headerTime, WriteTimeout: bodyTime,
			IdleTimeout: idleTime, MaxHeaderBytes: maxHeader, ErrorLog: s.http.ErrorLog,
		}
	}
	if !config.GRPC {
		return s, nil
	}
	if s.grpcListen, err = config.listen(config.GRPCPort, func() { counts.Refused("grpc") }); err != nil {
		return nil, errors.Join(err, s.closeListeners())
	}
	s.grpc = rpc.New(rpc.Options{
		Service: service, Token: config.Token, TLS: secure, Observer: counts, Version: headstart.Version, Ready: notDraining, Log: log, Each: config.LogRequests,
	})
	return s, nil
}

// closeListeners gives back the ports of a server that does not run.
func (s *Server) closeListeners() error {
	err := s.httpListen.Close()
	if s.metricsListen != nil {
		err = errors.Join(err, s.metricsListen.Close())
	}
	return err
}

// tls reads the certificate; nil where there is none.
func (c Config) tls(log *slog.Logger) (*tls.Config, error) {
	if c.CertFile == "" {
		return nil, nil
	}
	pair, err := readKeyPair(c.CertFile, c.KeyFile, c.Reload, log)
	if err != nil {
		return nil, err
	}
	return &tls.Config{GetCertificate: pair.get, MinVersion: tls.VersionTLS12}, nil
}

func (c Config) listen(port int, refused func()) (net.Listener, error) {
	address := net.JoinHostPort(c.Host, strconv.Itoa(port))
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return &cappedListener{Listener: l, free: make(chan struct{}, c.Connections), refused: refused}, nil
}

// Loopback tells whether only programs of this machine can reach the server.
func (c Config) Loopback() bool {
	if c.Host == "localhost" {
		return true
	}
	ip := net.ParseIP(c.Host)
	return ip != nil && ip.IsLoopback()
}

// URL is the address of the page.
func (s *Server) URL() string {
	scheme := "http"
	if s.secure {
		scheme = "https"
	}
	return scheme + "://" + s.httpListen.Addr().String() + "/"
}

// GRPCAddress is host and port of gRPC; empty: there is none.
func (s *Server) GRPCAddress() string {
	if s.grpcListen == nil {
		return ""
	}
	return s.grpcListen.Addr().String()
}

// Models are what is served.
func (s *Server) Models() *modelset.Set { return s.set }

// Ready is closed when all models are loaded.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// Run answers requests until the context ends: health at once, predictions as soon as the models are loaded. Requests that have
// begun are answered before it returns, within the time of grace. A model that cannot be loaded at the start is an error.
func (s *Server) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	failed := make(chan error, 4)
	var running sync.WaitGroup
	running.Go(func() {
		defer close(s.httpEnded)
		failed <- s.serveHTTP(s.http, s.httpListen)
	})
	if s.metrics != nil {
		running.Go(func() { failed <- s.serveHTTP(s.metrics, s.metricsListen) })
	}
	if s.grpc != nil {
		running.Go(func() { failed <- s.grpc.Serve(s.grpcListen) })
	}
	running.Go(func() {
		if err := s.set.Load(ctx); err != nil {
			failed <- err
			return
		}
		close(s.ready)
		if s.config.Reload > 0 {
			s.set.Watch(ctx, s.config.Reload)
		}
	})
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	cancel()
	if err == nil {
		s.log.Info("shutting down", "grace", s.config.Grace.String())
		s.draining.Store(true)
		time.Sleep(s.config.Drain)
	}
	err = errors.Join(err, s.end())
	running.Wait()
	return errors.Join(err, s.set.Close())
}

func (s *Server) serveHTTP(h *http.Server, on net.Listener) error {
	var err error
	if s.secure {
		err = h.ServeTLS(on, "", "")
	} else {
		err = h.Serve(on)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve on %s: %w", on.Addr(), err)
}

// end answers the requests that have begun, and closes the connections of those that take longer than the time of grace.
func (s *Server) end() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.config.Grace)
	defer cancel()
	var ending sync.WaitGroup
	if s.grpc != nil {
		ending.Go(func() {
			stop := context.AfterFunc(ctx, s.grpc.Stop)
			s.grpc.GracefulStop()
			stop()
		})
	}
	// Shutdown closes a connection whose first request it sees arrive: those that were accepted are waited for before.
	err := s.httpListen.Close()
	<-s.httpEnded
	s.httpNew.wait(ctx)
	if errors.Is(err, net.ErrClosed) { // it has failed, which is the error of Run
		err = nil
	}
	err = errors.Join(err, s.http.Shutdown(ctx))
	ending.Wait()
	if err != nil {
		err = errors.Join(fmt.Errorf("shut down: requests have not ended in %s: %w", s.config.Grace, err), s.http.Close())
	}
	if s.metrics != nil { // to the last, so that the end is seen
		err = errors.Join(err, s.metrics.Close())
	}
	return err
}

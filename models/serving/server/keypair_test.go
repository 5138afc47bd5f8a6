package server

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/headstart-nb/headstart/models/serving/oippb"
)

// A certificate that is renewed is served to new connections on both ports, and those that are open stay. A broken one changes nothing.
func testRenewedCertificate(t *testing.T, m *trained) {
	config := testConfig()
	config.Reload = time.Millisecond
	var first, second *x509.CertPool
	config.CertFile, config.KeyFile, first = certificate(t)
	newCert, newKey, second := certificate(t)
	s, _ := m.start(t, config, nil)
	client := func(pool *x509.CertPool) *http.Client {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
		t.Cleanup(transport.CloseIdleConnections)
		return &http.Client{Transport: transport}
	}
	live := func(c *http.Client) error {
		response, err := c.Get(s.URL() + "v2/health/live")
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, response.Body) // else the connection is not used again
		return errors.Join(err, response.Body.Close())
	}
	open := client(first)
	if err := live(open); err != nil {
		t.Fatal(err)
	}
	move := func(from, to string) {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	move(newCert, config.CertFile) // its key is not there yet
	time.Sleep(5 * time.Millisecond)
	if err := live(client(first)); err != nil {
		t.Errorf("between certificate and key: %v", err)
	}
	move(newKey, config.KeyFile)
	time.Sleep(5 * time.Millisecond)
	if err := live(client(second)); err != nil {
		t.Errorf("after the renewal: %v", err)
	}
	if err := live(client(first)); err == nil {
		t.Error("the certificate before is served still")
	}
	trust := credentials.NewTLS(&tls.Config{RootCAs: second})
	if _, err := s.dial(t, grpc.WithTransportCredentials(trust)).ServerLive(t.Context(), &oippb.ServerLiveRequest{}); err != nil {
		t.Errorf("gRPC after the renewal: %v", err)
	}
	if err := live(open); err != nil {
		t.Errorf("a connection from before: %v", err)
	}
	if err := os.WriteFile(config.CertFile, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(config.KeyFile); err != nil {
		t.Fatal(err)
	}
	time.Sleep(5 * time.Millisecond)
	if err := live(client(second)); err != nil {
		t.Errorf("with broken files: %v", err)
	}
}

// What cannot be read is said once for each change, and not at each handshake.
func TestABrokenCertificateIsLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	certFile, keyFile, _ := certificate(t)
	k, err := readKeyPair(certFile, keyFile, time.Nanosecond, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	before := k.pair
	if err := os.WriteFile(certFile, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if got, err := k.get(nil); err != nil || got != before {
			t.Fatalf("another certificate, or %v", err)
		}
		time.Sleep(time.Microsecond)
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
		t.Errorf("it is said %d times: %s", n, log.String())
	}
}

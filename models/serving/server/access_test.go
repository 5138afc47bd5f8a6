package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/headstart-nb/headstart/models/serving/oippb"
)

// Without the token nothing but health and the page is answered.
func testToken(t *testing.T, m *trained) {
	config := testConfig()
	config.Token = "open sesame"
	s, _ := m.start(t, config, nil)
	for path, want := range map[string]int{
		"": 200, "v2/health/live": 200, "v2/health/ready": 200, "v2": 401, "v2/models/colors": 401, "v1/models": 401, "metrics": 401,
	} {
		response, err := http.Get(s.URL() + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("GET /%s: %d, want %d", path, response.StatusCode, want)
		}
	}
	for header, want := range map[string]int{"Bearer open sesame": 200, "bearer open sesame": 200, "Bearer open": 401, "open sesame": 401, "Basic open sesame": 401, "": 401} {
		if code, _, text := post(t, http.DefaultClient, s.URL()+"v1/predict", "", m.images[0], "Authorization", header); code != want {
			t.Errorf("%q: %d, want %d: %s", header, code, want, text)
		}
	}
	client := s.dial(t)
	if _, err := client.ServerReady(t.Context(), &oippb.ServerReadyRequest{}); err != nil {
		t.Errorf("ready: %v", err)
	}
	asked := &oippb.ModelMetadataRequest{Name: "colors"}
	if _, err := client.ModelMetadata(t.Context(), asked); status.Code(err) != codes.Unauthenticated {
		t.Errorf("without a token: %v", err)
	}
	if _, err := client.ModelMetadata(metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer open sesame"), asked); err != nil {
		t.Errorf("with the token: %v", err)
	}
}

func certificate(t *testing.T) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	for file, data := range map[string][]byte{certFile: text, keyFile: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return certFile, keyFile, pool
}

func testTLS(t *testing.T, m *trained) {
	config := testConfig()
	var pool *x509.CertPool
	config.CertFile, config.KeyFile, pool = certificate(t)
	s, _ := m.start(t, config, nil)
	trust := &tls.Config{RootCAs: pool}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trust}}
	defer client.CloseIdleConnections()
	if code, _, text := post(t, client, s.URL()+"v1/predict", "", m.images[0]); code != http.StatusOK || !strings.HasPrefix(s.URL(), "https://") {
		t.Errorf("%s: %d: %s", s.URL(), code, text)
	}
	if _, err := s.dial(t, grpc.WithTransportCredentials(credentials.NewTLS(trust))).ServerMetadata(t.Context(), &oippb.ServerMetadataRequest{}); err != nil {
		t.Error(err)
	}
	config.KeyFile = filepath.Join(t.TempDir(), "missing")
	if _, err := New(config, nil, nil, nil); err == nil {
		t.Error("a key that is missing is accepted")
	}
}

package server

import (
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/serving/modelset"
)

// TestServer trains one model for all that is tried with it.
func TestServer(t *testing.T) {
	m := train(t)
	for _, test := range []struct {
		name string
		try  func(*testing.T, *trained)
	}{
		{"every way gives what headstart predict gives", testEveryWay},
		{"the README's examples", testReadme},
		{"NVIDIA's client of the protocol", testTritonClient},
		{"KServe's client of the protocol", testKServeClient},
		{"token", testToken},
		{"TLS", testTLS},
		{"a renewed certificate", testRenewedCertificate},
		{"cross-origin", testCrossOrigin},
		{"requests that are wrong", testWrongRequests},
		{"connections that are cut, slow or no HTTP", testConnections},
		{"gRPC that is wrong", testWrongCalls},
		{"a thousand at once", testThousand},
		{"nothing reaches the file system", testNoFiles},
		{"the end loses no request", testTheEnd},
	} {
		t.Run(test.name, func(t *testing.T) { test.try(t, m) })
	}
}

// testReadme runs the lines of the README that ask a server.
func testReadme(t *testing.T, m *trained) {
	if _, err := exec.LookPath("curl"); err != nil {
		need.Lack(t, need.System, "no curl")
	}
	s, _ := m.start(t, testConfig(), nil)
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Serve a model\n")
	section, _, _ = strings.Cut(section, "\n## ")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "photo.jpg"), m.images[0], 0o644); err != nil {
		t.Fatal(err)
	}
	class, ran := m.predictions[0].Class(), 0
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "curl ") {
			continue
		}
		line = strings.ReplaceAll(strings.ReplaceAll(line, "http://127.0.0.1:8080/", s.URL()), "/models/trash/", "/models/colors/")
		shell := exec.CommandContext(t.Context(), "bash", "-c", "set -e; curl() { command curl --silent --show-error --fail \"$@\"; }; "+line)
		shell.Dir = dir
		output, err := shell.CombinedOutput()
		if err != nil || !strings.Contains(string(output), `"`+class+`"`) {
			t.Errorf("%s%v\n%s", line, err, output)
		}
		ran++
	}
	if ran != 4 {
		t.Errorf("there are %d examples", ran)
	}
}

// The protocol's conformance: published clients, which know nothing of this server, call every method by REST and by gRPC.
func testTritonClient(t *testing.T, m *trained) {
	testClient(t, m, "testdata/triton_client.py", "tritonclient.http, tritonclient.grpc")
}

func testKServeClient(t *testing.T, m *trained) {
	testClient(t, m, "testdata/kserve_client.py", "kserve")
}

func testClient(t *testing.T, m *trained, script, modules string) {
	python := os.Getenv("HEADSTART_PEER_PYTHON")
	if python == "" || exec.CommandContext(t.Context(), python, "-P", "-c", "import "+modules).Run() != nil {
		need.Lack(t, need.Peers, "HEADSTART_PEER_PYTHON does not name a Python with "+modules+": make clients-test")
	}
	s, _ := m.start(t, testConfig(), nil)
	want, err := json.Marshal(byIndex(m.predictions[0]))
	if err != nil {
		t.Fatal(err)
	}
	address := strings.Trim(strings.TrimPrefix(s.URL(), "http:"), "/")
	output, err := exec.CommandContext(t.Context(), python, "-P", script, address, s.GRPCAddress(), m.files[0], string(want)).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, output)
	}
	t.Logf("%s", output)
}

// A model that cannot be loaded ends the server with the reason.
func TestAModelThatCannotBeLoaded(t *testing.T) {
	dir := t.TempDir()
	device := modeltest.PureGo(t)
	s, err := New(testConfig(), []modelset.Source{{Name: "m", Dir: dir}}, modelset.Saved(device, "", 1), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("it ends with %v", err)
	}
}

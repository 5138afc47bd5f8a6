package server

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/big"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/models/serving/modelset"
	"github.com/headstart-nb/headstart/models/serving/oip"
	"github.com/headstart-nb/headstart/models/serving/oippb"
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
		{"the protocol's client", testTritonClient},
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

// tolerance is for images that shared a batch: the last bits depend on it on some devices.
const tolerance = 1e-5

func compare(t *testing.T, how string, got []float64, want prediction.Prediction) {
	t.Helper()
	if len(got) != len(want.Top) {
		t.Errorf("%s: there are %d probabilities, want %d", how, len(got), len(want.Top))
		return
	}
	for _, score := range want.Top {
		if math.Abs(got[score.Index]-score.Probability) > tolerance {
			t.Errorf("%s: class %s has %g, and headstart predict says %g", how, score.Class, got[score.Index], score.Probability)
		}
	}
}

func byIndex(p prediction.Prediction) []float64 {
	values := make([]float64, len(p.Top))
	for _, score := range p.Top {
		values[score.Index] = score.Probability
	}
	return values
}

// However an image comes, the answer is that of headstart predict.
func testEveryWay(t *testing.T, m *trained) {
	s, _ := m.start(t, testConfig(), nil)
	type answers struct{ Predictions []prediction.Prediction }
	check := func(how string, code int, text []byte) {
		t.Helper()
		got := decode[answers](t, text).Predictions
		if code != http.StatusOK || len(got) == 0 {
			t.Fatalf("%s: %d, %s", how, code, text)
		}
		for i, p := range got {
			compare(t, how, byIndex(p), m.predictions[i])
		}
	}
	url := s.URL() + "v1/predict?top=0"
	code, _, text := post(t, http.DefaultClient, url, "image/png", m.images[0])
	check("raw", code, text)
	code, _, text = post(t, http.DefaultClient, url, "application/x-www-form-urlencoded", m.images[0])
	check("as curl sends it", code, text)

	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	var texts []string
	for i, image := range m.images {
		part, err := w.CreateFormFile("image", filepath.Base(m.files[i]))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write(image) // to memory
		texts = append(texts, base64.StdEncoding.EncodeToString(image))
	}
	_ = w.Close()
	code, _, text = post(t, http.DefaultClient, url, w.FormDataContentType(), form.Bytes())
	check("multipart", code, text)
	object, err := json.Marshal(map[string]any{"images": texts})
	if err != nil {
		t.Fatal(err)
	}
	code, _, text = post(t, http.DefaultClient, url, "application/json", object)
	check("JSON", code, text)
	m.checkREST(t, s, texts)
	m.checkGRPC(t, s)
}

// checkREST infers all images by the protocol's JSON, and by its binary extension.
func (m *trained) checkREST(t *testing.T, s *Server, texts []string) {
	t.Helper()
	type response struct {
		ID      string
		Outputs []struct {
			oip.Info
			Data       []any
			Parameters struct {
				Size int `json:"binary_data_size"`
			}
		}
	}
	url := s.URL() + "v2/models/colors/infer"
	input := map[string]any{"name": "image", "datatype": "BYTES", "shape": []int{len(texts)}, "data": texts}
	object, err := json.Marshal(map[string]any{"id": "seven", "inputs": []any{input}})
	if err != nil {
		t.Fatal(err)
	}
	code, _, text := post(t, http.DefaultClient, url, "application/json", object)
	got := decode[response](t, text)
	if code != http.StatusOK || got.ID != "seven" || len(got.Outputs) != 2 || len(got.Outputs[1].Data) != len(m.images) {
		t.Fatalf("%d: %s", code, text)
	}
	for i, want := range m.predictions {
		var row []float64
		for c := range want.Top {
			row = append(row, got.Outputs[0].Data[i*len(want.Top)+c].(float64))
		}
		compare(t, "OIP over REST", row, want)
		if label := got.Outputs[1].Data[i]; label != want.Class() {
			t.Errorf("image %d is %v, want %s", i, label, want.Class())
		}
	}

	var raw []string
	for _, image := range m.images {
		raw = append(raw, string(image))
	}
	tensor := oip.JoinBytes(raw)
	header := fmt.Appendf(nil, `{"inputs":[{"name":"image","datatype":"BYTES","shape":[%d],"parameters":{"binary_data_size":%d}}],
		"outputs":[{"name":"probabilities","parameters":{"binary_data":true}}]}`, len(raw), len(tensor))
	code, headers, text := post(t, http.DefaultClient, url, "application/octet-stream", append(header, tensor...), "Inference-Header-Content-Length", fmt.Sprint(len(header)))
	var length int
	if _, err := fmt.Sscan(headers.Get("Inference-Header-Content-Length"), &length); err != nil || code != http.StatusOK {
		t.Fatalf("binary: %d %v: %s", code, err, text)
	}
	data := text[length:]
	if got := decode[response](t, text[:length]); got.Outputs[0].Parameters.Size != len(data) || len(data) != 4*3*len(raw) {
		t.Fatalf("binary: %d bytes, %+v", len(data), got)
	}
	for i, want := range m.predictions {
		compare(t, "OIP in binary", floats(data[12*i:12*i+12]), want)
	}
}

func floats(raw []byte) (values []float64) {
	for ; len(raw) > 0; raw = raw[4:] {
		values = append(values, float64(math.Float32frombits(binary.LittleEndian.Uint32(raw))))
	}
	return values
}

func (s *Server) dial(t *testing.T, options ...grpc.DialOption) oippb.GRPCInferenceServiceClient {
	t.Helper()
	if len(options) == 0 {
		options = []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	}
	conn, err := grpc.NewClient(s.GRPCAddress(), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return oippb.NewGRPCInferenceServiceClient(conn)
}

func (m *trained) checkGRPC(t *testing.T, s *Server) {
	t.Helper()
	client := s.dial(t)
	live, err := client.ServerLive(t.Context(), &oippb.ServerLiveRequest{})
	if err != nil || !live.GetLive() {
		t.Errorf("live: %v: %v", live, err)
	}
	ready, err := client.ModelReady(t.Context(), &oippb.ModelReadyRequest{Name: "colors"})
	if err != nil || !ready.GetReady() {
		t.Errorf("ready: %v: %v", ready, err)
	}
	described, err := client.ModelMetadata(t.Context(), &oippb.ModelMetadataRequest{Name: "colors"})
	if err != nil || described.GetInputs()[0].GetName() != "image" || described.GetOutputs()[0].GetShape()[1] != 3 {
		t.Errorf("metadata: %v: %v", described, err)
	}
	input := &oippb.ModelInferRequest_InferInputTensor{
		Name: "image", Datatype: "BYTES", Shape: []int64{int64(len(m.images))}, Contents: &oippb.InferTensorContents{BytesContents: m.images},
	}
	got, err := client.ModelInfer(t.Context(), &oippb.ModelInferRequest{ModelName: "colors", Id: "x", Inputs: []*oippb.ModelInferRequest_InferInputTensor{input}})
	if err != nil || got.GetId() != "x" {
		t.Fatal(got, err)
	}
	for i, want := range m.predictions {
		var row []float64
		for _, v := range got.GetOutputs()[0].GetContents().GetFp32Contents()[3*i : 3*i+3] {
			row = append(row, float64(v))
		}
		compare(t, "gRPC", row, want)
		if label := got.GetOutputs()[1].GetContents().GetBytesContents()[i]; string(label) != want.Class() {
			t.Errorf("image %d is %s, want %s", i, label, want.Class())
		}
	}
	input.Contents = nil
	var raw []string
	for _, image := range m.images {
		raw = append(raw, string(image))
	}
	got, err = client.ModelInfer(t.Context(), &oippb.ModelInferRequest{
		ModelName: "colors", Inputs: []*oippb.ModelInferRequest_InferInputTensor{input}, RawInputContents: [][]byte{oip.JoinBytes(raw)},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range m.predictions {
		compare(t, "gRPC, raw", floats(got.GetRawOutputContents()[0][12*i:12*i+12]), want)
	}
	for model, code := range map[string]codes.Code{"colors": codes.InvalidArgument, "other": codes.NotFound} {
		input.Contents = &oippb.InferTensorContents{BytesContents: [][]byte{[]byte("no image")}}
		input.Shape = []int64{1}
		_, err := client.ModelInfer(t.Context(), &oippb.ModelInferRequest{ModelName: model, Inputs: []*oippb.ModelInferRequest_InferInputTensor{input}})
		if status.Code(err) != code {
			t.Errorf("%s: %v, want %v", model, err, code)
		}
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

// testTritonClient is the protocol's conformance: a published client, which knows nothing of this server, calls every method by REST
// and by gRPC.
func testTritonClient(t *testing.T, m *trained) {
	python := os.Getenv("HEADSTART_PEER_PYTHON")
	if python == "" || exec.CommandContext(t.Context(), python, "-P", "-c", "import tritonclient.http, tritonclient.grpc").Run() != nil {
		need.Lack(t, need.Peers, "HEADSTART_PEER_PYTHON does not name a Python with tritonclient[http,grpc]")
	}
	s, _ := m.start(t, testConfig(), nil)
	want, err := json.Marshal(byIndex(m.predictions[0]))
	if err != nil {
		t.Fatal(err)
	}
	address := strings.Trim(strings.TrimPrefix(s.URL(), "http:"), "/")
	output, err := exec.CommandContext(t.Context(), python, "-P", "testdata/oip_client.py", address, s.GRPCAddress(), m.files[0], string(want)).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, output)
	}
	t.Logf("%s", output)
}

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

// Requests that have begun when the server is told to end are answered; it is not ready meanwhile, and frees everything.
func testTheEnd(t *testing.T, m *trained) {
	config := testConfig()
	config.Drain, config.Batch, config.Delay = 300*time.Millisecond, 16, 200*time.Millisecond // the images wait for their batch
	s, stop := m.start(t, config, nil)
	var wait sync.WaitGroup
	begun := make(chan struct{}, 20)
	for range 20 {
		wait.Go(func() {
			body := &signaling{data: m.images[0], read: begun}
			response, err := http.Post(s.URL()+"v1/predict", "image/png", body)
			if err != nil {
				t.Error(err)
				return
			}
			defer response.Body.Close()
			if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK {
				t.Errorf("%d: %v", response.StatusCode, err)
			}
		})
	}
	for range 20 {
		<-begun
	}
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	for {
		response, err := http.Get(s.URL() + "v2/health/ready")
		if err != nil {
			t.Fatalf("the server does not say that it is not ready: %v", err)
		}
		_ = response.Body.Close()
		if response.StatusCode == http.StatusServiceUnavailable {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	wait.Wait()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := http.Get(s.URL()); err == nil {
		t.Error("the server still answers")
	}
}

// signaling is a body that says when it was read.
type signaling struct {
	data []byte
	read chan<- struct{}
}

func (s *signaling) Read(p []byte) (int, error) {
	if len(s.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.data)
	if s.data = s.data[n:]; len(s.data) == 0 {
		s.read <- struct{}{}
	}
	return n, nil
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

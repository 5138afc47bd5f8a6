package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/headstart-nb/headstart/models/serving/inference"
	"github.com/headstart-nb/headstart/models/serving/oippb"
	"github.com/headstart-nb/headstart/models/serving/servingtest"
)

// lockedBuffer is a log that several goroutines write and a test reads.
type lockedBuffer struct {
	mu   sync.Mutex
	data bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.String()
}

// running is a server that stop tells to end.
type running struct {
	*Server
	stop context.CancelFunc
}

// startStub runs a server of a stub, with its log, until the test ends.
func startStub(t *testing.T, config Config, stub servingtest.Stub) (running, *lockedBuffer) {
	t.Helper()
	sources, err := servingtest.Sources(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	log := &lockedBuffer{}
	s, err := New(config, sources, stub.Open, slog.New(slog.NewJSONHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	<-s.Ready()
	return running{s, cancel}, log
}

// scrape reads the lines that Prometheus reads.
func (s *Server) scrape(t *testing.T) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+s.config.Token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("metrics: %d, %v: %s", response.StatusCode, err, text)
	}
	return string(text)
}

// scrapeCalls is scrape as soon as so many calls of gRPC are counted: each is, right after its client has the answer.
func (s *Server) scrapeCalls(t *testing.T, calls int) string {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		text, counted := s.scrape(t), 0
		for _, found := range regexp.MustCompile(`(?m)^headstart_requests_total\{.*protocol="grpc".*\} (\d+)$`).FindAllStringSubmatch(text, -1) {
			n, err := strconv.Atoi(found[1])
			if err != nil {
				t.Fatal(err)
			}
			counted += n
		}
		if counted >= calls {
			return text
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d calls are counted, want %d:\n%s", counted, calls, own(text))
		}
	}
}

// wants looks for patterns, each of a whole line.
func wants(t *testing.T, text string, patterns ...string) {
	t.Helper()
	for _, pattern := range patterns {
		if !regexp.MustCompile("(?m)^" + pattern + "$").MatchString(text) {
			t.Errorf("%s is not in:\n%s", pattern, own(text))
		}
	}
}

func own(metrics string) (text string) {
	for line := range strings.Lines(metrics) {
		if strings.Contains(line, "headstart_") && !strings.Contains(line, "_bucket") {
			text += line
		}
	}
	return text
}

// Whatever clients ask for, a request is counted under one of few names, also one that is refused; Prometheus' own linter has nothing to
// say about the metrics.
func TestMetrics(t *testing.T) {
	config := testConfig()
	config.Token = "open sesame"
	s, _ := startStub(t, config, servingtest.Stub{Size: 8})
	header := []string{"Authorization", "Bearer " + config.Token}
	predict := s.URL() + "v1/predict"
	post(t, http.DefaultClient, predict, "image/png", gray(t, 255), header...)
	post(t, http.DefaultClient, predict, "image/png", []byte("no image"), header...)
	post(t, http.DefaultClient, predict, "image/png", nil, "Authorization", "Bearer other")
	post(t, http.DefaultClient, predict, "image/png", nil, "Origin", "https://elsewhere.example")
	post(t, http.DefaultClient, s.URL()+"v2/health/live", "", nil)
	for i := range 20 {
		post(t, http.DefaultClient, fmt.Sprintf("%sv2/models/m%d/infer", s.URL(), i), "", []byte("{}"), header...)
		post(t, http.DefaultClient, fmt.Sprintf("%sstrange/%d", s.URL(), i), "", nil, header...)
	}
	client := s.dial(t)
	bearer := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+config.Token)
	_, _ = client.ModelInfer(bearer, &oippb.ModelInferRequest{})                       // counted
	_, _ = client.ModelMetadata(t.Context(), &oippb.ModelMetadataRequest{Name: "any"}) // without the token
	link, err := grpc.NewClient(s.GRPCAddress(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer link.Close()
	if err := link.Invoke(bearer, "/strange.Service/Method", &oippb.ServerLiveRequest{}, &oippb.ServerLiveResponse{}); status.Code(err) != codes.Unimplemented {
		t.Errorf("a method that is not there: %v", err)
	}

	text := s.scrapeCalls(t, 3)
	const total = `headstart_requests_total\{code="%s",protocol="%s",route="%s"\} %d`
	wants(t, text,
		fmt.Sprintf(total, "200", "http", "POST /v1/predict", 1), fmt.Sprintf(total, "400", "http", "POST /v1/predict", 1),
		fmt.Sprintf(total, "401", "http", "POST /v1/predict", 1), fmt.Sprintf(total, "403", "http", "other", 1),
		fmt.Sprintf(total, "404", "http", "other", 20), fmt.Sprintf(total, "405", "http", "other", 1),
		fmt.Sprintf(total, "400", "http", `POST /v2/models/\{model\}/infer`, 20),
		fmt.Sprintf(total, "3", "grpc", "/inference.GRPCInferenceService/ModelInfer", 1),
		fmt.Sprintf(total, "16", "grpc", "/inference.GRPCInferenceService/ModelMetadata", 1), fmt.Sprintf(total, "12", "grpc", "other", 1),
		`headstart_images_total\{model="stub"\} 1`, `headstart_model_loads_total\{model="stub",result="ok"\} 1`, `headstart_queue_images 0`,
		`headstart_build_info\{version="[^"]+"\} 1`, `process_resident_memory_bytes .*`,
	)
	for _, written := range []string{"strange", "m19", "sesame", "elsewhere"} {
		if strings.Contains(text, written) {
			t.Errorf("what a client has written, %s, is in the metrics", written)
		}
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("the linter says %v, %v", problems, err)
	}
}

// While the only place is taken, others hear at once that they should try again, and the queue's length is there to scale by.
func TestOverloadIsTold(t *testing.T) {
	config := testConfig()
	config.Limits.Images, config.Connections = 1, 4
	begun, goOn := make(chan struct{}), make(chan struct{})
	s, _ := startStub(t, config, servingtest.Stub{Size: 8, Before: func() { close(begun); <-goOn }})
	first := make(chan int, 1)
	go func() {
		code, _, _ := post(t, http.DefaultClient, s.URL()+"v1/predict", "image/png", gray(t, 255))
		first <- code
	}()
	<-begun
	wants(t, s.scrape(t), `headstart_queue_images 1`)
	code, header, text := post(t, http.DefaultClient, s.URL()+"v1/predict", "image/png", gray(t, 255))
	if code != http.StatusTooManyRequests || header.Get("Retry-After") == "" || decode[map[string]string](t, text)["error"] == "" {
		t.Errorf("%d, %v: %s", code, header, text)
	}
	tensor := &oippb.ModelInferRequest_InferInputTensor{
		Name: "image", Datatype: "BYTES", Shape: []int64{1}, Contents: &oippb.InferTensorContents{BytesContents: [][]byte{gray(t, 255)}},
	}
	_, err := s.dial(t).ModelInfer(t.Context(), &oippb.ModelInferRequest{Inputs: []*oippb.ModelInferRequest_InferInputTensor{tensor}})
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("gRPC: %v", err)
	}
	close(goOn)
	if code := <-first; code != http.StatusOK {
		t.Errorf("the one with the place: %d", code)
	}
	// Connections beyond the number are counted.
	for range 8 {
		conn, err := net.Dial("tcp", s.httpListen.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	for !regexp.MustCompile(`headstart_connections_refused_total\{protocol="http"\} [1-9]`).MatchString(s.scrape(t)) {
		time.Sleep(5 * time.Millisecond) // until the server has accepted them
	}
}

// A request is one line of JSON, with nothing that the client has written; none without --log-requests.
func TestRequestsAreLogged(t *testing.T) {
	config := testConfig()
	config.Token = "open sesame"
	for _, each := range []bool{false, true} {
		config.LogRequests = each
		s, log := startStub(t, config, servingtest.Stub{Size: 8})
		header := []string{"Authorization", "Bearer " + config.Token, "User-Agent", "strange agent"}
		post(t, http.DefaultClient, s.URL()+"v1/predict?model=strange", "image/png", gray(t, 255), header...)
		post(t, http.DefaultClient, s.URL()+"strange?token=sesame", "image/png", gray(t, 255), header...)
		if _, err := s.dial(t).ServerLive(t.Context(), &oippb.ServerLiveRequest{}); err != nil {
			t.Error(err)
		}
		for each && !strings.Contains(log.String(), "ServerLive") { // it is logged when its client has the answer
			time.Sleep(time.Millisecond)
		}
		var found []string
		scanner := bufio.NewScanner(strings.NewReader(log.String()))
		for scanner.Scan() {
			var line struct {
				Time, Level, Msg, Protocol, Route, From string
				Code                                    *int
				Seconds                                 *float64
			}
			if err := json.Unmarshal(scanner.Bytes(), &line); err != nil {
				t.Errorf("%s: %v", scanner.Text(), err)
			}
			if line.Msg != "request" {
				continue
			}
			if line.Time == "" || line.Level != "INFO" || line.Code == nil || line.Seconds == nil || !strings.HasPrefix(line.From, "127.0.0.1:") {
				t.Errorf("the line is %s", scanner.Text())
			}
			found = append(found, fmt.Sprintf("%s %s %d", line.Protocol, line.Route, *line.Code))
		}
		want := []string{"http POST /v1/predict 404", "http other 404", "grpc /inference.GRPCInferenceService/ServerLive 0"}
		if !each {
			want = nil
		}
		if fmt.Sprint(found) != fmt.Sprint(want) || strings.Contains(log.String(), "strange") || strings.Contains(log.String(), "sesame") {
			t.Errorf("--log-requests=%t: the lines are %q, want %q:\n%s", each, found, want, log)
		}
	}
}

// What a request says is not repeated at any length.
func TestAnswersAreShort(t *testing.T) {
	s, _ := startStub(t, testConfig(), servingtest.Stub{Size: 8})
	long := strings.Repeat("\x01", 1<<20)
	quoted, err := json.Marshal(long)
	if err != nil {
		t.Fatal(err)
	}
	form := "--x\r\nContent-Disposition: form-data; name=a; filename=\"" + strings.Repeat("y", 1<<20) + "\"\r\n\r\n" + string(gray(t, 255)) + "\r\n--x--\r\n"
	infer := "v2/models/stub/infer"
	for name, test := range map[string]struct{ path, kind, body string }{
		"model":         {"v1/predict", "application/json", `{"image":"","model":` + string(quoted) + `}`},
		"version":       {"v1/predict", "application/json", `{"image":"AAAA","version":` + string(quoted) + `}`},
		"class":         {"v1/explain", "application/json", `{"image":"AAAA","class":` + string(quoted) + `}`},
		"name of file":  {"v1/predict", "multipart/form-data; boundary=x", form},
		"id":            {infer, "application/json", `{"id":` + string(quoted) + `}`},
		"input":         {infer, "application/json", `{"inputs":[{"name":` + string(quoted) + `,"shape":[1],"data":["AAAA"]}]}`},
		"datatype":      {infer, "application/json", `{"inputs":[{"name":"image","datatype":` + string(quoted) + `,"shape":[1],"data":["AAAA"]}]}`},
		"shape":         {infer, "application/json", `{"inputs":[{"name":"image","shape":[1` + strings.Repeat(",1", 1<<18) + `],"data":["AAAA"]}]}`},
		"output":        {infer, "application/json", `{"inputs":[{"name":"image","datatype":"BYTES","shape":[0],"data":[]}],"outputs":[{"name":` + string(quoted) + `}]}`},
		"type of media": {"v1/predict", "a/" + strings.Repeat("z", 20<<10) + "; =", "x"},
	} {
		code, _, text := post(t, http.DefaultClient, s.URL()+test.path, test.kind, []byte(test.body))
		if code < 400 || code >= 500 || len(text) > 10<<10 || decode[map[string]string](t, text)["error"] == "" {
			t.Errorf("%s: %d, %d bytes: %.200s", name, code, len(text), text)
		}
	}
	_, err = s.dial(t).ModelMetadata(t.Context(), &oippb.ModelMetadataRequest{Name: strings.Repeat("x", 1<<20)})
	if status.Code(err) != codes.NotFound || len(err.Error()) > 2<<10 {
		t.Errorf("gRPC: %.200v", err)
	}
	_, err = s.dial(t).ModelInfer(t.Context(), &oippb.ModelInferRequest{Id: strings.Repeat("x", inference.MaxName+1)})
	if status.Code(err) != codes.InvalidArgument {
		t.Errorf("gRPC, id: %.200v", err)
	}
}

// Prometheus reads the metrics on their own port without the token, and nothing else.
func TestMetricsPort(t *testing.T) {
	config := testConfig()
	config.Token = "open sesame"
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config.MetricsPort = free.Addr().(*net.TCPAddr).Port
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	startStub(t, config, servingtest.Stub{Size: 8})
	address := fmt.Sprintf("http://127.0.0.1:%d/", config.MetricsPort)
	for path, want := range map[string]int{"metrics": http.StatusOK, "": http.StatusNotFound, "v1/models": http.StatusNotFound} {
		response, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != want || want == http.StatusOK && !strings.Contains(string(text), "headstart_queue_images 0") {
			t.Errorf("GET /%s: %d, %v: %.200s", path, response.StatusCode, err, text)
		}
	}
	config.Port = config.MetricsPort // which is taken
	sources, err := servingtest.Sources(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(config, sources, servingtest.Stub{}.Open, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("two servers have one port")
	}
}

// A server for this machine without a token answers no name that only leads to it: a page under that name would be of the same site.
func TestANameThatLeadsHere(t *testing.T) {
	for _, test := range []struct {
		token, host string
		want        int
	}{
		{"", "127.0.0.1:8080", 200},
		{"", "localhost:8080", 200},
		{"", "LOCALHOST", 200},
		{"", "a.localhost.:1", 200},
		{"", "[::1]:8080", 200},
		{"", "::1", 200},
		{"", "evil.example:8080", 421},
		{"", "localhost.evil.example", 421},
		{"", "127.0.0.1.evil.example", 421},
		{"open sesame", "proxy.example", 200}, // the token is what protects it
	} {
		config := testConfig()
		config.Token, config.GRPC = test.token, false
		s, _ := startStub(t, config, servingtest.Stub{Size: 8})
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"v1/models", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = test.host
		request.Header.Set("Authorization", "Bearer "+test.token)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != test.want {
			t.Errorf("as %s, token %q: %d, want %d", test.host, test.token, response.StatusCode, test.want)
		}
	}
}

// A call that has begun when the server is told to end is answered.
func TestTheEndAnswersCalls(t *testing.T) {
	begun, goOn := make(chan struct{}), make(chan struct{})
	s, _ := startStub(t, testConfig(), servingtest.Stub{Size: 8, Before: func() { close(begun); <-goOn }})
	tensor := &oippb.ModelInferRequest_InferInputTensor{
		Name: "image", Datatype: "BYTES", Shape: []int64{1}, Contents: &oippb.InferTensorContents{BytesContents: [][]byte{gray(t, 255)}},
	}
	client := s.dial(t)
	answered := make(chan error, 1)
	go func() {
		_, err := client.ModelInfer(context.Background(), &oippb.ModelInferRequest{Inputs: []*oippb.ModelInferRequest_InferInputTensor{tensor}})
		answered <- err
	}()
	<-begun
	s.stop()
	for ready := true; ready; time.Sleep(5 * time.Millisecond) { // GracefulStop closes the port
		conn, err := net.Dial("tcp", s.GRPCAddress())
		if ready = err == nil; ready {
			_ = conn.Close()
		}
	}
	close(goOn)
	if err := <-answered; err != nil {
		t.Errorf("the call: %v", err)
	}
}

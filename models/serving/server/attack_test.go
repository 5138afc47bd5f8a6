package server

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/headstart-nb/headstart/internal/hostile"
	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/models/serving/oippb"
)

// stillAnswers shows that an attack has left nothing behind: an image gets its answer.
func (m *trained) stillAnswers(t *testing.T, s *Server) {
	t.Helper()
	code, _, text := post(t, http.DefaultClient, s.URL()+"v1/predict?top=0", "image/png", m.images[0])
	if code != http.StatusOK {
		t.Fatalf("afterwards: %d: %s", code, text)
	}
	got := decode[struct{ Predictions []prediction.Prediction }](t, text)
	compare(t, "afterwards", byIndex(got.Predictions[0]), m.predictions[0])
}

// A page of another site cannot make a browser ask.
func testCrossOrigin(t *testing.T, m *trained) {
	s, _ := m.start(t, testConfig(), nil)
	for origin, want := range map[string]int{"https://evil.example": 403, strings.TrimSuffix(s.URL(), "/"): 200} {
		if code, _, text := post(t, http.DefaultClient, s.URL()+"v1/predict", "text/plain", m.images[0], "Origin", origin); code != want {
			t.Errorf("from %s: %d, want %d: %s", origin, code, want, text)
		}
	}
}

// pngBomb is a small file that decodes to many pixels.
func pngBomb(side int) []byte {
	var data bytes.Buffer
	w := zlib.NewWriter(&data)
	row := make([]byte, 1+side/8)
	for range side {
		_, _ = w.Write(row) // to memory
	}
	_ = w.Close()
	file := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, body []byte) {
		file = binary.BigEndian.AppendUint32(file, uint32(len(body)))
		file = append(append(file, kind...), body...)
		file = binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(append([]byte(kind), body...)))
	}
	header := binary.BigEndian.AppendUint32(nil, uint32(side))
	header = binary.BigEndian.AppendUint32(header, uint32(side))
	chunk("IHDR", append(header, 1, 0, 0, 0, 0))
	chunk("IDAT", data.Bytes())
	chunk("IEND", nil)
	return file
}

func testWrongRequests(t *testing.T, m *trained) {
	config := testConfig()
	config.Limits.Body = 1 << 20
	s, _ := m.start(t, config, nil)
	infer, predict := "v2/models/colors/infer", "v1/predict"
	input := func(fields string) string { return `{"inputs":[{"name":"image",` + fields + `}]}` }
	image := base64.StdEncoding.EncodeToString(m.images[0])
	for name, test := range map[string]struct {
		path, kind, body string
		header           []string
		want             int
	}{
		"empty":                     {predict, "image/jpeg", "", nil, 400},
		"no image":                  {predict, "image/jpeg", "hello", nil, 400},
		"larger than the limit":     {predict, "image/jpeg", strings.Repeat("x", 1<<20+1), nil, 413},
		"PNG bomb":                  {predict, "image/png", string(pngBomb(8192)), nil, 400},
		"bomb in base64":            {predict, "application/json", `{"image":"` + base64.StdEncoding.EncodeToString(pngBomb(8192)) + `"}`, nil, 400},
		"compressed body":           {predict, "image/png", string(m.images[0]), []string{"Content-Encoding", "gzip"}, 415},
		"broken JSON":               {predict, "application/json", `{"image":`, nil, 400},
		"huge number":               {predict, "application/json", `{"image":"` + image + `","top":1e999999999}`, nil, 400},
		"many digits":               {predict, "application/json", `{"top":` + strings.Repeat("9", 900_000) + `}`, nil, 400},
		"deep":                      {predict, "application/json", strings.Repeat(`{"x":`, 100_000), nil, 400},
		"deep lists":                {infer, "application/json", input(`"datatype":"BYTES","shape":[1],"data":` + strings.Repeat("[", 200_000)), nil, 400},
		"no base64":                 {predict, "application/json", `{"image":"***"}`, nil, 400},
		"too many images":           {predict, "application/json", `{"images":["` + strings.Repeat(`","`, 65) + `"]}`, nil, 413},
		"bad type":                  {predict, "a/b/c; =", string(m.images[0]), nil, 400},
		"no boundary":               {predict, "multipart/form-data", "--x\r\n\r\n", nil, 400},
		"half a form":               {predict, "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\nhalf", nil, 400},
		"many parts":                {predict, "multipart/form-data; boundary=x", strings.Repeat("--x\r\nContent-Disposition: form-data; name=top\r\n\r\n1\r\n", 5000), nil, 413},
		"unknown field":             {predict, "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=path\r\n\r\n/etc/passwd\r\n--x--\r\n", nil, 400},
		"a path":                    {predict + "?model=../../etc/passwd", "image/png", string(m.images[0]), nil, 404},
		"no number":                 {predict + "?top=many", "image/png", string(m.images[0]), nil, 400},
		"too many inputs":           {infer, "application/json", `{"inputs":[` + strings.Repeat("{},", 16) + "{}]}", nil, 413},
		"too many outputs":          {infer, "application/json", `{"outputs":[` + strings.Repeat("{},", 16) + "{}]}", nil, 413},
		"too many dimensions":       {infer, "application/json", input(`"shape":[` + strings.Repeat("1,", 8) + `1]`), nil, 413},
		"too many texts":            {infer, "application/json", input(`"datatype":"BYTES","shape":[1],"data":[` + strings.Repeat(`"",`, 64) + `""]`), nil, 413},
		"pixels, channels first":    {infer, "application/json", input(`"datatype":"UINT8","shape":[1,3,32,32],"data":[` + strings.Repeat("0,", 3071) + `0]`), nil, 400},
		"pixels of another size":    {infer, "application/json", input(`"datatype":"UINT8","shape":[1,2,2,3],"data":[` + strings.Repeat("0,", 11) + `0]`), nil, 400},
		"too many pixel images":     {infer, "application/json", input(`"datatype":"UINT8","shape":[65,1,1,3],"data":[` + strings.Repeat("0,", 194) + `0]`), nil, 413},
		"no inputs":                 {infer, "application/json", `{}`, nil, 400},
		"another version":           {"v2/models/colors/versions/1/infer", "application/json", input(`"datatype":"BYTES","shape":[1],"data":["` + image + `"]`), nil, 404},
		"another model":             {"v2/models/other/infer", "application/json", input(`"datatype":"BYTES","shape":[1],"data":["` + image + `"]`), nil, 404},
		"shape of another size":     {infer, "application/json", input(`"datatype":"BYTES","shape":[2],"data":["` + image + `"]`), nil, 400},
		"shape that overflows":      {infer, "application/json", input(`"datatype":"UINT8","shape":[4294967296,4294967296,1,3],"data":[1]`), nil, 400},
		"shape beyond 64 bits":      {infer, "application/json", input(`"datatype":"UINT8","shape":[99999999999999999999],"data":[1]`), nil, 400},
		"pixels beyond a byte":      {infer, "application/json", input(`"datatype":"UINT8","shape":[1],"data":[256]`), nil, 400},
		"huge pixel":                {infer, "application/json", input(`"datatype":"UINT8","shape":[1],"data":[1e400]`), nil, 400},
		"objects":                   {infer, "application/json", input(`"datatype":"BYTES","shape":[1],"data":[{}]`), nil, 400},
		"no data":                   {infer, "application/json", input(`"datatype":"BYTES","shape":[1]`), nil, 400},
		"another output":            {infer, "application/json", `{"inputs":[{"name":"image","datatype":"BYTES","shape":[1],"data":["` + image + `"]}],"outputs":[{"name":"x"}]}`, nil, 400},
		"header length of no sense": {infer, "application/octet-stream", "{}", []string{"Inference-Header-Content-Length", "-1"}, 400},
		"header beyond the body":    {infer, "application/octet-stream", "{}", []string{"Inference-Header-Content-Length", "99999999999999999999"}, 400},
		"binary beyond the body":    {infer, "application/octet-stream", input(`"datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":99}`), nil, 400},
		"negative binary":           {infer, "application/octet-stream", input(`"datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":-9}`), nil, 400},
		"another method":            {"v2/health/live", "", "", nil, 405},
		"another address":           {"v3", "", "", nil, 404},
		"a class that is unknown":   {"v1/explain?class=purple", "image/png", string(m.images[0]), nil, 400},
		"an explanation of nothing": {"v1/explain", "image/png", "", nil, 400},
	} {
		t.Run(name, func(t *testing.T) {
			code, header, text := post(t, http.DefaultClient, s.URL()+test.path, test.kind, []byte(test.body), test.header...)
			if code != test.want {
				t.Errorf("%d, want %d: %.300s", code, test.want, text)
			}
			if header.Get("Content-Type") != "application/json" || decode[map[string]string](t, text)["error"] == "" {
				t.Errorf("the answer has no error: %s", text)
			}
		})
	}
	m.stillAnswers(t, s)
}

// Connections that are cut, send slowly, or send something else than HTTP are closed, and others are answered meanwhile.
func testConnections(t *testing.T, m *trained) {
	config := testConfig()
	config.Connections = 60
	s, _ := m.start(t, config, func(s *Server) {
		s.http.ReadHeaderTimeout, s.http.ReadTimeout = 300*time.Millisecond, 600*time.Millisecond
	})
	address := s.httpListen.Addr().String()
	head := "POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n"
	closed := func(t *testing.T, send string) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, send) // the server may have closed it already
		_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.Copy(io.Discard, conn); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Errorf("it is still open after 20 s: %.60q", send)
		}
	}
	var wait sync.WaitGroup
	for name, send := range map[string]string{
		"silence":           "",
		"slow header":       "POST /v1/predict HTTP/1.1\r\nHost: x\r\nX-",
		"half a body":       fmt.Sprintf(head, len(m.images[0])) + string(m.images[0][:100]),
		"body that claims":  fmt.Sprintf(head, 1<<20),
		"more than claimed": fmt.Sprintf(head, 10) + string(m.images[0]),
		"negative length":   fmt.Sprintf(head, -5),
		"two lengths":       "POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
		"huge header":       "GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 1<<20),
		"broken chunks":     "POST /v1/predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\nabc",
		"not HTTP":          "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
	} {
		wait.Go(func() { t.Run(name, func(t *testing.T) { closed(t, send) }) })
	}
	wait.Wait()
	for i := range 100 { // cut at every place, also while the answer is computed
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		whole := fmt.Sprintf(head, len(m.images[0])) + string(m.images[0])
		_, _ = io.WriteString(conn, whole[:len(whole)*(i+1)/100]) // the server may have closed it already
		_ = conn.Close()
	}
	m.stillAnswers(t, s)

	// Connections beyond the limit are closed at once.
	var held []net.Conn
	for range 60 {
		if conn, err := net.Dial("tcp", address); err == nil {
			held = append(held, conn)
		}
	}
	conn, err := net.Dial("tcp", address)
	if err == nil {
		err = hostile.InTime(t, "a connection beyond the limit", func() error {
			_, err := bufio.NewReader(conn).ReadByte()
			return err
		})
		_ = conn.Close()
	}
	if err == nil {
		t.Error("a connection beyond the limit is answered")
	}
	for _, conn := range held {
		_ = conn.Close()
	}
	http.DefaultClient.CloseIdleConnections()
	time.Sleep(100 * time.Millisecond)
	m.stillAnswers(t, s)
}

func testWrongCalls(t *testing.T, m *trained) {
	config := testConfig()
	config.Limits.Body, config.Limits.Wait = 1<<20, 500*time.Millisecond
	s, _ := m.start(t, config, nil)
	client := s.dial(t)
	tensor := func(datatype string, shape []int64, contents *oippb.InferTensorContents) *oippb.ModelInferRequest {
		return &oippb.ModelInferRequest{Inputs: []*oippb.ModelInferRequest_InferInputTensor{{Name: "image", Datatype: datatype, Shape: shape, Contents: contents}}}
	}
	raw := func(data ...[]byte) *oippb.ModelInferRequest {
		request := tensor("BYTES", []int64{1}, nil)
		request.RawInputContents = data
		return request
	}
	for name, test := range map[string]struct {
		request *oippb.ModelInferRequest
		want    codes.Code
	}{
		"nothing":              {&oippb.ModelInferRequest{}, codes.InvalidArgument},
		"larger than allowed":  {tensor("BYTES", []int64{1}, &oippb.InferTensorContents{BytesContents: [][]byte{make([]byte, 2<<20)}}), codes.ResourceExhausted},
		"no contents":          {tensor("BYTES", []int64{1}, nil), codes.InvalidArgument},
		"UINT8 beyond a byte":  {tensor("UINT8", []int64{1}, &oippb.InferTensorContents{UintContents: []uint32{256}}), codes.InvalidArgument},
		"shape that overflows": {tensor("UINT8", []int64{1 << 40, 1 << 40, 1, 3}, nil), codes.InvalidArgument},
		"negative shape":       {tensor("BYTES", []int64{-1}, nil), codes.InvalidArgument},
		"too many outputs":     {&oippb.ModelInferRequest{Outputs: make([]*oippb.ModelInferRequest_InferRequestedOutputTensor, 100)}, codes.InvalidArgument},
		"wrong lengths in raw": {raw([]byte{255, 255, 255, 255, 1}), codes.InvalidArgument},
		"two raw, one input":   {raw(nil, nil), codes.InvalidArgument},
		"other contents":       {tensor("FP32", []int64{1}, &oippb.InferTensorContents{Fp32Contents: []float32{1}}), codes.InvalidArgument},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := client.ModelInfer(t.Context(), test.request); status.Code(err) != test.want {
				t.Errorf("%v, want %v", err, test.want)
			}
		})
	}
	// A call whose message never comes ends.
	link, err := grpc.NewClient(s.GRPCAddress(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer link.Close()
	silent, err := link.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true}, oippb.GRPCInferenceService_ModelInfer_FullMethodName)
	if err != nil {
		t.Fatal(err)
	}
	err = hostile.InTime(t, "a call whose message never comes", func() error { return silent.RecvMsg(&oippb.ModelInferResponse{}) })
	if err == nil {
		t.Error("a call without a message is answered")
	}
	conn, err := net.Dial("tcp", s.GRPCAddress())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\n\r\n")
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.Copy(io.Discard, conn); err != nil && strings.Contains(err.Error(), "timeout") {
		t.Error("a connection that is not gRPC stays open")
	}
	if _, err := client.ServerLive(t.Context(), &oippb.ServerLiveRequest{}); err != nil {
		t.Error(err)
	}
	m.stillAnswers(t, s)
}

// A thousand requests at once are answered or refused, none is lost, and the queue is empty afterwards.
func testThousand(t *testing.T, m *trained) {
	config := testConfig()
	config.Limits.Images = 128
	s, _ := m.start(t, config, nil)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000}}
	defer client.CloseIdleConnections()
	var answered, refused, hostileOnes atomic.Int32
	var wait sync.WaitGroup
	for i := range 1000 {
		wait.Go(func() {
			body, want := m.images[i%len(m.images)], http.StatusOK
			if i%10 == 0 {
				body, want = []byte("no image"), http.StatusBadRequest
			}
			code, _, text := post(t, client, s.URL()+"v1/predict?top=0", "image/png", body)
			switch {
			case code == http.StatusTooManyRequests:
				refused.Add(1)
			case code != want:
				t.Errorf("%d, want %d: %s", code, want, text)
			case code == http.StatusBadRequest:
				hostileOnes.Add(1)
			default:
				answered.Add(1)
				compare(t, "in the crowd", byIndex(decode[struct{ Predictions []prediction.Prediction }](t, text).Predictions[0]), m.predictions[i%len(m.images)])
			}
		})
	}
	wait.Wait()
	if answered.Load()+refused.Load()+hostileOnes.Load() != 1000 || answered.Load() < 100 {
		t.Errorf("%d are answered, %d refused, %d no image", answered.Load(), refused.Load(), hostileOnes.Load())
	}
	t.Logf("%d answered, %d refused at once, %d no image", answered.Load(), refused.Load(), hostileOnes.Load())
	m.stillAnswers(t, s)
}

// A form of many MiB is read from memory: the standard library's own reading of forms writes such parts to temporary files.
func testNoFiles(t *testing.T, m *trained) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	s, _ := m.start(t, testConfig(), nil)
	stop, seen := make(chan struct{}), make(chan string, 1)
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			if entries, _ := os.ReadDir(dir); len(entries) > 0 {
				seen <- entries[0].Name()
				return
			}
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for _, image := range [][]byte{make([]byte, 25<<20), m.images[0]} {
		part, err := w.CreateFormFile("image", "../../escape.png")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write(image) // to memory
	}
	_ = w.Close()
	code, _, text := post(t, http.DefaultClient, s.URL()+"v1/predict", w.FormDataContentType(), form.Bytes())
	close(stop)
	watching.Wait()
	got := decode[struct{ Predictions []prediction.Prediction }](t, text).Predictions
	if code != http.StatusOK || len(got) != 2 || got[0].Error == "" || got[1].Class() != m.predictions[0].Class() {
		t.Errorf("%d: %s", code, text)
	}
	select {
	case name := <-seen:
		t.Errorf("the request made the file %s", name)
	default:
	}
}

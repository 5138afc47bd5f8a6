package server

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/models/serving/oip"
	"github.com/headstart-nb/headstart/models/serving/oippb"
)

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

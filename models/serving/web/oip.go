package web

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/headstart-nb/headstart/models/serving/inference"
	"github.com/headstart-nb/headstart/models/serving/oip"
)

func (*server) live(w http.ResponseWriter, _ *http.Request) {
	answerJSON(w, http.StatusOK, map[string]bool{"live": true})
}

func (s *server) ready(w http.ResponseWriter, _ *http.Request) {
	ready := s.Ready() && s.Service.Models().Ready()
	answerJSON(w, readyStatus(ready), map[string]bool{"ready": ready, "live": true}) // "live" is what the protocol's text has here
}

func readyStatus(ready bool) int {
	if ready {
		return http.StatusOK
	}
	return http.StatusServiceUnavailable
}

func (s *server) metadata(w http.ResponseWriter, _ *http.Request) {
	answerJSON(w, http.StatusOK, map[string]any{"name": "headstart", "version": s.Version, "extensions": []string{"binary_tensor_data"}})
}

// modelMetadata is the answer of the protocol, with the classes under properties.
type modelMetadata struct {
	Name       string            `json:"name"`
	Versions   []string          `json:"versions"`
	Platform   string            `json:"platform"`
	Inputs     []oip.Info        `json:"inputs"`
	Outputs    []oip.Info        `json:"outputs"`
	Properties map[string]string `json:"properties"`
}

func (s *server) modelMetadata(w http.ResponseWriter, r *http.Request) {
	m, release, err := s.Service.Models().Use(r.PathValue("model"), r.PathValue("version"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer release()
	answerJSON(w, http.StatusOK, modelMetadata{m.Name, []string{m.Version}, oip.Platform, oip.Inputs(), oip.Outputs(m.Facts), oip.Properties(m.Facts)})
}

func (s *server) modelReady(w http.ResponseWriter, r *http.Request) {
	m, release, err := s.Service.Models().Use(r.PathValue("model"), r.PathValue("version"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	release()
	answerJSON(w, readyStatus(s.Ready()), map[string]any{"name": m.Name, "ready": s.Ready()})
}

// The messages of an inference.
type (
	inferRequest struct {
		ID         string              `json:"id"`
		Parameters parameters          `json:"parameters"`
		Inputs     list[requestInput]  `json:"inputs"`
		Outputs    list[requestOutput] `json:"outputs"`
	}
	requestInput struct {
		oip.Info
		Parameters parameters      `json:"parameters"`
		Data       json.RawMessage `json:"data"`
	}
	requestOutput struct {
		Name       string     `json:"name"`
		Parameters parameters `json:"parameters"`
	}
	// parameters are those of Triton's extension for binary data; others are ignored.
	parameters struct {
		Size         *int64 `json:"binary_data_size,omitempty"`
		Binary       *bool  `json:"binary_data,omitempty"`
		BinaryOutput *bool  `json:"binary_data_output,omitempty"`
	}
	inferResponse struct {
		Model   string           `json:"model_name"`
		Version string           `json:"model_version"`
		ID      string           `json:"id,omitempty"`
		Outputs []responseOutput `json:"outputs"`
	}
	responseOutput struct {
		oip.Info
		Parameters *parameters `json:"parameters,omitempty"`
		Data       any         `json:"data,omitempty"`
	}
)

// headerLength is the header of the binary extension: how many bytes of the body are JSON. Tensors follow.
const headerLength = "Inference-Header-Content-Length"

func (s *server) infer(w http.ResponseWriter, r *http.Request) {
	body, err := s.read(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer body.Release()
	asked, tensors, err := readInfer(body.Data, r.Header.Get(headerLength), s.Service.Limits().PerRequest)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	request := oip.Request{Model: r.PathValue("model"), Version: r.PathValue("version"), Inputs: tensors}
	for _, output := range asked.Outputs.all {
		request.Outputs = append(request.Outputs, output.Name)
	}
	answer, results, err := request.Infer(r.Context(), s.Service)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	response := inferResponse{Model: answer.Model.Name, Version: answer.Model.Version, ID: asked.ID}
	var raw []byte
	for i, result := range results {
		output := responseOutput{Info: result.Info}
		switch {
		case asked.binary(i):
			data := result.Raw()
			size := int64(len(data))
			output.Parameters, raw = &parameters{Size: &size}, append(raw, data...)
		case result.Datatype == oip.Bytes:
			output.Data = result.Strings
		default:
			output.Data = result.Floats
		}
		response.Outputs = append(response.Outputs, output)
	}
	answerInfer(w, response, raw)
}

// binary tells whether an output is asked for in binary form.
func (q *inferRequest) binary(output int) bool {
	if output < len(q.Outputs.all) {
		if asked := q.Outputs.all[output].Parameters.Binary; asked != nil {
			return *asked
		}
	}
	return q.Parameters.BinaryOutput != nil && *q.Parameters.BinaryOutput
}

// answerInfer writes a response, and after it the outputs that are in binary form.
func answerInfer(w http.ResponseWriter, response inferResponse, raw []byte) {
	if raw == nil {
		answerJSON(w, http.StatusOK, response)
		return
	}
	text, err := json.Marshal(response)
	if err != nil {
		answerJSON(w, http.StatusOK, response) // which says so
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set(headerLength, strconv.Itoa(len(text)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(append(text, raw...)) // a client that has gone hears no error
}

// readInfer reads a request with its tensors, of up to so many images. header says how long the JSON is; empty: it is all there is.
func readInfer(data []byte, header string, most int) (*inferRequest, []oip.Tensor, error) {
	text, raw := data, []byte(nil)
	if header != "" {
		n, err := strconv.ParseUint(header, 10, 31)
		if err != nil || n > uint64(len(data)) {
			return nil, nil, inference.BadRequest("the header %s says %q, and the body has %d bytes", headerLength, header, len(data))
		}
		text, raw = data[:n], data[n:]
	}
	asked := &inferRequest{
		Inputs: list[requestInput]{what: "inputs", most: oip.MaxTensors}, Outputs: list[requestOutput]{what: "outputs", most: oip.MaxTensors},
	}
	if err := json.Unmarshal(text, asked); err != nil {
		return nil, nil, &inference.RequestError{Err: err}
	}
	if err := inference.CheckName("an id", asked.ID); err != nil {
		return nil, nil, err
	}
	tensors := make([]oip.Tensor, 0, len(asked.Inputs.all))
	for _, input := range asked.Inputs.all {
		tensor := oip.Tensor{Info: input.Info}
		var err error
		if size := input.Parameters.Size; size != nil {
			if *size < 0 || *size > int64(len(raw)) {
				return nil, nil, inference.BadRequest("the input %q claims %d bytes of binary data, and %d are left", input.Name, *size, len(raw))
			}
			err = readBinary(&tensor, raw[:*size], most)
			raw = raw[*size:]
		} else {
			err = readData(&tensor, input.Data, most)
		}
		if err != nil {
			return nil, nil, err
		}
		tensors = append(tensors, tensor)
	}
	if len(raw) > 0 {
		return nil, nil, inference.BadRequest("%d bytes follow the tensors", len(raw))
	}
	return asked, tensors, nil
}

func readBinary(t *oip.Tensor, raw []byte, most int) (err error) {
	if t.Datatype != oip.Bytes {
		t.Raw = raw
		return nil
	}
	t.Elements, err = oip.SplitBytes(raw, most)
	return err
}

// readData reads the JSON form of a tensor: lists of numbers or texts, nested or flat. An image's bytes have no form in JSON: its
// text is base64.
func readData(t *oip.Tensor, data json.RawMessage, most int) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	depth := 0
	for {
		token, err := decoder.Token()
		if err != nil { // also where there is no data
			return inference.BadRequest("the data of the input %q: %w", t.Name, err)
		}
		switch v := token.(type) {
		case json.Delim:
			switch v {
			case '[':
				depth++
			case ']':
				depth--
			default:
				return inference.BadRequest("the data of the input %q must be a list; got an object", t.Name)
			}
		case string:
			if len(t.Elements) >= most {
				return oip.TooManyImages(most)
			}
			image, err := decodeBase64(v)
			if err != nil {
				return err
			}
			t.Elements = append(t.Elements, image)
		case json.Number:
			n, err := strconv.ParseUint(v.String(), 10, 8)
			if err != nil {
				return inference.BadRequest("the data of the input %q must be whole numbers from 0 to 255, or texts in base64", t.Name)
			}
			t.Raw = append(t.Raw, uint8(n))
		default:
			return inference.BadRequest("the data of the input %q must be numbers or texts; got %v", t.Name, v)
		}
		if depth == 0 {
			return nil
		}
	}
}

// decodeBase64 reads an image, also as a data URL.
func decodeBase64(text string) ([]byte, error) {
	if rest, ok := strings.CutPrefix(text, "data:"); ok {
		if _, text, ok = strings.Cut(rest, ";base64,"); !ok {
			return nil, inference.BadRequest("an image in JSON must be base64, also in a data URL: data:image/jpeg;base64,...")
		}
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, inference.BadRequest("an image in JSON must be base64: %w", err)
	}
	return data, nil
}

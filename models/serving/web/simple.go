package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"

	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/models/serving/inference"
)

// defaultTop is how many classes are answered where the request does not say.
const defaultTop = 5

// A question is a request of the simple interface. Its form is chosen by the Content-Type: JSON, multipart, or an image itself.
type question struct {
	Model   string       `json:"model"`
	Version string       `json:"version"`
	Class   string       `json:"class"` // to explain
	Top     *int         `json:"top"`   // classes of each image; 0: all
	Image   string       `json:"image"` // base64
	Images  list[string] `json:"images"`

	images []namedImage
}

type namedImage struct {
	name string // of the file, as the client calls it
	inference.Image
}

// predictResponse is the answer of /v1/predict.
type predictResponse struct {
	Model       string                  `json:"model"`
	Version     string                  `json:"version"`
	Predictions []prediction.Prediction `json:"predictions"`
}

func (s *server) predict(w http.ResponseWriter, r *http.Request) {
	body, err := s.read(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer body.Release()
	q, err := readQuestion(r, body.Data, s.Service.Limits().PerRequest)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	images := make([]inference.Image, len(q.images))
	for i, image := range q.images {
		images[i] = image.Image
	}
	answer, err := s.Service.Predict(r.Context(), q.Model, q.Version, images)
	if err == nil && allFailed(answer.Failures) {
		err = answer.Failures[0]
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	top := defaultTop
	if q.Top != nil {
		top = max(*q.Top, 0)
	}
	response := predictResponse{Model: answer.Model.Name, Version: answer.Model.Version}
	for i := range images {
		p := answer.Ranked(i, top)
		p.Name = q.images[i].name
		response.Predictions = append(response.Predictions, p)
	}
	answerJSON(w, http.StatusOK, response)
}

func allFailed(failures []error) bool {
	for _, err := range failures {
		if err == nil {
			return false
		}
	}
	return true
}

func (s *server) explain(w http.ResponseWriter, r *http.Request) {
	body, err := s.read(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer body.Release()
	q, err := readQuestion(r, body.Data, 1)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if len(q.images) == 0 {
		s.fail(w, r, inference.ErrNoImage)
		return
	}
	heat, err := s.Service.Explain(r.Context(), q.Model, q.Version, q.Class, q.images[0].Image)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	answerJSON(w, http.StatusOK, heat)
}

// describedModel is a model in the answer of /v1/models.
type describedModel struct {
	Name         string   `json:"name"`
	Version      string   `json:"version,omitempty"` // none while it loads
	Ready        bool     `json:"ready"`
	Task         string   `json:"task,omitempty"`
	Architecture string   `json:"architecture,omitempty"`
	Resize       string   `json:"resize,omitempty"` // how images come to its size
	Classes      []string `json:"classes,omitempty"`
}

func (s *server) models(w http.ResponseWriter, _ *http.Request) {
	list := []describedModel{}
	for _, name := range s.Service.Models().Names() {
		described := describedModel{Name: name}
		if m, release, err := s.Service.Models().Use(name, ""); err == nil {
			described = describedModel{name, m.Version, true, string(m.Task), m.Architecture, string(m.Geometry.Method), m.Classes}
			release()
		}
		list = append(list, described)
	}
	answerJSON(w, http.StatusOK, map[string]any{"models": list})
}

// readQuestion reads a request of the simple interface with up to so many images. The address may say model, version, class and top.
func readQuestion(r *http.Request, body []byte, most int) (*question, error) {
	kind, params, err := mime.ParseMediaType(cmp.Or(r.Header.Get("Content-Type"), "application/octet-stream"))
	if err != nil {
		return nil, inference.BadRequest("the header Content-Type: %w", err)
	}
	q := &question{}
	switch kind {
	case "application/json":
		err = q.readJSON(body, most)
	case "multipart/form-data":
		err = q.readParts(multipart.NewReader(bytes.NewReader(body), params["boundary"]), most)
	default: // an image; curl calls it a form
		if len(body) > 0 {
			q.images = []namedImage{{Image: inference.Image{Encoded: body}}}
		}
	}
	if err != nil {
		return nil, err
	}
	address := r.URL.Query()
	for _, name := range []string{"model", "version", "class", "top"} {
		if address.Has(name) {
			if err := q.set(name, address.Get(name)); err != nil {
				return nil, err
			}
		}
	}
	return q, nil
}

func (q *question) set(name, value string) error {
	switch name {
	case "model":
		q.Model = value
	case "version":
		q.Version = value
	case "class":
		q.Class = value
	case "top":
		top, err := strconv.Atoi(value)
		if err != nil {
			return inference.BadRequest("top must be a whole number; got %q", value)
		}
		q.Top = &top
	default:
		return inference.BadRequest("there is no field %q; there are model, version, class and top", name)
	}
	return nil
}

func (q *question) readJSON(body []byte, most int) error {
	q.Images = list[string]{what: "images in a request", most: most}
	if err := json.Unmarshal(body, q); err != nil {
		return &inference.RequestError{Err: err}
	}
	texts := q.Images.all
	if q.Image != "" {
		texts = append([]string{q.Image}, texts...)
	}
	if len(texts) > most {
		return &inference.LimitError{What: "images in a request", Got: int64(len(texts)), Limit: int64(most)}
	}
	for _, text := range texts {
		data, err := decodeBase64(text)
		if err != nil {
			return err
		}
		q.images = append(q.images, namedImage{Image: inference.Image{Encoded: data}})
	}
	q.Image, q.Images.all = "", nil // the texts are not needed while the answer is computed
	return nil
}

const (
	otherParts = 8                 // besides the images
	maxField   = inference.MaxName // bytes of a part that is not a file
)

// readParts reads the parts of a form from memory: those with a file name are images, the others fields.
func (q *question) readParts(reader *multipart.Reader, most int) error {
	for parts := 0; ; parts++ {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &inference.RequestError{Err: err}
		}
		if parts >= most+otherParts || len(q.images) > most {
			return &inference.LimitError{What: "parts of a form", Limit: int64(most + otherParts)}
		}
		if name := part.FileName(); name != "" {
			if err := inference.CheckName("the name of a file", name); err != nil {
				return err
			}
			data, err := io.ReadAll(part) // at most the body, which is in memory
			if err != nil {
				return &inference.RequestError{Err: err}
			}
			q.images = append(q.images, namedImage{name, inference.Image{Encoded: data}})
			continue
		}
		value, err := io.ReadAll(io.LimitReader(part, maxField))
		if err != nil {
			return &inference.RequestError{Err: err}
		}
		if err := q.set(part.FormName(), string(value)); err != nil {
			return err
		}
	}
}

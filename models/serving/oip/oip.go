// Package oip is what the tensors of the Open Inference Protocol, version 2, mean for a classifier of images.
//
// The protocol is https://github.com/kserve/open-inference-protocol. A model has one input, "image": encoded images as BYTES of the
// shape [images], which the server brings to the model's size. Clients that have pixels of that size may send them in its place, as
// UINT8 of the shape [images, size, size, 3]. The outputs are "probabilities", FP32 [images, classes], and "label", BYTES [images];
// of a regression they are "values".
package oip

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"math"
	"slices"
	"strconv"

	"github.com/headstart-nb/headstart/models/serving/inference"
	"github.com/headstart-nb/headstart/models/serving/modelset"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// The datatypes that are used, of those that the protocol has.
const (
	Bytes = "BYTES"
	Uint8 = "UINT8"
	Fp32  = "FP32"
)

// The names of the tensors.
const (
	Input         = "image"
	Probabilities = "probabilities"
	Label         = "label"
	Values        = "values"
)

// The limits of a request. They are checked before what is beyond them is decoded.
const (
	MaxTensors    = 16 // inputs, and outputs; no model has as many
	MaxDimensions = 8
)

// TooManyImages is a request with more images than it may have.
func TooManyImages(most int) error {
	return &inference.LimitError{What: "images in a request", Limit: int64(most)}
}

// Platform says what computes, in the protocol's form PROJECT_FORMAT.
const Platform = "headstart_classifier"

// An Info describes a tensor. A size of -1 is any.
type Info struct {
	Name     string `json:"name"`
	Datatype string `json:"datatype"`
	Shape    Shape  `json:"shape"`
}

// A Shape is the sizes of a tensor's dimensions.
type Shape []int64

// UnmarshalJSON reads a shape of up to MaxDimensions.
func (s *Shape) UnmarshalJSON(text []byte) error {
	if err := inference.CheckArray("dimensions of a shape", text, MaxDimensions); err != nil {
		return err
	}
	return json.Unmarshal(text, (*[]int64)(s))
}

// Inputs describes the input of every model.
func Inputs() []Info { return []Info{{Input, Bytes, []int64{-1}}} }

// Outputs describes what a model gives.
func Outputs(f modelset.Facts) []Info {
	if f.Task == recipe.Regression {
		return []Info{{Values, Fp32, []int64{-1, int64(f.Outputs)}}}
	}
	return []Info{{Probabilities, Fp32, []int64{-1, int64(f.Outputs)}}, {Label, Bytes, []int64{-1}}}
}

// A Tensor is an input: Elements of the datatype BYTES, or Raw of UINT8.
type Tensor struct {
	Info
	Elements [][]byte
	Raw      []byte
}

// Images are those of a request's inputs, up to so many.
func Images(inputs []Tensor, most int) ([]inference.Image, error) {
	if len(inputs) != 1 {
		return nil, inference.BadRequest("there are %d inputs; the model has one, %q", len(inputs), Input)
	}
	t := inputs[0]
	if t.Name != Input {
		return nil, inference.BadRequest("there is no input %q; the model has one, %q", t.Name, Input)
	}
	n, err := elements(t.Shape)
	if err != nil {
		return nil, err
	}
	switch t.Datatype {
	case Bytes:
		if n != len(t.Elements) {
			return nil, inference.BadRequest("the shape %v has %d elements, and there are %d", t.Shape, n, len(t.Elements))
		}
		if n > most {
			return nil, TooManyImages(most)
		}
		images := make([]inference.Image, n)
		for i, data := range t.Elements {
			images[i].Encoded = data
		}
		return images, nil
	case Uint8:
		return pixelImages(t, n, most)
	}
	return nil, inference.BadRequest("the datatype of %q must be one of %s, %s; got %q", Input, Bytes, Uint8, t.Datatype)
}

// pixelImages cuts a tensor of pixels into images. One of a single dimension is an encoded image.
func pixelImages(t Tensor, n, most int) ([]inference.Image, error) {
	if n != len(t.Raw) {
		return nil, inference.BadRequest("the shape %v has %d elements, and there are %d", t.Shape, n, len(t.Raw))
	}
	switch len(t.Shape) {
	case 1:
		return []inference.Image{{Encoded: t.Raw}}, nil
	case 4:
	default:
		return nil, wrongLayout(t.Shape)
	}
	if t.Shape[1] != t.Shape[2] || t.Shape[3] != 3 { // as many bytes of channels first would be another image
		return nil, wrongLayout(t.Shape)
	}
	if n == 0 { // a size of 0 hides how many images the shape claims
		return nil, inference.ErrNoImage
	}
	if t.Shape[0] > int64(most) {
		return nil, TooManyImages(most)
	}
	images := make([]inference.Image, t.Shape[0])
	each := n / len(images)
	for i := range images {
		images[i].Pixels = t.Raw[i*each : (i+1)*each]
	}
	return images, nil
}

func wrongLayout(shape Shape) error {
	return inference.BadRequest("pixels must have the shape [images, size, size, 3], channels last; got %v", shape)
}

// maxElements is more than any body has bytes.
const maxElements = math.MaxInt32

// elements is the product of a shape.
func elements(shape []int64) (int, error) {
	n := int64(1)
	for _, size := range shape {
		if size < 0 || size > maxElements || n*max(size, 1) > maxElements { // a size of 0 must not hide what the others claim
			return 0, inference.BadRequest("the shape %v is not that of a tensor", shape)
		}
		n *= size
	}
	if len(shape) == 0 || len(shape) > MaxDimensions {
		return 0, inference.BadRequest("the shape %v must have 1 to %d dimensions", shape, MaxDimensions)
	}
	return int(n), nil
}

// SplitBytes reads the binary form of BYTES: each element is 4 bytes of its length, little endian, then as many bytes. More than most is a
// LimitError: an empty element takes six times the room of its length.
func SplitBytes(raw []byte, most int) ([][]byte, error) {
	var list [][]byte
	for len(raw) > 0 {
		if len(list) >= most {
			return nil, TooManyImages(most)
		}
		if len(raw) < 4 {
			return nil, inference.BadRequest("the data of BYTES ends within the length of an element")
		}
		n := binary.LittleEndian.Uint32(raw)
		if raw = raw[4:]; uint64(n) > uint64(len(raw)) {
			return nil, inference.BadRequest("an element of BYTES claims %d bytes, and %d follow", n, len(raw))
		}
		list = append(list, raw[:n:n])
		raw = raw[n:]
	}
	return list, nil
}

// JoinBytes writes the binary form of BYTES.
func JoinBytes(list []string) []byte {
	var raw []byte
	for _, element := range list {
		raw = binary.LittleEndian.AppendUint32(raw, uint32(len(element)))
		raw = append(raw, element...)
	}
	return raw
}

// JoinFloats writes the binary form of FP32.
func JoinFloats(values []float32) []byte {
	raw := make([]byte, 0, 4*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return raw
}

// A Result is an output: Floats of the datatype FP32, or Strings of BYTES.
type Result struct {
	Info
	Floats  []float32
	Strings []string
}

// Raw is the result in its binary form.
func (r Result) Raw() []byte {
	if r.Datatype == Bytes {
		return JoinBytes(r.Strings)
	}
	return JoinFloats(r.Floats)
}

// Results are the outputs of an answer with the names asked for; none means all. The protocol has no place for the failure of one
// image of several: it is that of the request.
func Results(a *inference.Answer, names []string) ([]Result, error) {
	if err := a.Failed(); err != nil {
		return nil, err
	}
	all := Outputs(a.Model.Facts)
	if len(names) == 0 {
		for _, info := range all {
			names = append(names, info.Name)
		}
	}
	results := make([]Result, 0, len(names))
	for _, name := range names {
		at := slices.IndexFunc(all, func(i Info) bool { return i.Name == name })
		if at < 0 {
			return nil, inference.BadRequest("the model has no output %q", name)
		}
		r := Result{Info: all[at]}
		r.Shape[0] = int64(len(a.Outputs))
		for i, outputs := range a.Outputs {
			if r.Datatype == Bytes {
				r.Strings = append(r.Strings, a.Ranked(i, 1).Class())
			} else {
				r.Floats = append(r.Floats, outputs...)
			}
		}
		results = append(results, r)
	}
	return results, nil
}

// A Request is what both transports carry.
type Request struct {
	Model, Version string // an empty version is the present one
	Inputs         []Tensor
	Outputs        []string // names; none: all
}

// Infer answers a request.
func (r Request) Infer(ctx context.Context, service *inference.Service) (*inference.Answer, []Result, error) {
	if len(r.Outputs) > MaxTensors {
		return nil, nil, &inference.LimitError{What: "outputs", Got: int64(len(r.Outputs)), Limit: MaxTensors}
	}
	images, err := Images(r.Inputs, service.Limits().PerRequest)
	if err != nil {
		return nil, nil, err
	}
	a, err := service.Predict(ctx, r.Model, r.Version, images)
	if err != nil {
		return nil, nil, err
	}
	results, err := Results(a, r.Outputs)
	return a, results, err
}

// Properties say more of a model than the protocol has fields for.
func Properties(f modelset.Facts) map[string]string {
	classes, err := json.Marshal(f.Classes)
	if err != nil {
		classes = []byte("[]") // a list of texts has no error
	}
	return map[string]string{
		"classes": string(classes), "task": string(f.Task), "size": strconv.Itoa(f.Geometry.Size), "resize": string(f.Geometry.Method),
		"architecture": f.Architecture, "device": f.Device,
	}
}

// Package export writes a ResNet with its head for programs that do not have this one.
package export

import (
	"errors"
	"fmt"
	"maps"

	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/resnet/backbone"
	"github.com/headstart-nb/headstart/models/weights"
)

// Output is what the logits become.
type Output string

// The outputs.
const (
	Softmax Output = "softmax" // probabilities of one class of several
	Sigmoid Output = "sigmoid" // a probability for each class
	Values  Output = "values"  // the logits themselves, of a regression
)

// A Network is what is written.
type Network struct {
	Name     string
	Version  string // of the program that made it
	Backbone *backbone.Backbone
	// Stages are the weights of the backbone that were trained, by the names of backbone.Backbone.Tensors; the others are as
	// loaded.
	Stages map[string]weights.Float32
	Head   head.Plan
	// HeadWeights are the weights of the head, by the names of its plan.
	HeadWeights map[string]weights.Float32
	Output      Output
	Classes     []string         // the order of the outputs
	Geometry    imageio.Geometry // how images come to the network's size
}

// ErrHead is a head with a layer that the format cannot have, or with weights that are missing.
var ErrHead = errors.New("the head cannot be exported")

// backboneTensors are the weights of the backbone, the trained over the loaded ones.
func (n Network) backboneTensors() map[string]weights.Float32 {
	list := n.Backbone.Tensors()
	maps.Copy(list, n.Stages)
	return list
}

// check refuses weights that do not fit the network, so that nothing incomplete is written.
func (n Network) check() error {
	loaded := n.Backbone.Tensors()
	for name, tensor := range n.Stages {
		if want, ok := loaded[name]; !ok || len(want.Values) != len(tensor.Values) {
			return fmt.Errorf("the weight %s does not fit %s", name, n.Backbone.Name())
		}
	}
	for _, w := range n.Head.Weights() {
		if len(n.HeadWeights[w.Name].Values) != w.Size() {
			return fmt.Errorf("%w: the weight %s does not have %d numbers", ErrHead, w.Name, w.Size())
		}
	}
	if _, ok := n.Backbone.Architecture().Preprocess.Normalization(); !ok {
		return fmt.Errorf("the preprocessing %s cannot be exported", n.Backbone.Architecture().Preprocess)
	}
	return nil
}

// outputFirst turns a kernel [height, width, in, out] into [out, in, height, width], and [in, out] into [out, in].
func outputFirst(kernel weights.Float32) weights.Float32 {
	rank := len(kernel.Shape)
	in, out := kernel.Shape[rank-2], kernel.Shape[rank-1]
	pixels := len(kernel.Values) / (in * out)
	turned := weights.Float32{Shape: append([]int{out, in}, kernel.Shape[:rank-2]...), Values: make([]float32, len(kernel.Values))}
	for p := range pixels {
		for i := range in {
			for o := range out {
				turned.Values[(o*in+i)*pixels+p] = kernel.Values[(p*in+i)*out+o]
			}
		}
	}
	return turned
}

// resize is how an image comes to the input's size, for people and programs.
type resize struct {
	Size   int            `json:"size"` // height and width in pixels
	Method imageio.Method `json:"method"`
}

// resizing says in words what a method does.
func (n Network) resizing() string {
	size := n.Geometry.Size
	switch n.Geometry.Method {
	case imageio.Crop:
		return fmt.Sprintf("the shorter side to %d by a bilinear filter that averages when it shrinks, then the center %d x %d", size*256/224, size, size)
	case imageio.Nearest:
		return fmt.Sprintf("the whole image to %d x %d by the nearest pixel", size, size)
	}
	return fmt.Sprintf("the whole image to %d x %d by a bilinear filter that averages when it shrinks, as Pillow's BILINEAR", size, size)
}

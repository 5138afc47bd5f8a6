package transfer

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/models/trainer"
	"github.com/headstart-nb/headstart/models/weights"
)

// errNoResNet marks a backbone whose architecture the exports do not know.
var errNoResNet = errors.New("only models on a ResNet can be exported")

// exported is a model's network as data: what the exports write down.
type exported struct {
	model   *Model
	weights map[string]weights.Float32 // of backbone and head, the trained over the loaded ones
	v15     bool                       // blocks stride on their 3x3 convolution
	epsilon float32                    // of the backbone's batch norms
}

// export collects the network.
func (m *Model) export() (*exported, error) {
	id := m.Backbone.Identity()
	if !strings.HasPrefix(id.Architecture, "ResNet") {
		return nil, fmt.Errorf("%w, and this is %s", errNoResNet, id.Architecture)
	}
	list, err := m.backboneWeights()
	if err != nil {
		return nil, err
	}
	m.turn.Lock()
	state, err := m.network.Weights()
	m.turn.Unlock()
	if err != nil {
		return nil, err
	}
	for path, array := range state {
		if below, ok := trainer.BodyPath(path); ok {
			path = below
		}
		list[path] = weights.Float32(array)
	}
	e := &exported{model: m, weights: list, v15: strings.HasSuffix(id.Architecture, "v1.5"), epsilon: 1.001e-5}
	if e.v15 {
		e.epsilon = 1e-5
	}
	return e, nil
}

// blocks names the residual blocks in order, with the stride of each.
func (e *exported) blocks() (names []string, strides []int) {
	for _, stage := range e.model.Backbone.Stages() {
		for i := 1; ; i++ {
			name := fmt.Sprintf("%s_block%d", stage, i)
			if _, ok := e.weights[name+"_1_conv/kernel"]; !ok {
				break
			}
			stride := 1
			if i == 1 && stage != "conv2" {
				stride = 2
			}
			names, strides = append(names, name), append(strides, stride)
		}
	}
	return names, strides
}

// strides are those of a block's three convolutions.
func (e *exported) strides(block int) [3]int {
	if e.v15 {
		return [3]int{1, block, 1}
	}
	return [3]int{block, 1, 1}
}

// outputFirst turns a kernel [height, width, in, out] into [out, in, height, width].
func outputFirst(kernel weights.Float32) weights.Float32 {
	h, w, in, out := kernel.Shape[0], kernel.Shape[1], kernel.Shape[2], kernel.Shape[3]
	turned := weights.Float32{Shape: []int{out, in, h, w}, Values: make([]float32, len(kernel.Values))}
	for p := range h * w {
		for i := range in {
			for o := range out {
				turned.Values[(o*in+i)*h*w+p] = kernel.Values[(p*in+i)*out+o]
			}
		}
	}
	return turned
}

// pixels tells how the backbone normalizes: (x - mean) / deviation, channels reversed or not, 0 to 255.
func pixels(preprocess string) (mean, deviation []float32, reversed bool, err error) {
	switch preprocess {
	case "caffe":
		return []float32{103.939, 116.779, 123.68}, []float32{1, 1, 1}, true, nil
	case "torch":
		return []float32{0.485 * 255, 0.456 * 255, 0.406 * 255}, []float32{0.229 * 255, 0.224 * 255, 0.225 * 255}, false, nil
	case "rescale":
		return make([]float32, 3), []float32{255, 255, 255}, false, nil
	}
	return nil, nil, false, fmt.Errorf("the preprocessing %q cannot be exported", preprocess)
}

// channelsLast is the order of axes that turns [batch, channels, height, width] into ours.
func channelsLast() []int { return slices.Clone([]int{0, 2, 3, 1}) }

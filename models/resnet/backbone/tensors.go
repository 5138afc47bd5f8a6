package backbone

import (
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/weights"
)

// TopTensors are the weights of the top: kernel [features, classes] and bias [classes]. ok is false for a backbone without it.
func (b *Backbone) TopTensors() (kernel, bias weights.Float32, ok bool) {
	top := b.parameters.top
	if top == nil {
		return weights.Float32{}, weights.Float32{}, false
	}
	return weights.Float32{Shape: []int{len(top.kernel) / resnet.Classes, resnet.Classes}, Values: top.kernel},
		weights.Float32{Shape: []int{resnet.Classes}, Values: top.bias}, true
}

// Tensors are the weights as loaded, by the names of the variables that Features creates: those of Keras, such as
// conv2_block1_1_conv/kernel, with kernels [height, width, in, out]. There are none where WithoutWeights has left them out.
func (b *Backbone) Tensors() map[string]weights.Float32 {
	list := map[string]weights.Float32{}
	if !b.HasWeights() {
		return list
	}
	for _, c := range b.network.Convolutions(b.architecture.Cut.Last()) {
		w := b.parameters.layers[c.Name]
		list[c.Name+"/kernel"] = weights.Float32{Shape: []int{c.Kernel, c.Kernel, c.In, c.Out}, Values: w.kernel}
		for name, values := range map[string][]float32{
			c.Name + "/bias": w.bias, c.Norm + "/gamma": w.scale, c.Norm + "/beta": w.offset,
			c.Norm + "/moving_mean": w.mean, c.Norm + "/moving_variance": w.variance,
		} {
			if values != nil {
				list[name] = weights.Float32{Shape: []int{c.Out}, Values: values}
			}
		}
	}
	return list
}

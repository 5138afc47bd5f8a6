package resnet

import (
	"github.com/gomlx/gomlx/core/graph"

	"github.com/headstart-nb/headstart/models/resnet/convolution"
)

// winogradLayers are the convolutions that run by Winograd's filtering: 3x3 by stride 1.
func (n network) winogradLayers(last Stage) map[string]bool {
	layers := map[string]bool{}
	for _, s := range n.stages {
		for _, b := range s.blocks {
			for _, c := range b.body {
				if c.Kernel == 3 && c.Stride == 1 {
					layers[c.Name] = true
				}
			}
		}
		if s.name == last {
			break
		}
	}
	return layers
}

// winograd runs the frozen network with its 3x3 convolutions by Winograd's minimal filtering.
type winograd struct {
	folded
	tiled map[string]bool // which convolutions have transformed kernels
}

var _ Engine[*graph.Node] = winograd{}

func (w winograd) Convolve(x *graph.Node, c Convolution) *graph.Node {
	if !w.tiled[c.Name] {
		return w.folded.Convolve(x, c)
	}
	weights := w.weights[c.Name]
	return graph.Add(convolution.Winograd(x, weights.kernel), perChannel(weights.bias))
}

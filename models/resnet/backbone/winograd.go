package backbone

import (
	"github.com/gomlx/gomlx/core/graph"

	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/resnet/convolution"
)

// winogradLayers are the convolutions up to a stage that run by Winograd's filtering: 3x3 by stride 1.
func winogradLayers(n resnet.Network, last resnet.Stage) map[string]bool {
	layers := map[string]bool{}
	for _, c := range n.Convolutions(last) {
		if c.Kernel == 3 && c.Stride == 1 {
			layers[c.Name] = true
		}
	}
	return layers
}

// winograd runs the frozen network with its 3x3 convolutions by Winograd's minimal filtering.
type winograd struct {
	folded
	tiled map[string]bool // which convolutions have transformed kernels
}

var _ resnet.Engine[*graph.Node] = winograd{}

func (w winograd) Convolve(x *graph.Node, c resnet.Convolution) *graph.Node {
	if !w.tiled[c.Name] {
		return w.folded.Convolve(x, c)
	}
	weights := w.weights[c.Name]
	return graph.Add(convolution.Winograd(x, weights.kernel), perChannel(weights.bias))
}

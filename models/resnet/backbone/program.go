package backbone

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/dtypes/bfloat16"
	"github.com/gomlx/compute/dtypes/float16"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/resnet/convolution"
)

// program is a frozen network ready to compile: a graph whose weights are parameters, and the weights on the device. As
// constants in the graph they would take XLA 40 s and 3.6 GB to compile.
type program struct {
	backbone *Backbone
	batch    int
	slice    int // images that the first stages compute at once; it divides the batch
	*placed
}

// placed are folded weights on a device. Programs of the same network share them.
type placed struct {
	backend compute.Backend
	dtype   dtypes.DType // of weights and activations
	weights []*tensors.Tensor
	// layers says at which index of weights a convolution's begin.
	layers map[string]int
	// tiled are the convolutions whose kernels are transformed for Winograd's formulation; nil for the plain one.
	tiled map[string]bool
	users atomic.Int32 // programs; the last one frees the weights
}

// ErrNoWeights is a backbone whose weights are on a device alone: it cannot be put on one again, trained or written.
var ErrNoWeights = errors.New("the weights of the backbone were freed when it was put on its device; load it again")

// placeWeights folds the weights and puts them on the device, for one user.
func placeWeights(b *Backbone, backend compute.Backend, formulation resnet.Formulation, dtype dtypes.DType) (p *placed, err error) {
	if !b.HasWeights() {
		return nil, ErrNoWeights
	}
	p = &placed{backend: backend, dtype: dtype, layers: map[string]int{}}
	p.users.Store(1)
	defer func() {
		if err != nil {
			p.close()
			p, err = nil, fmt.Errorf("put the weights on the device: %w", err)
		}
	}()
	if formulation == resnet.FormulationWinograd {
		p.tiled = winogradLayers(b.network, b.architecture.Cut.Last())
	}
	var folded []float32 // used again for each layer
	for _, c := range b.network.Convolutions(b.architecture.Cut.Last()) {
		p.layers[c.Name] = len(p.weights)
		w := b.parameters.layers[c.Name]
		factor, bias := w.fold(c.Epsilon)
		if err := p.put(copied(bias), c.Out); err != nil {
			return p, err
		}
		if p.tiled[c.Name] {
			folded = slices.Grow(folded[:0], len(w.kernel))[:len(w.kernel)]
			w.foldKernel(folded, factor)
			transform := func(to []float32) { convolution.TransformKernel(to, folded) }
			if err := p.put(transform, convolution.Products, c.In, c.Out); err != nil {
				return p, err
			}
			continue
		}
		if err := p.put(func(to []float32) { w.foldKernel(to, factor) }, c.Kernel, c.Kernel, c.In, c.Out); err != nil {
			return p, err
		}
	}
	if top := b.parameters.top; top != nil {
		if err := p.put(copied(top.kernel), len(top.kernel)/resnet.Classes, resnet.Classes); err != nil {
			return p, err
		}
		if err := p.put(copied(top.bias), resnet.Classes); err != nil {
			return p, err
		}
	}
	return p, nil
}

func copied(from []float32) (fill func(to []float32)) { return func(to []float32) { copy(to, from) } }

// put appends weights to those on the device, in the program's type. Those of float32 are written where they stay: a copy of the largest
// kernel takes 38 MB.
func (p *placed) put(fill func(to []float32), dims ...int) error {
	t, err := tensors.FromShapeForBackend(p.backend, 0, shapes.Make(p.dtype, dims...))
	if err != nil {
		return err
	}
	err = t.MutableFlatData(func(flat any) {
		switch to := flat.(type) {
		case []float32:
			fill(to)
		case []bfloat16.BFloat16:
			for i, v := range valuesOf(fill, len(to)) {
				to[i] = bfloat16.FromFloat32(v)
			}
		case []float16.Float16:
			for i, v := range valuesOf(fill, len(to)) {
				to[i] = float16.FromFloat32(v)
			}
		default:
			panic(fmt.Sprintf("resnet: weights of type %T", flat)) // precisions lists what there is
		}
	})
	if err != nil {
		return err
	}
	p.weights = append(p.weights, t)
	return nil
}

func valuesOf(fill func(to []float32), n int) []float32 {
	values := make([]float32, n)
	fill(values)
	return values
}

// inputs are the shapes of the graph's parameters: the images, then the weights.
func (p *program) inputs() []shapes.Shape {
	size := p.backbone.architecture.Size
	return append([]shapes.Shape{shapes.Make(dtypes.Uint8, p.slice, size, size, 3)}, p.weightShapes()...)
}

func (p *program) weightShapes() []shapes.Shape {
	list := make([]shapes.Shape, len(p.weights))
	for i, w := range p.weights {
		list[i] = w.Shape()
	}
	return list
}

// build makes the graph: images [slice, size, size, 3] uint8 RGB to features [slice, FeatureShape...] float32.
func (p *program) build(inputs []*graph.Node) *graph.Node {
	images, weights := inputs[0], inputs[1:]
	b := p.backbone
	x := b.architecture.Preprocess.Apply(images, p.dtype)
	return p.classify(b.PoolFeatures(resnet.RunAfter(b.network, p.engine(weights), x, "", b.architecture.Cut)), weights)
}

// classify gives the logits of pooled features, where the network has its top.
func (p *program) classify(x *graph.Node, weights []*graph.Node) *graph.Node {
	if !p.backbone.Top() {
		return x
	}
	kernel, bias := weights[len(weights)-2], weights[len(weights)-1]
	float := func(w *graph.Node) *graph.Node { return graph.ConvertDType(w, dtypes.Float32) }
	return graph.Add(graph.Dot(x, float(kernel)).Product(), graph.Reshape(float(bias), 1, resnet.Classes))
}

// close frees the weights on the device once nobody uses them.
func (p *placed) close() {
	if p.users.Add(-1) > 0 {
		return
	}
	for _, w := range p.weights {
		_ = w.FinalizeAll() // nothing is left to do for a buffer that cannot be freed
	}
	p.weights = nil
}

// engine runs layers with the graph's parameters.
func (p *program) engine(weights []*graph.Node) resnet.Engine[*graph.Node] {
	nodes := map[string]foldedNodes{}
	for name, at := range p.layers {
		nodes[name] = foldedNodes{bias: weights[at], kernel: weights[at+1]}
	}
	plain := folded{weights: nodes}
	if p.tiled == nil {
		return plain
	}
	return winograd{folded: plain, tiled: p.tiled}
}

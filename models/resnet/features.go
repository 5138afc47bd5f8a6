package resnet

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// ParamUnfreeze is the scope's hyperparameter (a string) that names the first stage that Features makes trainable: that
// stage and all after it. Empty freezes everything. Batch norm keeps its moving averages in any case, as Keras advises for
// fine-tuning; its scale and offset are trained in the unfrozen stages.
const ParamUnfreeze = "resnet_unfreeze"

// ParamPrecision is the scope's hyperparameter (a string) that names the type of the maps between the layers: float32 (also
// the empty string), bfloat16 or float16. The variables are float32 in any case, as is the arithmetic of batch norm.
const ParamPrecision = "resnet_precision"

// Features builds the network, batch norm unfolded, into the graph of images, which are [batch, height, width, 3] RGB from 0
// to 255, uint8 or float. The weights become variables below scope, created with the loaded values where they do not yet
// exist. Which are trainable is decided by ParamUnfreeze. It returns [batch, FeatureShape...] and panics as graph code does.
func (b *Backbone) Features(scope *model.Scope, images *graph.Node) *graph.Node {
	x := inPrecision(scope, normalizations[b.mode].apply(images, dtypes.Float32))
	return b.finish(scope, forward(b.network, b.unfolded(scope), x, "", b.cut))
}

// FeaturesAfter is the part of Features that follows a stage: input is that stage's output, [batch, height, width,
// channels], such as an extractor of With(stage, "none") gives. It serves fine-tuning on cached maps.
func (b *Backbone) FeaturesAfter(scope *model.Scope, stage string, input *graph.Node) *graph.Node {
	if !slices.Contains(b.Stages(), stage) {
		panic(fmt.Errorf("resnet: no stage %q to go on after; the backbone has %v", stage, b.Stages()))
	}
	return b.finish(scope, forward(b.network, b.unfolded(scope), inPrecision(scope, input), stage, b.cut))
}

// inPrecision gives maps the type that ParamPrecision names.
func inPrecision(scope *model.Scope, x *graph.Node) *graph.Node {
	name := model.GetParamOr(scope, ParamPrecision, "")
	if name == "" {
		return x
	}
	dtype, ok := precisions[name]
	if !ok {
		panic(fmt.Errorf("resnet: there is no precision %q; they are float32, bfloat16 and float16", name))
	}
	return graph.ConvertDType(x, dtype)
}

// PoolFeatures pools maps [batch, height, width, channels] as the backbone does: [batch, channels], or the maps themselves
// where the pooling is none. With it, a map from With("", "none") leads to the same features, for Grad-CAM.
func (b *Backbone) PoolFeatures(maps *graph.Node) *graph.Node { return pool(maps, b.pool) }

// finish pools, and applies the top where there is one.
func (b *Backbone) finish(scope *model.Scope, maps *graph.Node) *graph.Node {
	x := pool(maps, b.pool)
	top := b.parameters.top
	if top == nil {
		return x
	}
	u := b.unfolded(scope)
	in := len(top.kernel) / classes
	kernel := u.variable(x.Graph(), topLayer, "kernel", top.kernel, true, in, classes)
	bias := u.variable(x.Graph(), topLayer, "bias", top.bias, true, classes)
	return graph.Add(graph.Dot(x, kernel).Product(), graph.Reshape(bias, 1, classes))
}

// StageOf gives the stage of a variable of Features or FeaturesAfter by its path below their scope, such as
// conv5_block1_1_conv/kernel, and tells whether a batch norm has it. The top counts to the last stage. Another path is an
// error.
func (b *Backbone) StageOf(path string) (stage string, norm bool, err error) {
	layer, _, _ := strings.Cut(path, "/")
	if layer == topLayer && b.Top() {
		return b.cut, false, nil
	}
	for _, c := range b.network.convolutions(b.cut) {
		if layer == c.name || layer == c.norm {
			return stageOf(layer), layer == c.norm, nil
		}
	}
	return "", false, fmt.Errorf("resnet: find the stage of the variable %q: %s has no layer of that name", path,
		describe(b.network, b.cut, b.Top()))
}

// unfolded runs the network with its weights as variables, so that they can be trained.
type unfolded struct {
	backbone *Backbone
	scope    *model.Scope
	trained  []string // stages
}

var _ engine[*graph.Node] = unfolded{}

func (b *Backbone) unfolded(scope *model.Scope) unfolded {
	u := unfolded{backbone: b, scope: scope}
	if first := model.GetParamOr(scope, ParamUnfreeze, ""); first != "" {
		stages := b.Stages()
		i := slices.Index(stages, first)
		if i < 0 {
			panic(fmt.Errorf("resnet: no stage %q to unfreeze; the backbone has %v", first, stages))
		}
		u.trained = stages[i:]
	}
	return u
}

// variable gives a layer's tensor in the graph; averages are never trainable.
func (u unfolded) variable(g *graph.Graph, layer, name string, value []float32, trainable bool, dims ...int) *graph.Node {
	stage, _, err := u.backbone.StageOf(layer + "/" + name)
	if err != nil {
		panic(err)
	}
	scope := u.scope.At("%s", layer)
	v := scope.GetVariable(name)
	if v == nil {
		v = scope.VariableWithValue(name, tensors.FromFlatDataAndDimensions(value, dims...))
	}
	// Set each time: the same scope may be built frozen first and unfrozen later.
	return v.SetTrainable(trainable && slices.Contains(u.trained, stage)).NodeValue(g)
}

func (u unfolded) convolve(x *graph.Node, c convolution) *graph.Node {
	g, w := x.Graph(), u.backbone.parameters.layers[c.name]
	kernel := u.variable(g, c.name, "kernel", w.kernel, true, c.kernel, c.kernel, c.in, c.out)
	y := graph.ConvertDType(convolve2D(x, graph.ConvertDType(kernel, x.DType()), c), dtypes.Float32)
	if w.bias != nil {
		y = graph.Add(y, perChannel(u.variable(g, c.name, "bias", w.bias, true, c.out)))
	}
	mean := u.variable(g, c.norm, "moving_mean", w.mean, false, c.out)
	variance := u.variable(g, c.norm, "moving_variance", w.variance, false, c.out)
	scale := u.variable(g, c.norm, "gamma", w.scale, true, c.out)
	offset := u.variable(g, c.norm, "beta", w.offset, true, c.out)
	deviation := graph.Sqrt(graph.AddScalar(variance, u.backbone.network.epsilon))
	normalized := graph.Div(graph.Sub(y, perChannel(mean)), perChannel(deviation))
	return graph.ConvertDType(graph.Add(graph.Mul(normalized, perChannel(scale)), perChannel(offset)), x.DType())
}

func (u unfolded) stem(x *graph.Node, c convolution) *graph.Node {
	return maxPool(u.relu(u.convolve(x, c)))
}

func (unfolded) relu(x *graph.Node) *graph.Node     { return relu(x) }
func (unfolded) merge(x, y *graph.Node) *graph.Node { return relu(graph.Add(x, y)) }

package backbone

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/resnet/convolution"
)

// ParamUnfreeze is the scope's hyperparameter (a string) that names the first stage that Features makes trainable: that
// stage and all after it. Empty freezes everything. Batch norm keeps its moving averages in any case, as Keras advises for
// fine-tuning; its scale and offset are trained in the unfrozen stages.
const ParamUnfreeze = "resnet_unfreeze"

// ParamPrecision is the scope's hyperparameter (a string) that names the type of the feature maps between the layers: float32 (also
// the empty string), bfloat16 or float16. The variables are float32 in any case, as is the arithmetic of batch norm.
const ParamPrecision = "resnet_precision"

// Features builds the network, batch norm unfolded, into the graph of images, which are [batch, height, width, 3] RGB from 0
// to 255, uint8 or float. The weights become variables below scope, created with the loaded values where they do not yet
// exist. Which are trainable is decided by ParamUnfreeze. It returns [batch, FeatureShape...] and panics as graph code does.
func (b *Backbone) Features(scope *model.Scope, images *graph.Node) *graph.Node {
	return b.finish(scope, b.MapsAfter(scope, "", images))
}

// FeaturesAfter is the part of Features that follows a stage: input is that stage's output, [batch, height, width,
// channels], such as an extractor of CutAt and Pooled(PoolNone) gives. The cut has no earlier stage. It serves fine-tuning on
// cached feature maps.
func (b *Backbone) FeaturesAfter(scope *model.Scope, stage resnet.Stage, input *graph.Node) *graph.Node {
	return b.finish(scope, b.MapsAfter(scope, stage, input))
}

// MapsAfter is FeaturesAfter before the pooling: the feature maps of each stage of the cut. An empty stage means the whole
// network: input are images then, as for Features.
func (b *Backbone) MapsAfter(scope *model.Scope, stage resnet.Stage, input *graph.Node) []*graph.Node {
	if stage == "" {
		x := inPrecision(scope, b.architecture.Preprocess.Apply(input, dtypes.Float32))
		return resnet.RunAfter(b.network, b.unfolded(scope), x, "", b.architecture.Cut)
	}
	if err := resnet.OneOf("stage", resnet.StagesTo(b.architecture.Cut.Stages()[0]), stage); err != nil {
		panic(err)
	}
	return resnet.RunAfter(b.network, b.unfolded(scope), inPrecision(scope, input), stage, b.architecture.Cut)
}

// inPrecision gives feature maps the type that ParamPrecision names.
func inPrecision(scope *model.Scope, x *graph.Node) *graph.Node {
	name := model.GetParamOr(scope, ParamPrecision, "")
	if name == "" {
		return x
	}
	if err := resnet.OneOf("precision", resnet.Precisions(), resnet.Precision(name)); err != nil {
		panic(err)
	}
	return graph.ConvertDType(x, precisions[resnet.Precision(name)])
}

// PoolFeatures pools the feature maps of each stage of the cut, [batch, height, width, channels], as the backbone does, and
// concatenates them: [batch, FeatureShape...]. Where the pooling is PoolNone, it is the feature maps of the one stage.
func (b *Backbone) PoolFeatures(maps []*graph.Node) *graph.Node {
	parts := make([]*graph.Node, len(maps))
	for i, x := range maps {
		parts[i] = pool(x, b.architecture.Pool)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return graph.Concatenate(parts, -1)
}

// finish pools, and applies the top where there is one.
func (b *Backbone) finish(scope *model.Scope, maps []*graph.Node) *graph.Node {
	x := b.PoolFeatures(maps)
	top := b.parameters.top
	if top == nil {
		return x
	}
	u := b.unfolded(scope)
	in := len(top.kernel) / resnet.Classes
	kernel := u.variable(x.Graph(), resnet.TopLayer, "kernel", top.kernel, true, in, resnet.Classes)
	bias := u.variable(x.Graph(), resnet.TopLayer, "bias", top.bias, true, resnet.Classes)
	return graph.Add(graph.Dot(x, kernel).Product(), graph.Reshape(bias, 1, resnet.Classes))
}

// StageOf gives the stage of a variable of Features or FeaturesAfter by its path below their scope, such as
// conv5_block1_1_conv/kernel, and tells whether a batch norm has it. The top counts to the last stage. Another path is an
// error.
func (b *Backbone) StageOf(path string) (stage resnet.Stage, norm bool, err error) {
	layer, _, _ := strings.Cut(path, "/")
	if layer == resnet.TopLayer && b.Top() {
		return b.architecture.Cut.Last(), false, nil
	}
	for _, c := range b.network.Convolutions(b.architecture.Cut.Last()) {
		if layer == c.Name || layer == c.Norm {
			return c.Stage(), layer == c.Norm, nil
		}
	}
	return "", false, fmt.Errorf("find the stage of the variable %q: %s has no layer of that name", path,
		b.architecture.Describe())
}

// unfolded runs the network with its weights as variables, so that they can be trained.
type unfolded struct {
	backbone *Backbone
	scope    *model.Scope
	trained  []resnet.Stage
}

var _ resnet.Engine[*graph.Node] = unfolded{}

func (b *Backbone) unfolded(scope *model.Scope) unfolded {
	u := unfolded{backbone: b, scope: scope}
	if !b.HasWeights() {
		panic(ErrNoWeights)
	}
	if first := model.GetParamOr(scope, ParamUnfreeze, ""); first != "" {
		stages := b.Stages()
		if err := resnet.OneOf("unfreeze", stages, resnet.Stage(first)); err != nil {
			panic(err)
		}
		u.trained = stages[slices.Index(stages, resnet.Stage(first)):]
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

func (u unfolded) Convolve(x *graph.Node, c resnet.Convolution) *graph.Node {
	g, w := x.Graph(), u.backbone.parameters.layers[c.Name]
	kernel := u.variable(g, c.Name, "kernel", w.kernel, true, c.Kernel, c.Kernel, c.In, c.Out)
	convolve := convolution.Trained
	if accel.OnGPU(g.Backend()) || !slices.Contains(u.trained, c.Stage()) {
		convolve = convolution.Plain
	}
	y := graph.ConvertDType(convolve(x, graph.ConvertDType(kernel, x.DType()), c.Stride), dtypes.Float32)
	if w.bias != nil {
		y = graph.Add(y, perChannel(u.variable(g, c.Name, "bias", w.bias, true, c.Out)))
	}
	mean := u.variable(g, c.Norm, "moving_mean", w.mean, false, c.Out)
	variance := u.variable(g, c.Norm, "moving_variance", w.variance, false, c.Out)
	scale := u.variable(g, c.Norm, "gamma", w.scale, true, c.Out)
	offset := u.variable(g, c.Norm, "beta", w.offset, true, c.Out)
	deviation := graph.Sqrt(graph.AddScalar(variance, c.Epsilon))
	normalized := graph.Div(graph.Sub(y, perChannel(mean)), perChannel(deviation))
	return graph.ConvertDType(graph.Add(graph.Mul(normalized, perChannel(scale)), perChannel(offset)), x.DType())
}

func (u unfolded) Stem(x *graph.Node, c resnet.Convolution) *graph.Node {
	return maxPool(u.Relu(u.Convolve(x, c)))
}

func (unfolded) Relu(x *graph.Node) *graph.Node     { return relu(x) }
func (unfolded) Merge(x, y *graph.Node) *graph.Node { return relu(graph.Add(x, y)) }

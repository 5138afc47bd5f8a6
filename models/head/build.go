package head

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // graph code reads as formulas
	"github.com/gomlx/gomlx/ml/layers/activation"
)

// Constants of the layers, as Keras has them.
const (
	BatchNormEpsilon  = 1e-3
	batchNormMomentum = 0.99
	LayerNormEpsilon  = 1e-3
	LeakySlope        = 0.2
	// UnitNormEpsilon is the least length that a part is divided by, as torch.nn.functional.normalize has it.
	UnitNormEpsilon = 1e-12
)

// Mode is what a pass through the head needs beside the weights.
type Mode struct {
	Training bool
	Mask     *Node // [batch], 1 for an image and 0 for padding; of training
	RNG      *Node // random state, of training
	Rate     *Node // scalar: replaces the rate of every dropout layer; nil keeps theirs
}

// Weights gives the graph's value of a weight and takes a new one.
type Weights interface {
	Value(name string) *Node
	Set(name string, value *Node)
}

// Build adds the head to the graph of x, [batch, features...], and returns the logits, [batch, outputs]. Like all graph
// code it panics on an error.
func (p Plan) Build(x *Node, weights Weights, mode Mode) *Node {
	for _, step := range p.Steps {
		x, mode.RNG = step.build(x, weights, mode)
	}
	return x
}

func (s Step) build(x *Node, weights Weights, mode Mode) (out, rng *Node) {
	value := func(suffix string) *Node { return weights.Value(s.Name + "/" + suffix) }
	rng = mode.RNG
	switch s.Kind {
	case Dense:
		x = Add(Dot(x, value("kernel")).MatMul(), InsertAxes(value("bias"), 0))
		x = activate(x, s.Activation)
	case Activation:
		x = activate(x, s.Activation)
	case Dropout:
		if mode.Training {
			x, rng = dropout(x, s.Rate, mode)
		}
	case BatchNorm:
		x = s.batchNorm(x, weights, mode)
	case LayerNorm:
		mean := ReduceAndKeep(x, ReduceMean, -1)
		centered := Sub(x, mean)
		variance := ReduceAndKeep(Square(centered), ReduceMean, -1)
		x = Div(centered, Sqrt(AddScalar(variance, LayerNormEpsilon)))
		x = Add(Mul(x, InsertAxes(value("gamma"), 0)), InsertAxes(value("beta"), 0))
	case UnitNorm:
		x = s.unitNorm(x)
	case Flatten:
		x = Reshape(x, x.Shape().Dim(0), -1)
	case AvgPool:
		x = ReduceMean(x, 1, 2)
	}
	return x, rng
}

// unitNorm divides each part of the rows by its Euclidean length.
func (s Step) unitNorm(x *Node) *Node {
	parts, at := make([]*Node, len(s.Blocks)), 0
	for i, n := range s.Blocks {
		part := Slice(x, AxisRange(), AxisRange(at, at+n))
		squared := ReduceAndKeep(Square(part), ReduceSum, -1)
		parts[i] = Div(part, Sqrt(Max(squared, Scalar(x.Graph(), x.DType(), UnitNormEpsilon*UnitNormEpsilon))))
		at += n
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return Concatenate(parts, -1)
}

func dropout(x *Node, rate float64, mode Mode) (out, rng *Node) {
	fraction := mode.Rate
	if fraction == nil {
		if rate == 0 {
			return x, mode.RNG
		}
		fraction = Scalar(x.Graph(), dtypes.Float32, rate)
	}
	rng, uniform := RandomUniform(mode.RNG, shapes.Make(dtypes.Float32, x.Shape().Dimensions...))
	keep := ConvertDType(GreaterOrEqual(uniform, fraction), dtypes.Float32)
	return Div(Mul(x, keep), OneMinus(fraction)), rng
}

// batchNorm takes the statistics of the images alone: the padding of the last batch is excluded.
func (s Step) batchNorm(x *Node, weights Weights, mode Mode) *Node {
	row := func(suffix string) *Node { return InsertAxes(weights.Value(s.Name+"/"+suffix), 0) }
	mean, variance := row("moving_mean"), row("moving_variance")
	if mode.Training {
		mask := InsertAxes(mode.Mask, -1)
		count := ReduceAllSum(mask)
		batchMean := Div(InsertAxes(ReduceSum(Mul(x, mask), 0), 0), count)
		batchVariance := Div(InsertAxes(ReduceSum(Mul(Square(Sub(x, batchMean)), mask), 0), 0), count)
		follow := func(suffix string, old, batch *Node) {
			moved := Add(MulScalar(old, batchNormMomentum), MulScalar(batch, 1-batchNormMomentum))
			weights.Set(s.Name+"/"+suffix, StopGradient(Reshape(moved, x.Shape().Dim(-1))))
		}
		follow("moving_mean", mean, batchMean)
		follow("moving_variance", variance, batchVariance)
		mean, variance = batchMean, batchVariance
	}
	x = Div(Sub(x, mean), Sqrt(AddScalar(variance, BatchNormEpsilon)))
	return Add(Mul(x, row("gamma")), row("beta"))
}

func activate(x *Node, name string) *Node {
	switch name {
	case "relu":
		return activation.Relu(x)
	case "gelu":
		return activation.Gelu(x)
	case "silu":
		return activation.Swish(x)
	case "tanh":
		return Tanh(x)
	case "sigmoid":
		return Sigmoid(x)
	case "selu":
		return activation.Selu(x)
	case "elu":
		return Where(GreaterThan(x, ZerosLike(x)), x, Sub(Exp(Min(x, ZerosLike(x))), OnesLike(x)))
	case "leakyrelu":
		return activation.LeakyReluWith(x, LeakySlope)
	}
	return x
}

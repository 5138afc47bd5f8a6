package head

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
)

// maxWeights bounds the parameters of a head: 400 million are 1.6 GB in float32, past any head that makes sense.
const maxWeights = 400_000_000

// A Plan is a head for a given shape of features, layer by layer to the logits.
type Plan struct {
	Steps   []Step
	Outputs int
}

// A Step is one layer with its place and its weights.
type Step struct {
	Layer
	Name    string // unique in the head: dense_1, batchnorm_2, logits
	Input   []int  // without the batch
	Output  []int
	Blocks  []int // of l2norm: the lengths of the parts that are normalized separately, in order
	Weights []Weight
}

// A Weight is one array of numbers of a layer.
type Weight struct {
	Name      string // within the head: dense_1/kernel
	Shape     []int  // kernels are [inputs, units]
	Trainable bool
	init      initializer
}

type initializer int

const (
	zeros initializer = iota
	ones
	glorot // uniform, Glorot and Bengio 2010, as Keras starts a dense kernel
)

// Size is how many numbers the weight holds.
func (w Weight) Size() int {
	size := 1
	for _, d := range w.Shape {
		size *= d
	}
	return size
}

// Plan lays the head out for features of one image of the given shape. Features with height and width are flattened
// before the first layer that needs a vector. blocks are the lengths of the parts of a vector that come from different stages, in
// order; without any it is one part.
func (s Spec) Plan(features []int, outputs int, blocks ...int) (Plan, error) {
	if outputs < 1 {
		return Plan{}, fmt.Errorf("head %q: it needs at least one output", s)
	}
	plan := Plan{Outputs: outputs}
	shape := features
	count := map[Kind]int{}
	add := func(layer Layer, name string) {
		count[layer.Kind]++
		if name == "" {
			name = fmt.Sprintf("%s_%d", layer.Kind, count[layer.Kind])
		}
		step := newStep(layer, name, shape)
		if layer.Kind == UnitNorm {
			step.Blocks = partsOf(shape[0], blocks)
		}
		if layer.Kind == Dense {
			blocks = nil // each of its outputs is made of all parts
		}
		plan.Steps = append(plan.Steps, step)
		shape = step.Output
	}
	for _, layer := range s.Layers {
		if len(shape) > 1 && (layer.Kind == Dense || layer.Kind == BatchNorm || layer.Kind == LayerNorm || layer.Kind == UnitNorm) {
			add(Layer{Kind: Flatten}, "")
		}
		if layer.Kind == AvgPool && len(shape) != 3 {
			return Plan{}, fmt.Errorf("head %q: avgpool needs features with height and width, and these are a vector of %d: leave it out", s, shape[0])
		}
		add(layer, "")
	}
	if len(shape) > 1 {
		add(Layer{Kind: Flatten}, "")
	}
	add(Layer{Kind: Dense, Units: outputs}, "logits")
	if n, _ := plan.Parameters(); n > maxWeights {
		return Plan{}, fmt.Errorf("head %q on features of shape %v has %d weights: pool the features or take fewer units", s, features, n)
	}
	return plan, nil
}

// partsOf are the blocks of a vector, where they make it up; else the vector is one.
func partsOf(length int, blocks []int) []int {
	sum := 0
	for _, n := range blocks {
		sum += n
	}
	if sum != length {
		return []int{length}
	}
	return slices.Clone(blocks)
}

func newStep(layer Layer, name string, input []int) Step {
	step := Step{Layer: layer, Name: name, Input: input, Output: input}
	last := input[len(input)-1]
	weight := func(suffix string, init initializer, trainable bool, shape ...int) {
		step.Weights = append(step.Weights, Weight{Name: name + "/" + suffix, Shape: shape, Trainable: trainable, init: init})
	}
	switch layer.Kind {
	case Dense:
		weight("kernel", glorot, true, last, layer.Units)
		weight("bias", zeros, true, layer.Units)
		step.Output = []int{layer.Units}
	case BatchNorm:
		weight("gamma", ones, true, last)
		weight("beta", zeros, true, last)
		weight("moving_mean", zeros, false, last)
		weight("moving_variance", ones, false, last)
	case LayerNorm:
		weight("gamma", ones, true, last)
		weight("beta", zeros, true, last)
	case Flatten:
		size := 1
		for _, d := range input {
			size *= d
		}
		step.Output = []int{size}
	case AvgPool:
		step.Output = []int{last}
	}
	return step
}

// Parameters counts the numbers of all weights; of these, fixed are those that the optimizer leaves alone, such as the
// moving statistics of a batch norm.
func (p Plan) Parameters() (all, fixed int) {
	for _, w := range p.Weights() {
		all += w.Size()
		if !w.Trainable {
			fixed += w.Size()
		}
	}
	return all, fixed
}

// Weights lists the weights of all layers in order.
func (p Plan) Weights() []Weight {
	var list []Weight
	for _, step := range p.Steps {
		list = append(list, step.Weights...)
	}
	return list
}

// Init makes the initial numbers of a weight. They depend on the seed and the weight's name and shape alone, on every
// machine and device.
func (w Weight) Init(seed int64) []float32 {
	values := make([]float32, w.Size())
	switch w.init {
	case ones:
		for i := range values {
			values[i] = 1
		}
	case glorot:
		hash := fnv.New64a()
		hash.Write([]byte(w.Name))
		random := rand.New(rand.NewPCG(uint64(seed), hash.Sum64()))
		limit := math.Sqrt(6 / float64(w.Shape[0]+w.Shape[1]))
		for i := range values {
			values[i] = float32((2*random.Float64() - 1) * limit)
		}
	}
	return values
}

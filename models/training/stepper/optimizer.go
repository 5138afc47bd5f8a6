package stepper

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // graph code reads as formulas
	"github.com/gomlx/gomlx/ml/model"
)

// Optimizer is a rule for moving weights. GoMLX's own optimizers give every variable the same learning rate and keep the
// weight decay as a constant of the graph; stages with lower rates and a search with one compiled step need neither.
type Optimizer string

// The optimizers. Momentum is stochastic gradient descent with it.
const (
	Adam     Optimizer = "adam"
	AdamW    Optimizer = "adamw"
	SGD      Optimizer = "sgd"
	Momentum Optimizer = "momentum"
)

// Optimizers lists the optimizers.
func Optimizers() []Optimizer { return []Optimizer{Adam, AdamW, SGD, Momentum} }

// Adam's constants, as Kingma and Ba (arXiv:1412.6980) and Keras have them; epsilon is Keras's.
const (
	adamBeta1   = 0.9
	adamBeta2   = 0.999
	adamEpsilon = 1e-7
)

// hyperInputs fills the step's input vector. The powers of Adam's betas are taken here, in float64, from the count of
// updates, so that a resumed training has the same.
func (t *Stepper) hyperInputs(hyper Hyper, share float64) []float32 {
	in := make([]float32, hyperInputs)
	in[hyperRate] = float32(hyper.LearningRate)
	in[hyperDecay] = float32(hyper.WeightDecay)
	in[hyperDropout] = float32(hyper.Dropout)
	updates := float64(max(1, t.updates))
	in[hyperCorrection1] = float32(1 - math.Pow(adamBeta1, updates))
	in[hyperCorrection2] = float32(1 - math.Pow(adamBeta2, updates))
	in[hyperApply] = float32(share)
	return in
}

// rule moves variables in one graph.
type rule struct {
	stepper *Stepper
	graph   *Graph
	input   func(int) *Node
	apply   *Node // boolean scalar, nil: always
}

func (r rule) move(v *model.Variable, value, gradient *Node, share float64) {
	rate := MulScalar(r.input(hyperRate), share)
	var step *Node
	switch r.stepper.options.Optimizer {
	case SGD:
		step = gradient
	case Momentum:
		velocity := r.remember(v, "velocity", func(old *Node) *Node {
			return Add(MulScalar(old, r.stepper.options.Momentum), gradient)
		})
		step = velocity
	default:
		step = r.adam(v, gradient)
	}
	next := Sub(value, Mul(step, rate))
	if r.stepper.options.Optimizer == AdamW {
		// Decoupled from the gradient (arXiv:1711.05101); the decay is relative to the learning rate, as in Keras.
		next = Sub(next, Mul(value, Mul(rate, r.input(hyperDecay))))
	}
	v.SetNodeValue(r.choose(next, value))
}

func (r rule) adam(v *model.Variable, gradient *Node) *Node {
	first := r.remember(v, "moment1", func(old *Node) *Node {
		return Add(MulScalar(old, adamBeta1), MulScalar(gradient, 1-adamBeta1))
	})
	second := r.remember(v, "moment2", func(old *Node) *Node {
		return Add(MulScalar(old, adamBeta2), MulScalar(Square(gradient), 1-adamBeta2))
	})
	// As Keras: the corrections join the learning rate, and epsilon is outside of them.
	scale := Div(Sqrt(r.input(hyperCorrection2)), r.input(hyperCorrection1))
	return Mul(Div(first, AddScalar(Sqrt(second), adamEpsilon)), scale)
}

// remember updates a slot of the variable and returns its new value.
func (r rule) remember(v *model.Variable, name string, next func(old *Node) *Node) *Node {
	slot := r.stepper.slot(v, name)
	old := slot.NodeValue(r.graph)
	value := next(old)
	slot.SetNodeValue(r.choose(value, old))
	return value
}

// choose is next when the weights move in this step, else what was.
func (r rule) choose(next, old *Node) *Node {
	if r.apply == nil {
		return next
	}
	return Where(r.apply, next, old)
}

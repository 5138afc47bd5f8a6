package stepper

import (
	"strings"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // graph code reads as formulas
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/headstart-nb/headstart/models/head"
)

// The numbers of the step's input vector.
const (
	hyperRate        = iota // learning rate
	hyperDecay              // weight decay
	hyperDropout            // dropout rate
	hyperCorrection1        // Adam's 1 - beta1^t
	hyperCorrection2        // Adam's 1 - beta2^t
	hyperApply              // 1/n when this step moves the weights by n added gradients, 0 when it only adds its own
	hyperInputs
)

// headWeights gives the head its variables.
type headWeights struct {
	scope *model.Scope
	graph *Graph
}

func (w headWeights) variable(name string) *model.Variable {
	return w.scope.Store().GetVariable("/" + headScope + "/" + name)
}

// Value is the weight's node.
func (w headWeights) Value(name string) *Node { return w.variable(name).NodeValue(w.graph) }

// Set changes the weight when the step has run.
func (w headWeights) Set(name string, value *Node) { w.variable(name).SetNodeValue(value) }

// forward is the network: body, then head.
func (t *Stepper) forward(scope *model.Scope, x *Node, mode head.Mode) *Node {
	if t.options.Body != nil {
		x = t.options.Body(scope.At(bodyScope), x)
		if err := t.settleRates(); err != nil {
			panic(err) // as graph code does
		}
	}
	if n := t.options.Unseen.Features; mode.Training && n > 0 {
		x = Concatenate([]*Node{ZerosLike(Slice(x, AxisRange(), AxisRange(0, n))), Slice(x, AxisRange(), AxisRangeToEnd(n))}, -1)
	}
	return t.options.Head.Build(x, headWeights{scope, x.Graph()}, mode)
}

func (t *Stepper) buildPredict(scope *model.Scope, x *Node) *Node {
	return t.forward(scope, x, head.Mode{})
}

// buildStep is one step of gradient descent. masks is [batch, 2]: 1 for a row and 0 for padding, then the row's weight.
// It returns the summed loss and the count of right rows.
func (t *Stepper) buildStep(scope *model.Scope, x, targets, masks, hyper, rng *Node) *Node {
	g := x.Graph()
	scope.Store().SetTraining(g, true)
	input := func(i int) *Node { return Reshape(Slice(hyper, AxisElem(i))) }
	mask := Squeeze(Slice(masks, AxisRange(), AxisElem(0)), 1)
	weights := Squeeze(Slice(masks, AxisRange(), AxisElem(1)), 1)
	mode := head.Mode{Training: true, Mask: mask, RNG: rng}
	if t.options.DropoutInput {
		mode.Rate = input(hyperDropout)
	}
	logits := t.forward(scope, x, mode)
	if bias := t.options.Unseen.Bias; bias != nil {
		logits = Sub(logits, ConvertDType(Const(g, [][]float64{bias}), dtypes.Float32))
	}
	sum := ReduceAllSum(Mul(t.losses(logits, targets), weights))
	rows := Max(ReduceAllSum(mask), Scalar(g, dtypes.Float32, 1))
	loss := Div(sum, rows)
	if t.options.L2 > 0 {
		loss = Add(loss, MulScalar(t.squaredKernels(g), t.options.L2))
	}
	t.update(g, loss, input)
	correct := ReduceAllSum(Mul(t.correct(logits, targets), mask))
	return Stack([]*Node{sum, correct}, 0)
}

// losses is the loss of each row, [batch].
func (t *Stepper) losses(logits, targets *Node) *Node {
	smoothing := t.options.LabelSmoothing
	switch t.options.Loss {
	case Binary:
		if smoothing > 0 {
			targets = AddScalar(MulScalar(targets, 1-smoothing), smoothing/2)
		}
		// max(x, 0) - x*y + log(1 + exp(-|x|)): the stable form of the sigmoid's cross-entropy.
		terms := Add(Sub(Max(logits, ZerosLike(logits)), Mul(logits, targets)), Log1P(Exp(Neg(Abs(logits)))))
		return ReduceMean(terms, -1)
	case Squared:
		return ReduceMean(Square(Sub(logits, targets)), -1)
	}
	if smoothing > 0 {
		targets = AddScalar(MulScalar(targets, 1-smoothing), smoothing/float64(t.options.Head.Outputs))
	}
	return Neg(ReduceSum(Mul(targets, LogSoftmax(logits)), -1))
}

// correct is 1 for a row that is right, [batch]; see Result.Correct.
func (t *Stepper) correct(logits, targets *Node) *Node {
	switch t.options.Loss {
	case Binary:
		predicted := ConvertDType(GreaterThan(logits, ZerosLike(logits)), dtypes.Float32)
		return ReduceMean(ConvertDType(Equal(predicted, targets), dtypes.Float32), -1)
	case Squared:
		return MulScalar(ReduceMean(targets, -1), 0)
	}
	return ConvertDType(Equal(ArgMax(logits, -1), ArgMax(targets, -1)), dtypes.Float32)
}

func (t *Stepper) squaredKernels(g *Graph) *Node {
	total := Scalar(g, dtypes.Float32, 0)
	for _, w := range t.options.Head.Weights() {
		if strings.HasSuffix(w.Name, "/kernel") {
			kernel := headWeights{t.store.RootScope(), g}.Value(w.Name)
			if n := t.options.Unseen.Features; n > 0 { // the penalty alone would move what no gradient holds
				kernel = Slice(kernel, AxisRangeToEnd(n))
			}
			total = Add(total, ReduceAllSum(Square(kernel)))
		}
	}
	return total
}

// update adds the rule that moves every trainable variable against its gradient.
func (t *Stepper) update(g *Graph, loss *Node, input func(int) *Node) {
	var variables []*model.Variable
	var nodes []*Node
	for _, v := range t.sortedVariables() {
		if t.rate(v) > 0 && v.InUseByGraph(g) {
			variables = append(variables, v)
			nodes = append(nodes, v.NodeValue(g))
		}
	}
	gradients := Gradient(loss, nodes...)
	var apply *Node
	if t.options.Accumulate > 1 {
		apply = GreaterThan(input(hyperApply), Scalar(g, dtypes.Float32, 0))
		gradients = t.accumulate(variables, gradients, apply, input(hyperApply))
	}
	if t.options.ClipNorm > 0 {
		gradients = clip(gradients, t.options.ClipNorm)
	}
	rule := rule{stepper: t, graph: g, input: input, apply: apply}
	for i, v := range variables {
		rule.move(v, nodes[i], gradients[i], t.rate(v))
	}
}

// accumulate adds the gradients to those held back, and empties the sums when the weights move. The mean over the steps is
// what the weights move by.
func (t *Stepper) accumulate(variables []*model.Variable, gradients []*Node, apply, share *Node) []*Node {
	means := make([]*Node, len(gradients))
	for i, v := range variables {
		held := t.slot(v, "gradient")
		sum := Add(held.NodeValue(gradients[i].Graph()), gradients[i])
		held.SetNodeValue(Where(apply, ZerosLike(sum), sum))
		means[i] = Mul(sum, share)
	}
	return means
}

// clip scales all gradients together so that their norm is at most the limit.
func clip(gradients []*Node, limit float64) []*Node {
	g := gradients[0].Graph()
	total := Scalar(g, dtypes.Float32, 0)
	for _, gradient := range gradients {
		total = Add(total, ReduceAllSum(Square(gradient)))
	}
	factor := Min(Scalar(g, dtypes.Float32, 1), Div(Scalar(g, dtypes.Float32, limit), AddScalar(Sqrt(total), 1e-12)))
	clipped := make([]*Node, len(gradients))
	for i, gradient := range gradients {
		clipped[i] = Mul(gradient, factor)
	}
	return clipped
}

// slot is the optimizer's memory of a variable, zero at first.
func (t *Stepper) slot(v *model.Variable, name string) *model.Variable {
	s := t.store.VariableWithValue("/"+optimizerScope+"/"+name+v.Path(), tensors.FromShape(v.Shape()))
	s.Trainable = false
	return s
}

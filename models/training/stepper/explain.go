package stepper

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // graph code reads as formulas
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/headstart-nb/headstart/models/head"
)

// Maps builds the feature maps that an explanation looks at, [1, height, width, channels], from a row's input, and the features
// that the head takes. Its variables live below scope, as Body's.
type Maps func(scope *model.Scope, x *Node) (maps, features *Node)

// Explain computes where the maps speak for an output, Grad-CAM (arXiv:1610.02391): [height, width], at least 0. The input
// is one row of the given shape.
func (t *Stepper) Explain(input []float32, shape []int, build Maps, output int) (heat []float32, height, width int, err error) {
	err = try(func() (err error) {
		heat, height, width, err = t.explain(input, shape, build, output)
		return err
	})
	return heat, height, width, err
}

func (t *Stepper) explain(input []float32, shape []int, build Maps, output int) (heat []float32, height, width int, err error) {
	if output < 0 || output >= t.options.Head.Outputs {
		return nil, 0, 0, fmt.Errorf("explain: there is no output %d of %d", output, t.options.Head.Outputs)
	}
	exec, err := model.NewExec(t.backend, t.store, func(scope *model.Scope, x *Node) *Node {
		maps, features := build(scope.At(bodyScope), x)
		logits := t.options.Head.Build(features, headWeights{scope, x.Graph()}, head.Mode{})
		score := ReduceAllSum(Slice(logits, AxisRange(), AxisElem(output)))
		weights := ReduceAndKeep(Gradient(score, maps)[0], ReduceMean, 1, 2)
		heat := ReduceSum(Mul(maps, weights), -1)
		return Squeeze(Max(heat, ZerosLike(heat)), 0)
	})
	if err != nil {
		return nil, 0, 0, fmt.Errorf("explain: %w", err)
	}
	defer exec.Finalize()
	out, err := exec.Call1(tensors.FromFlatDataAndDimensions(input, append([]int{1}, shape...)...))
	if err != nil {
		return nil, 0, 0, fmt.Errorf("explain: %w", err)
	}
	heat, err = tensors.CopyFlatData[float32](out)
	return heat, out.Shape().Dim(0), out.Shape().Dim(1), err
}

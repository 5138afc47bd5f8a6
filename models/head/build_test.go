package head_test

import (
	"math"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/modeltest"
)

// identity gives the logits' layer weights that pass the features on.
type identity struct {
	graph *graph.Graph
	plan  head.Plan
}

func (w identity) Value(name string) *graph.Node {
	n := w.plan.Outputs
	if name == "logits/bias" {
		return graph.Const(w.graph, make([]float32, n))
	}
	kernel := make([][]float32, n)
	for i := range kernel {
		kernel[i] = make([]float32, n)
		kernel[i][i] = 1
	}
	return graph.Const(w.graph, kernel)
}

func (identity) Set(string, *graph.Node) {}

// l2norm gives each part of a concatenation the length 1, and the whole vector where there is one part; zeros stay zeros.
func TestUnitNorm(t *testing.T) {
	device := modeltest.PureGo(t)
	spec, err := head.Parse("l2norm")
	if err != nil {
		t.Fatal(err)
	}
	half := float32(math.Sqrt(0.5))
	for _, test := range []struct {
		blocks []int
		want   [2][]float32
	}{
		{[]int{2, 3}, [2][]float32{{0.6, 0.8, half, 0, -half}, {0, 0, 0, 1, 0}}},
		{nil, [2][]float32{nil, {0, 0, 0, 1, 0}}},
	} {
		input := [][]float32{{3, 4, 5, 0, -5}, {0, 0, 0, 2, 0}}
		if test.blocks == nil {
			length := float32(math.Sqrt(9 + 16 + 25 + 25))
			test.want[0] = []float32{3 / length, 4 / length, 5 / length, 0, -5 / length}
		}
		plan, err := spec.Plan([]int{5}, 5, test.blocks...)
		if err != nil {
			t.Fatal(err)
		}
		out, err := graph.CallOnce(device.Backend, func(x *graph.Node) *graph.Node {
			return plan.Build(x, identity{x.Graph(), plan}, head.Mode{})
		}, input)
		if err != nil {
			t.Fatal(err)
		}
		got, err := tensors.CopyFlatData[float32](out)
		if err != nil {
			t.Fatal(err)
		}
		for row := range 2 {
			for i, want := range test.want[row] {
				if v := got[row*5+i]; math.Abs(float64(v-want)) > 1e-6 {
					t.Errorf("blocks %v, row %d: %v, want %v", test.blocks, row, got[row*5:row*5+5], test.want[row])
					break
				}
			}
		}
	}
}

// What follows a dense layer is one part, whatever came before it.
func TestPartsOfAConcatenation(t *testing.T) {
	spec, err := head.Parse("batchnorm,l2norm,relu,dense:5,l2norm")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := spec.Plan([]int{5}, 2, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := plan.Steps[1].Blocks, plan.Steps[4].Blocks; len(a) != 2 || a[0] != 2 || a[1] != 3 || len(b) != 1 || b[0] != 5 {
		t.Errorf("the parts are %v, and %v after a dense layer", a, b)
	}
	if plan, err = spec.Plan([]int{2, 2, 5}, 2, 5); err != nil || plan.Steps[0].Kind != head.Flatten || plan.Steps[2].Blocks[0] != 20 {
		t.Errorf("feature maps are normalized as %+v, %v", plan.Steps, err)
	}
}

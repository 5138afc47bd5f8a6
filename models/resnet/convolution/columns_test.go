package convolution

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/headstart-nb/headstart/models/accel"
)

type convolve func(x, kernel *graph.Node, stride int) *graph.Node

// byXLA is XLA's own convolution.
func byXLA(x, kernel *graph.Node, stride int) *graph.Node {
	n := kernel.Shape().Dimensions[0] / 2
	return graph.Convolve(x, kernel).Strides(stride).PaddingPerDim([][2]int{{n, n}, {n, n}}).Done()
}

// computed are the outputs, and the gradients of their squares' sum by x and the kernel.
func computed(t *testing.T, device *accel.Device, f convolve, stride int, x, kernel *tensors.Tensor) [][]float32 {
	t.Helper()
	exec, err := graph.NewExec(device.Backend, func(x, kernel *graph.Node) []*graph.Node {
		y := f(x, kernel, stride)
		return append([]*graph.Node{y}, graph.Gradient(graph.ReduceAllSum(graph.Square(y)), x, kernel)...)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	outputs, err := exec.Call(x, kernel)
	if err != nil {
		t.Fatal(err)
	}
	var list [][]float32
	for _, o := range outputs {
		values, err := tensors.CopyFlatData[float32](o)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, values)
	}
	return list
}

func drawn(seed uint64, dims ...int) *tensors.Tensor {
	random, n := rand.New(rand.NewPCG(seed, 1)), 1
	for _, d := range dims {
		n *= d
	}
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(random.NormFloat64())
	}
	return tensors.FromFlatDataAndDimensions(values, dims...)
}

func TestColumnsAreAConvolution(t *testing.T) {
	device, err := accel.Open(t.Context(), accel.Options{Device: "cpu", Fallback: true})
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	for _, c := range []struct{ height, width, kernel, stride int }{
		{8, 5, 3, 2}, {7, 7, 3, 2}, {1, 1, 3, 1}, {2, 9, 3, 1}, {9, 9, 5, 2},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			x, kernel := drawn(1, 3, c.height, c.width, 4), drawn(2, c.kernel, c.kernel, 4, 6)
			want := computed(t, device, byXLA, c.stride, x, kernel)
			for name, f := range map[string]convolve{"Columns": Columns, "Trained": Trained, "Plain": Plain} {
				for i, got := range computed(t, device, f, c.stride, x, kernel) {
					if len(got) != len(want[i]) {
						t.Fatalf("%s, result %d: %d numbers, want %d", name, i, len(got), len(want[i]))
					}
					for at, v := range got {
						if math.Abs(float64(v-want[i][at])) > 1e-4*(1+math.Abs(float64(want[i][at]))) {
							t.Fatalf("%s, result %d: %g at %d, want %g", name, i, v, at, want[i][at])
						}
					}
				}
			}
		})
	}
}

// XLA's own convolution is taken where it is fast, and only there.
func TestWhereXLAConvolves(t *testing.T) {
	device, err := accel.Open(t.Context(), accel.Options{Device: "go"})
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	for _, c := range []struct {
		side, kernel, stride int
		plain, trained       bool
	}{
		{56, 3, 1, true, true}, {14, 3, 1, true, true}, {14, 3, 2, true, false}, {20, 3, 2, true, false}, {7, 3, 1, true, false},
		{3, 3, 1, true, false}, {2, 3, 1, false, false}, {1, 3, 1, false, false}, {7, 1, 1, false, false}, {14, 1, 2, false, false},
	} {
		for name, f := range map[string]convolve{"Plain": Plain, "Trained": Trained} {
			want := c.plain
			if name == "Trained" {
				want = c.trained
			}
			if got := convolves(t, device.Backend, f, c.stride, drawn(1, 1, c.side, c.side, 2), drawn(2, c.kernel, c.kernel, 2, 3)); got != want {
				t.Errorf("%s of %d pixels by %d, stride %d: XLA convolves: %v, want %v", name, c.side, c.kernel, c.stride, got, want)
			}
		}
	}
}

// convolves tells whether a graph has a convolution.
func convolves(t *testing.T, backend compute.Backend, f convolve, stride int, x, kernel *tensors.Tensor) (found bool) {
	t.Helper()
	exec, err := graph.NewExec(backend, func(x, kernel *graph.Node) *graph.Node {
		y := f(x, kernel, stride)
		found = slices.ContainsFunc(x.Graph().Nodes(), func(n *graph.Node) bool { return n.Type() == graph.NodeTypeConvGeneral })
		return y
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	if _, err := exec.Compile(x.Shape(), kernel.Shape()); err != nil {
		t.Fatal(err)
	}
	return found
}

package stepper

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/head"
)

// pureGo is the backend that needs no plugin: the networks here are tiny.
func pureGo(t *testing.T) compute.Backend {
	t.Helper()
	backend, err := gobackend.New("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(backend.Finalize)
	return backend
}

func plan(t *testing.T, text string, inputs, outputs int) head.Plan {
	t.Helper()
	spec, err := head.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	p, err := spec.Plan([]int{inputs}, outputs)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func options(t *testing.T, text string) Options {
	return Options{
		Input: []int{4}, Head: plan(t, text, 4, 3), Seed: 1, Batch: 8, Loss: CrossEntropy, Optimizer: Adam,
	}
}

func open(t *testing.T, o Options) *Stepper {
	t.Helper()
	network, err := New(pureGo(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(network.Close)
	return network
}

// clusters are rows around three corners, easy to tell apart.
func clusters(rows int) Batch {
	random := rand.New(rand.NewPCG(1, 2))
	batch := Batch{Rows: rows, Targets: make([]float32, rows*3)}
	for i := range rows {
		class := i % 3
		batch.Targets[i*3+class] = 1
		for j := range 4 {
			value := random.NormFloat64() * 0.3
			if j == class {
				value += 2
			}
			batch.Inputs = append(batch.Inputs, float32(value))
		}
	}
	return batch
}

func TestEveryOptimizerLearns(t *testing.T) {
	for _, name := range Optimizers() {
		for _, text := range []string{"dense:8:gelu,dropout:0.1", "batchnorm,dense:8:elu,layernorm"} {
			o := options(t, text)
			o.Optimizer, o.Momentum = name, 0.9
			network := open(t, o)
			batch := clusters(8)
			var first, last Result
			for step := range 60 {
				result, err := network.Step(batch, Hyper{LearningRate: 0.05, WeightDecay: 0.001}, uint64(step))
				if err != nil {
					t.Fatal(err)
				}
				if step == 0 {
					first = result
				}
				last = result
			}
			if !(last.Loss < first.Loss/2) {
				t.Errorf("%s with %s: the loss went from %g to %g", name, text, first.Loss, last.Loss)
			}
		}
	}
}

func TestPaddingChangesNothing(t *testing.T) {
	const text = "batchnorm,dense:8:relu"
	full, padded := options(t, text), options(t, text)
	full.Batch, padded.Batch = 6, 8
	a, b := open(t, full), open(t, padded)
	batch := clusters(6)
	for step := range 5 {
		x, err := a.Step(batch, Hyper{LearningRate: 0.01}, uint64(step))
		if err != nil {
			t.Fatal(err)
		}
		y, err := b.Step(batch, Hyper{LearningRate: 0.01}, uint64(step))
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(x.Loss-y.Loss) > 1e-5 || x.Correct != y.Correct {
			t.Fatalf("step %d: %+v without padding, %+v with it", step, x, y)
		}
	}
}

// Two devices that share the rows do what one does, but for the order of a sum: with dropout and batch norm, whose random
// numbers and statistics are those of the whole batch, and with rows that are padding.
func TestDevicesShareABatch(t *testing.T) {
	device, err := accel.Open(t.Context(), accel.Options{Device: "cpu", Devices: 2})
	if err != nil {
		need.Lack(t, need.Setup, "no PJRT CPU plugin: make setup ("+err.Error()+")")
	}
	defer device.Close()
	alone := options(t, "dense:8:relu,batchnorm,dropout:0.3")
	alone.Accumulate, alone.L2 = 2, 0.01
	shared := alone
	shared.Devices = 2
	var both [2]*Stepper
	for i, o := range []Options{alone, shared} {
		if both[i], err = New(device.Backend, o); err != nil {
			t.Fatal(err)
		}
		defer both[i].Close()
	}
	for step := range 12 {
		batch := clusters(8 - step%3)
		batch.Weights = []float32{1, 2, 1, 0.5, 1, 1, 3, 1}[:batch.Rows]
		var results [2]Result
		for i, network := range both {
			if results[i], err = network.Step(batch, Hyper{LearningRate: 0.01}, uint64(step)); err != nil {
				t.Fatal(err)
			}
		}
		if math.Abs(results[0].Loss-results[1].Loss) > 1e-4 || results[0].Correct != results[1].Correct {
			t.Errorf("step %d: alone %+v, shared %+v", step, results[0], results[1])
		}
	}
	if diff := largestDifference(t, both[0], both[1]); diff > 1e-5 {
		t.Errorf("the weights differ by %g", diff)
	}
	a, err := both[0].Logits(clusters(5).Inputs, nil, 5)
	if err != nil {
		t.Fatal(err)
	}
	b, err := both[1].Logits(clusters(5).Inputs, nil, 5)
	if err != nil {
		t.Fatal(err)
	}
	for i := range a {
		if math.Abs(float64(a[i]-b[i])) > 1e-4 {
			t.Errorf("output %d is %g alone and %g shared", i, a[i], b[i])
		}
	}
}

func TestDevicesThatCannotShare(t *testing.T) {
	o := options(t, "none")
	o.Devices = 2
	if _, err := New(pureGo(t), o); err == nil || !strings.Contains(err.Error(), "among 2 devices: there are 1") {
		t.Errorf("got %v", err)
	}
}

func TestAccumulatedStepsEqualOneLargeStep(t *testing.T) {
	large, small := options(t, "dense:8:tanh"), options(t, "dense:8:tanh")
	small.Batch, small.Accumulate = 4, 2
	a, b := open(t, large), open(t, small)
	batch := clusters(8)
	for step := range 4 {
		if _, err := a.Step(batch, Hyper{LearningRate: 0.01}, 0); err != nil {
			t.Fatal(err)
		}
		for half := range 2 {
			part := Batch{Rows: 4, Inputs: batch.Inputs[half*16 : half*16+16], Targets: batch.Targets[half*12 : half*12+12]}
			if _, err := b.Step(part, Hyper{LearningRate: 0.01}, 0); err != nil {
				t.Fatal(err)
			}
		}
		if diff := largestDifference(t, a, b); diff > 1e-5 {
			t.Fatalf("after %d updates the weights differ by %g", step+1, diff)
		}
	}
}

func largestDifference(t *testing.T, a, b *Stepper) float64 {
	t.Helper()
	x, err := a.Weights()
	if err != nil {
		t.Fatal(err)
	}
	y, err := b.Weights()
	if err != nil {
		t.Fatal(err)
	}
	largest := 0.0
	for path, array := range x {
		for i, v := range array.Values {
			largest = max(largest, math.Abs(float64(v-y[path].Values[i])))
		}
	}
	return largest
}

func TestRestoredStateGoesOnWithTheSameBits(t *testing.T) {
	o := options(t, "dense:8:relu,dropout:0.5")
	a, b := open(t, o), open(t, o)
	batch := clusters(8)
	run := func(network *Stepper, from, to int) {
		for step := from; step < to; step++ {
			if _, err := network.Step(batch, Hyper{LearningRate: 0.01}, uint64(step)); err != nil {
				t.Fatal(err)
			}
		}
	}
	run(a, 0, 5)
	state, progress, err := a.State()
	if err != nil {
		t.Fatal(err)
	}
	run(a, 5, 9)
	if err := b.SetState(state, progress); err != nil {
		t.Fatal(err)
	}
	run(b, 5, 9)
	if diff := largestDifference(t, a, b); diff != 0 {
		t.Errorf("the weights differ by %g", diff)
	}
	if err := a.Reset(1); err != nil {
		t.Fatal(err)
	}
	run(a, 0, 9)
	if diff := largestDifference(t, a, b); diff != 0 {
		t.Errorf("after Reset the weights differ by %g", diff)
	}
	if err := b.SetState(State{}, progress); err == nil {
		t.Error("an empty state was accepted")
	}
}

// oneLayer is a body with one layer, "mix", of 4 inputs and 4 outputs.
func oneLayer(scope *model.Scope, x *graph.Node) *graph.Node {
	v := scope.At("mix").VariableWithValue("kernel", tensors.FromFlatDataAndDimensions(make([]float32, 16), 4, 4))
	return graph.Add(x, graph.Dot(x, v.NodeValue(x.Graph())).Product())
}

// Rate is asked by the path below the body's scope, and what it gives is what the variable learns by.
func TestRateOfABodysVariable(t *testing.T) {
	o := options(t, "none")
	o.Body = oneLayer
	var asked []string
	o.Rate = func(path string) (float64, error) {
		asked = append(asked, path)
		return 0.25, nil
	}
	network := open(t, o)
	for _, path := range asked {
		if path != "mix/kernel" {
			t.Errorf("the rate of %q was asked for", path)
		}
	}
	if _, err := network.Step(clusters(8), Hyper{LearningRate: 0.01}, 0); err != nil {
		t.Fatal(err)
	}
	state, err := network.Weights()
	if err != nil {
		t.Fatal(err)
	}
	largest := 0.0
	for _, v := range state["backbone/mix/kernel"].Values {
		largest = max(largest, math.Abs(float64(v)))
	}
	if math.Abs(largest-0.0025) > 1e-5 { // Adam's first step is the learning rate
		t.Errorf("the first step moved the body by %g, want 0.0025", largest)
	}
}

func TestRatesThatAreRefused(t *testing.T) {
	unknown := errors.New("there is no such layer")
	for name, rate := range map[string]func(string) (float64, error){
		"unknown variable": func(string) (float64, error) { return 0, unknown },
		"negative":         func(string) (float64, error) { return -1, nil },
		"not a number":     func(string) (float64, error) { return math.NaN(), nil },
		"infinite":         func(string) (float64, error) { return math.Inf(1), nil },
		"0 as float32":     func(string) (float64, error) { return 1e-60, nil },
	} {
		for _, inference := range []bool{false, true} {
			o := options(t, "none")
			o.Body, o.Rate, o.Inference = oneLayer, rate, inference
			network, err := New(pureGo(t), o)
			if err == nil {
				network.Close()
			}
			if err == nil || !strings.Contains(err.Error(), "choose the learning rate of mix/kernel") {
				t.Errorf("%s: %v", name, err)
			}
			if name == "unknown variable" && !errors.Is(err, unknown) {
				t.Errorf("the reason is lost: %v", err)
			}
		}
	}
}

func TestLossIsNotFinite(t *testing.T) {
	network := open(t, options(t, "dense:8:relu"))
	batch := clusters(8)
	var err error
	for step := 0; step < 50 && err == nil; step++ {
		_, err = network.Step(batch, Hyper{LearningRate: 1e30}, uint64(step))
	}
	if !errors.Is(err, ErrNotFinite) {
		t.Errorf("a learning rate of 1e30 ended with %v", err)
	}
}

func TestClippedGradientsMoveLess(t *testing.T) {
	o := options(t, "none")
	o.Optimizer, o.ClipNorm = SGD, 1e-3
	network, reference := open(t, o), open(t, o)
	if _, err := network.Step(clusters(8), Hyper{LearningRate: 1}, 0); err != nil {
		t.Fatal(err)
	}
	if diff := largestDifference(t, network, reference); diff > 1e-3 || diff == 0 {
		t.Errorf("with gradients of norm 0.001 and rate 1 a weight moved by %g", diff)
	}
}

// The expected losses are computed by hand in float64.
func TestLosses(t *testing.T) {
	logits := []float64{2, -1, 0.5}
	sum := 0.0
	for _, l := range logits {
		sum += math.Exp(l)
	}
	entropy := func(i int) float64 { return math.Log(sum) - logits[i] }
	binary := func(l, y float64) float64 {
		return -y*math.Log(1/(1+math.Exp(-l))) - (1-y)*math.Log(1-1/(1+math.Exp(-l)))
	}
	for _, test := range []struct {
		loss      Loss
		smoothing float64
		targets   []float32
		want      float64
		correct   float64
	}{
		{CrossEntropy, 0, []float32{1, 0, 0}, entropy(0), 1},
		{CrossEntropy, 0.3, []float32{0, 1, 0}, 0.1*entropy(0) + 0.8*entropy(1) + 0.1*entropy(2), 0},
		{Binary, 0, []float32{1, 0, 0}, (binary(2, 1) + binary(-1, 0) + binary(0.5, 0)) / 3, 2. / 3},
		{Squared, 0, []float32{1, 0, 0}, (1 + 1 + 0.25) / 3, 0},
	} {
		o := options(t, "none")
		o.Loss, o.LabelSmoothing, o.Optimizer = test.loss, test.smoothing, SGD
		network := open(t, o)
		weights := State{
			"head/logits/kernel": {Shape: []int{4, 3}, Values: make([]float32, 12)},
			"head/logits/bias":   {Shape: []int{3}, Values: []float32{2, -1, 0.5}},
		}
		if err := network.SetWeights(weights); err != nil {
			t.Fatal(err)
		}
		got, err := network.Step(Batch{Rows: 1, Inputs: make([]float32, 4), Targets: test.targets}, Hyper{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got.Loss-test.want) > 1e-5 || math.Abs(got.Correct-test.correct) > 1e-6 {
			t.Errorf("%s smoothed by %g: %+v, want loss %g, correct %g", test.loss, test.smoothing, got, test.want, test.correct)
		}
	}
}

func TestMemoryIsExplained(t *testing.T) {
	full := errors.New("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 3.2GiB")
	network := &Stepper{options: Options{Batch: 32}}
	err := network.explainMemory(full)
	if !errors.Is(err, full) || !strings.Contains(err.Error(), "a batch of 16, with its gradients accumulated over 2 steps") {
		t.Errorf("got %v", err)
	}
	other := errors.New("INTERNAL: the card fell off the bus")
	if err := network.explainMemory(other); err != other {
		t.Errorf("got %v", err)
	}
}

func TestAStateOnTheWayToAnother(t *testing.T) {
	from := State{"head/kernel": {Shape: []int{1, 3}, Values: []float32{0, 4, -2}}}
	to := State{"head/kernel": {Shape: []int{1, 3}, Values: []float32{4, 4, 2}}}
	got := from.Toward(to, 0.25)["head/kernel"]
	for i, want := range []float32{1, 4, -1} {
		if got.Values[i] != want || len(got.Shape) != 2 {
			t.Errorf("number %d is %g, want %g", i, got.Values[i], want)
		}
	}
	if from["head/kernel"].Values[0] != 0 || to["head/kernel"].Values[0] != 4 {
		t.Error("it changed what it was made of")
	}
}

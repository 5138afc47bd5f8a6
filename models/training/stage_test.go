package training

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/training/network"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// An observed network is a ResNet50 with random weights under training, every variable of which can be read: also those that the
// trainer never gives away, being frozen.
type observed struct {
	stepper *stepper.Stepper
	store   *model.Store
	batch   stepper.Batch
	steps   int
}

// newProbe builds what Fit trains by a recipe. whole puts the frozen stages into the graph too, where Fit computes them once
// beforehand.
func newProbe(t *testing.T, device *accel.Device, r recipe.Recipe, cut resnet.Cut, whole bool) *observed {
	t.Helper()
	options := modeltest.Options()
	options.Cut = cut
	n, err := network.New(modeltest.Backbone(t, options), "none", r.Tuning(), 3)
	if err != nil {
		t.Fatal(err)
	}
	if whole {
		n.Frozen, n.After = nil, ""
	}
	p := &observed{}
	o := stepperOptions(r, n)
	body := o.Body
	o.Body = func(scope *model.Scope, x *graph.Node) *graph.Node {
		p.store = scope.Store()
		return body(scope, x)
	}
	if p.stepper, err = stepper.New(device.Backend, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stepper.Close)
	numbers := r.BatchSize
	for _, d := range o.Input {
		numbers *= d
	}
	p.batch = stepper.Batch{Rows: r.BatchSize, Targets: make([]float32, 3*r.BatchSize)}
	for i := range r.BatchSize {
		p.batch.Targets[3*i+i%3] = 1
	}
	for i := range numbers { // any numbers that differ
		if o.Bytes {
			p.batch.Pixels = append(p.batch.Pixels, uint8(i*i*31+i*7))
		} else {
			p.batch.Inputs = append(p.batch.Inputs, float32(math.Abs(math.Sin(float64(i)*1.7))))
		}
	}
	return p
}

// variables copies the backbone's variables, by their paths below its scope.
func (p *observed) variables(t *testing.T) map[string][]float32 {
	t.Helper()
	all := map[string][]float32{}
	for v := range p.store.IterVariables() {
		below, ok := stepper.BodyPath(v.Path())
		if !ok {
			continue
		}
		value, err := v.Value()
		if err != nil {
			t.Fatal(err)
		}
		if all[below], err = tensors.CopyFlatData[float32](value); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func (p *observed) step(t *testing.T, rate float64) {
	t.Helper()
	if _, err := p.stepper.Step(p.batch, stepper.Hyper{LearningRate: rate}, uint64(p.steps)); err != nil {
		t.Fatal(err)
	}
	p.steps++
}

// largestMoves is by how much a number of each variable moved at most.
func largestMoves(before, after map[string][]float32) map[string]float64 {
	moves := map[string]float64{}
	for path, old := range before {
		moves[path] = 0
		for i, v := range old {
			moves[path] = max(moves[path], math.Abs(float64(after[path][i])-float64(v)))
		}
	}
	return moves
}

// Which weights of a ResNet50 move, and how far. Adam's first step moves a weight by the learning rate, whatever its
// gradient, so that the farthest move in a variable is the rate that the variable has. The expected stages and rates are
// written out here and not asked of the code under test.
func TestWhichWeightsMove(t *testing.T) {
	device := modeltest.XLA(t, 1)
	for name, c := range map[string]struct {
		cut       resnet.Cut
		unfreeze  recipe.Stage
		stageRate float64 // 0: the default
		trainNorm bool
		whole     bool
		want      map[string]float64 // learning rates of the unfrozen stages by that of the head
	}{
		"all stages with their norms": {"conv5", "conv1", 0.5, true, true,
			map[string]float64{"conv1": 1. / 32, "conv2": 1. / 16, "conv3": 1. / 8, "conv4": 1. / 4, "conv5": 1. / 2}},
		"conv5 by default":                {"conv5", "conv5", 0, false, false, map[string]float64{"conv5": 0.1}},
		"conv4 with its norms":            {"conv4", "conv4", 1, true, false, map[string]float64{"conv4": 1}},
		"conv2 on, in a graph with conv1": {"conv3", "conv2", 0.25, false, true, map[string]float64{"conv2": 1. / 16, "conv3": 1. / 4}},
		"conv4 of conv2 and conv4":        {"conv2+conv4", "conv4", 0, false, false, map[string]float64{"conv3": 0, "conv4": 0.1}},
		"conv3 with norms, others frozen": {"conv3", "conv3", 0, true, true, map[string]float64{"conv3": 0.1}},
	} {
		t.Run(name, func(t *testing.T) {
			const rate = 0.01
			r := recipe.DefaultRecipe()
			r.Unfreeze, r.TrainNorm, r.BatchSize, r.Seed, r.Precision = c.unfreeze, c.trainNorm, 3, 1, resnet.Float32
			if c.stageRate != 0 {
				r.StageRate = c.stageRate
			}
			p := newProbe(t, device, r, c.cut, c.whole)
			before := p.variables(t)
			p.step(t, rate)
			moves := largestMoves(before, p.variables(t))
			stages := map[string]bool{}
			for path, moved := range moves {
				stage := path[:len("conv1")]
				stages[stage] = true
				want := rate * c.want[stage]
				norm := strings.Contains(path, "_bn/")
				if norm && (!c.trainNorm || strings.Contains(path, "/moving_")) {
					want = 0
				}
				// float32 rounds the moves of weights near 1 by 6e-8.
				if want == 0 && moved != 0 || math.Abs(moved-want) > 0.01*want+1e-7 {
					t.Errorf("the first step moved %s by %.6g, want %.6g", path, moved, want)
				}
			}
			looked := len(c.want)
			if c.whole {
				looked = int(c.cut[len(c.cut)-1] - '0') // the stages from conv1 to the cut
			}
			if len(stages) != looked {
				t.Errorf("the network has variables of %v, want of %d stages", stages, looked)
			}
			for range 2 {
				p.step(t, rate)
			}
			later := largestMoves(before, p.variables(t))
			for path, first := range moves {
				if first == 0 && later[path] != 0 || first != 0 && later[path] < first/2 {
					t.Errorf("after three steps %s lies %.6g from where it was, and %.6g after the first", path, later[path], first)
				}
			}
		})
	}
}

// The layers of a ResNet50 below the scope of a body have a stage; any other path is an error, which ends the making of a
// network.
func TestPathsWithoutAStage(t *testing.T) {
	options := modeltest.Options()
	options.Cut = "conv2"
	n, err := network.New(modeltest.Backbone(t, options), "none", features.Tuning{Unfreeze: "conv2"}, 3)
	if err != nil {
		t.Fatal(err)
	}
	rate := n.Rate(0.1, false)
	for path, want := range map[string]float64{
		"conv2_block1_0_conv/kernel": 0.1, "conv1_conv/kernel": 0, "conv2_block3_3_bn/gamma": 0, "conv1_bn/moving_mean": 0,
	} {
		if got, err := rate(path); err != nil || math.Abs(got-want) > 1e-12 {
			t.Errorf("%s learns at %g, %v; want %g", path, got, err, want)
		}
	}
	for _, path := range []string{
		"/backbone/conv2_block1_0_conv/kernel", "backbone/conv2_block1_0_conv/kernel", "conv3_block1_1_conv/kernel", "conv2_block9_1_bn/beta",
		"predictions/kernel", "conv2", "",
	} {
		if got, err := rate(path); err == nil || !strings.Contains(err.Error(), "find the stage of the variable") {
			t.Errorf("%q learns at %g, %v", path, got, err)
		}
	}
}

package transfer

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/trainer"
)

const probeSize = 32 // pixels, of the images that go through a whole ResNet50

// probed is a backbone that keeps the store in which its variables are.
type probed struct {
	Backbone
	store **model.Store
}

func (p probed) After(scope *model.Scope, stage string, tuning Tuning, x *graph.Node) *graph.Node {
	*p.store = scope.Store()
	return p.Backbone.After(scope, stage, tuning, x)
}

// A probe is a ResNet50 with random weights under training, every variable of which can be read: also those that the
// trainer never gives away, being frozen.
type probe struct {
	trainer *trainer.Trainer
	store   *model.Store
	batch   trainer.Batch
	steps   int
}

// newProbe builds what Fit trains with these settings. whole puts the frozen stages into the graph too, where Fit computes
// them once beforehand.
func newProbe(t *testing.T, device *accel.Device, c Config, cut string, whole bool) *probe {
	t.Helper()
	network, err := resnet.Open(t.Context(), resnet.Options{Weights: resnet.WeightsRandom, Variant: resnet.V1, Cut: cut, Size: probeSize, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	p := &probe{}
	s, err := newShape(probed{ResNet(network, ResNetOptions{}), &p.store}, "none", Tuning{Unfreeze: c.Unfreeze}, 3)
	if err != nil {
		t.Fatal(err)
	}
	if whole {
		s.frozen, s.behind = nil, ""
	}
	if p.trainer, err = newTrainer(device, s, c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.trainer.Close)
	o := s.options(c.Batch, c.Seed, c.loss())
	n := c.Batch
	for _, d := range o.Input {
		n *= d
	}
	p.batch = trainer.Batch{Rows: c.Batch, Targets: make([]float32, 3*c.Batch)}
	for i := range c.Batch {
		p.batch.Targets[3*i+i%3] = 1
	}
	for i := range n { // any numbers that differ
		if o.Bytes {
			p.batch.Pixels = append(p.batch.Pixels, uint8(i*i*31+i*7))
		} else {
			p.batch.Inputs = append(p.batch.Inputs, float32(math.Abs(math.Sin(float64(i)*1.7))))
		}
	}
	return p
}

// variables copies the backbone's variables, by their paths below its scope.
func (p *probe) variables(t *testing.T) map[string][]float32 {
	t.Helper()
	all := map[string][]float32{}
	for v := range p.store.IterVariables() {
		below, ok := trainer.BodyPath(v.Path())
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

func (p *probe) step(t *testing.T, rate float64) {
	t.Helper()
	if _, err := p.trainer.Step(p.batch, trainer.Hyper{LearningRate: rate}, uint64(p.steps)); err != nil {
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
	device := xlaCPU(t)
	for name, c := range map[string]struct {
		cut, unfreeze string
		stageRate     float64 // 0: the default
		trainNorm     bool
		whole         bool
		want          map[string]float64 // learning rates of the unfrozen stages by that of the head
	}{
		"all stages with their norms": {"conv5", "conv1", 0.5, true, true,
			map[string]float64{"conv1": 1. / 32, "conv2": 1. / 16, "conv3": 1. / 8, "conv4": 1. / 4, "conv5": 1. / 2}},
		"conv5 by default":                {"conv5", "conv5", 0, false, false, map[string]float64{"conv5": 0.1}},
		"conv4 with its norms":            {"conv4", "conv4", 1, true, false, map[string]float64{"conv4": 1}},
		"conv2 on, in a graph with conv1": {"conv3", "conv2", 0.25, false, true, map[string]float64{"conv2": 1. / 16, "conv3": 1. / 4}},
		"conv3 with norms, others frozen": {"conv3", "conv3", 0, true, true, map[string]float64{"conv3": 0.1}},
	} {
		t.Run(name, func(t *testing.T) {
			const rate = 0.01
			config := Config{Unfreeze: c.unfreeze, StageRate: c.stageRate, TrainNorm: c.trainNorm, Task: Single, Batch: 3, Seed: 1}.withDefaults()
			p := newProbe(t, device, config, c.cut, c.whole)
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
	network, err := resnet.Open(t.Context(), resnet.Options{Weights: resnet.WeightsRandom, Cut: "conv2", Size: probeSize})
	if err != nil {
		t.Fatal(err)
	}
	s, err := newShape(ResNet(network, ResNetOptions{}), "none", Tuning{Unfreeze: "conv2"}, 3)
	if err != nil {
		t.Fatal(err)
	}
	rate := s.rate(0.1, false)
	for path, want := range map[string]float64{
		"conv2_block1_0_conv/kernel": 0.1, "conv1_conv/kernel": 0.01, "conv2_block3_3_bn/gamma": 0, "conv1_bn/moving_mean": 0,
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

// The card says what moved, not what was asked for, and a stage that stayed where it was is warned of.
func TestCardSaysWhatMoved(t *testing.T) {
	device := xlaCPU(t)
	cardRow := func(m *Model) string {
		for _, line := range strings.Split(m.Card(nil), "\n") {
			if strings.HasPrefix(line, "| Fine-tuned |") {
				return line
			}
		}
		return ""
	}
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
		warned bool
	}{
		"as it is":          {func(*Config) {}, "| Fine-tuned | from conv3; the weights changed by: conv3 ", false},
		"frozen":            {func(c *Config) { c.Unfreeze = "" }, "| Fine-tuned | none: the backbone stayed frozen |", false},
		"too low a rate":    {func(c *Config) { c.StageRate = 1e-20 }, "| Fine-tuned | none: unfrozen from conv3, but no weight of the backbone changed |", true},
		"too low for conv2": {func(c *Config) { c.Unfreeze, c.StageRate, c.LearningRate = "conv2", 3e-4, 0.01 }, "| Fine-tuned | from conv3; the weights changed by: conv3 ", true},
	} {
		t.Run(name, func(t *testing.T) {
			warned := false
			m, err := Fit(t.Context(), device, smallResNetConfig(t, head.Default, resnet.V1, "caffe", c.change), func(e Event) {
				warned = warned || e.Kind == WarningEvent && strings.Contains(e.Message, "hardly changed")
			})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			if got := cardRow(m); !strings.HasPrefix(got, c.want) || strings.Contains(got, "conv2 ") {
				t.Errorf("the card says %q, want %q", got, c.want)
			}
			if warned != c.warned {
				t.Errorf("warned of stages that hardly changed: %t", warned)
			}
		})
	}
}

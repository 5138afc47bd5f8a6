package network

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// Bounds of a stage's change. Below the first a change is rounding of float32, and the stage counts as frozen; below the
// second a training has said to train what it left nearly as it was.
const (
	Unchanged     = 1e-6
	HardlyChanged = 1e-4
)

// A StageChange is how far the training moved the weights of a stage of the backbone that it was to train.
type StageChange struct {
	Stage    resnet.Stage
	Relative float64 // norm of the difference by the norm of the backbone's own weights
}

// Changes compares the backbone's weights before and after a training, stage after stage, input to output. Weights of the head,
// which start at random, do not count.
func (n *Network) Changes(before, after stepper.State) ([]StageChange, error) {
	b := n.Backbone
	moved, size := map[resnet.Stage]float64{}, map[resnet.Stage]float64{} // squared norms
	// In one order, so that the sums have the same bits each time.
	for _, path := range slices.Sorted(maps.Keys(before)) {
		old := before[path]
		below, ok := stepper.BodyPath(path)
		if !ok {
			continue
		}
		stage, _, err := b.StageOf(below)
		if err != nil {
			return nil, err
		}
		values := after[path].Values
		if len(values) != len(old.Values) {
			return nil, fmt.Errorf("compare %s with the backbone's: %d numbers and %d", path, len(values), len(old.Values))
		}
		for i, v := range old.Values {
			difference := float64(values[i]) - float64(v)
			moved[stage] += difference * difference
			size[stage] += float64(v) * float64(v)
		}
	}
	var list []StageChange
	for _, stage := range b.Stages() {
		if _, ok := size[stage]; ok {
			list = append(list, StageChange{stage, math.Sqrt(moved[stage] / max(size[stage], math.SmallestNonzeroFloat64))})
		}
	}
	return list, nil
}

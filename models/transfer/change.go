package transfer

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/models/trainer"
)

// Bounds of a stage's change. Below the first a change is rounding of float32, and the stage counts as frozen; below the
// second a training has said to train what it left nearly as it was.
const (
	unchanged     = 1e-6
	hardlyChanged = 1e-4
)

// A StageChange is how far the training moved the weights of a stage of the backbone that it was to train.
type StageChange struct {
	Stage    string
	Relative float64 // norm of the difference by the norm of the backbone's own weights
}

// stageChanges compares the backbone's weights before and after a training, stage after stage. Weights of the head, which
// start at random, do not count.
func stageChanges(b Backbone, before, after trainer.State) ([]StageChange, error) {
	moved, size := map[string]float64{}, map[string]float64{} // squared norms
	// In one order, so that the sums have the same bits each time.
	for _, path := range slices.Sorted(maps.Keys(before)) {
		old := before[path]
		below, ok := trainer.BodyPath(path)
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

// fineTuned says for the card what was trained of the backbone, by what moved and not by what was asked for.
func (m *Model) fineTuned() string {
	if m.Unfrozen == "" {
		return "none: the backbone stayed frozen"
	}
	var moved []string
	first := ""
	for _, c := range m.Changes {
		if c.Relative < unchanged {
			continue
		}
		if first == "" {
			first = c.Stage
		}
		moved = append(moved, fmt.Sprintf("%s %.2g %%", c.Stage, 100*c.Relative))
	}
	if moved == nil {
		return fmt.Sprintf("none: unfrozen from %s, but no weight of the backbone changed", m.Unfrozen)
	}
	return fmt.Sprintf("from %s; the weights changed by: %s", first, strings.Join(moved, ", "))
}

// warnOfStill warns of the unfrozen stages that the training left nearly as they were.
func (s *session) warnOfStill(changes []StageChange) {
	var still []string
	for _, c := range changes {
		if c.Relative < hardlyChanged {
			still = append(still, c.Stage)
		}
	}
	if still != nil {
		s.warn("unfrozen, %s hardly changed (by less than %g %%): the learning rate there is too low; a stage rate nearer to 1 raises it",
			strings.Join(still, ", "), 100*hardlyChanged)
	}
}

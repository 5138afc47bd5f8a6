// Package network is the network that is trained: a head on a backbone, of which the stages from one on may be trained too.
package network

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// A Network is a head on a backbone: what of it is frozen and what is trained.
type Network struct {
	Backbone *features.Backbone
	Frozen   *features.Backbone // what images go through once; nil: they go to the network itself
	After    resnet.Stage       // the stage that Frozen ends with, where the backbone is trained from a later one on
	Tuning   features.Tuning
	Head     head.Spec
	Plan     head.Plan
}

// A StageError is a stage to unfreeze that the backbone does not have.
type StageError struct {
	Stage  resnet.Stage
	Stages []resnet.Stage // that it has
}

func (e *StageError) Error() string {
	return fmt.Sprintf("unfreeze must be one of none, %s; got %s", join(e.Stages), e.Stage)
}

func join(stages []resnet.Stage) string {
	words := make([]string, len(stages))
	for i, stage := range stages {
		words[i] = string(stage)
	}
	return strings.Join(words, ", ")
}

// New lays a head out on a backbone. An empty stage in tuning leaves the backbone frozen.
func New(backbone *features.Backbone, headText string, tuning features.Tuning, outputs int) (*Network, error) {
	n := &Network{Backbone: backbone, Frozen: backbone, Tuning: tuning}
	var err error
	if n.Head, err = head.Parse(headText); err != nil {
		return nil, err
	}
	if n.Plan, err = n.Head.Plan(backbone.FeatureShape(), outputs, backbone.StageDims()...); err != nil {
		return nil, err
	}
	if tuning.Unfreeze == "" {
		return n, nil
	}
	if backbone.File() != nil {
		return nil, fmt.Errorf("unfreeze %s: %w", tuning.Unfreeze, features.ErrFile)
	}
	stages := backbone.Stages()
	// Where the features are those of several stages, the first of them is computed from what is kept of an image.
	first := slices.Index(stages, backbone.Network().Architecture().Cut.Stages()[0])
	switch i := slices.Index(stages, tuning.Unfreeze); {
	case i < 0:
		return nil, &StageError{Stage: tuning.Unfreeze, Stages: stages}
	case i == 0:
		n.Frozen = nil
	default:
		n.After = stages[min(i-1, first)]
		if n.Frozen, err = backbone.FeatureMaps(n.After); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// Options describe the network to the stepper.
func (n *Network) Options(batch int, seed int64, loss stepper.Loss) stepper.Options {
	o := stepper.Options{Head: n.Plan, Seed: seed, Batch: batch, Loss: loss}
	if n.Frozen != nil {
		o.Input = n.Frozen.FeatureShape()
	} else {
		size := n.Backbone.Network().Architecture().Size
		o.Input, o.Bytes = []int{size, size, 3}, true
	}
	if n.Tuning.Unfreeze != "" {
		o.Body = func(scope *model.Scope, x *graph.Node) *graph.Node {
			return n.Backbone.After(scope, n.After, n.Tuning, x)
		}
	}
	return o
}

// Rate gives a variable of the backbone its fraction of the head's learning rate: fraction for the last stage, the square of
// it for the one before, and so on; 0 for a stage before the unfrozen ones. Batch norms stay frozen unless asked.
func (n *Network) Rate(fraction float64, trainNorm bool) func(path string) (float64, error) {
	stages := n.Backbone.Stages()
	return func(path string) (float64, error) {
		stage, norm, err := n.Backbone.StageOf(path)
		if err != nil {
			return 0, err
		}
		i := slices.Index(stages, stage)
		if i < 0 {
			return 0, fmt.Errorf("the variable %s belongs to the stage %q, and the backbone has %s", path, stage, join(stages))
		}
		if norm && !trainNorm || i < slices.Index(stages, n.Tuning.Unfreeze) {
			return 0, nil
		}
		return math.Pow(fraction, float64(len(stages)-i)), nil
	}
}

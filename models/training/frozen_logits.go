package training

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/models/probe"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// frozenStage is the stage whose classifier is added to that of the last one: the stage before it. It is empty where the recipe adds none,
// where that stage is trained itself, and where the cut has it already. Stages before it are too weak: the classifier on conv3 is 6 points
// behind on hand signs and on TrashNet, and cost 3 points on one of two seeds of hand signs when it was added to trained conv4 and conv5.
func (s *session) frozenStage() resnet.Stage {
	r := s.job.Recipe
	if r.Method != recipe.MethodFinetune || r.FrozenLogits == 0 {
		return ""
	}
	all := s.given.Stages()
	i := len(all) - 2
	if i < 0 || slices.Index(all, r.Unfreeze) <= i || slices.Contains(s.stages(), all[i]) {
		return ""
	}
	return all[i]
}

// addFrozen adds the weighted logits of a classifier on the frozen stage to those of the classifier that fine-tuning begins with:
// two classifiers that make different mistakes are better together, and together they are one dense layer on the features of both
// stages. The training must not see what it returns: these features would fit the training images before the trained stages have learned anything.
func (s *session) addFrozen(ctx context.Context, found *probed) (stepper.Unseen, error) {
	stage := s.frozenStage()
	if stage == "" {
		if s.job.Recipe.FrozenLogits != 0 {
			s.tell(diagnosis.Diagnosis{
				Severity: diagnosis.Note, Code: CodeFrozenLogits,
				Sentence: "No logits of a frozen classifier are added: the stage before the last is trained, or a part of the classifier already.",
			})
		}
		s.job.Recipe.FrozenLogits = 0
		return stepper.Unseen{}, nil
	}
	o := s.selectionOptions()
	o.Sets, o.Normalizations = [][]string{{string(stage)}}, []probe.Normalization{found.candidate.Normalization}
	o.Centroid = found.linear.Unit // its features have unit length
	report, err := selection.Choose(ctx, found.trained, o)
	if errors.Is(err, selection.ErrTooFew) {
		report, err = selection.Unjudged(found.trained, o), nil
	}
	if err != nil {
		return stepper.Unseen{}, fmt.Errorf("train: %w", err)
	}
	frozen, err := s.fitTo(ctx, found.trained, report.Choice(), func(probe.Iteration) {})
	if err != nil {
		return stepper.Unseen{}, err
	}
	weight := s.job.Recipe.FrozenLogits
	frozen.Scale(weight)
	for i, b := range frozen.Bias {
		found.linear.Bias[i] += b
	}
	found.linear.Kernel = slices.Concat(frozen.Kernel, found.linear.Kernel)
	found.candidate.Stages = slices.Concat([]string{string(stage)}, found.candidate.Stages)
	s.tell(diagnosis.Diagnosis{
		Severity: diagnosis.Note, Code: CodeFrozenLogits,
		Sentence: fmt.Sprintf("The logits of a classifier on %s, which stays frozen, are added with the weight %g.", stage, weight),
	})
	return stepper.Unseen{Features: len(frozen.Kernel) / frozen.Classes, Bias: frozen.Bias}, nil
}

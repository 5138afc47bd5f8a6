package recipeflag

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// Effective refuses the first flag that was given and has no part in a training by the recipe that the flags make together.
func Effective(f *pflag.FlagSet, r recipe.Recipe) error {
	for _, c := range []struct {
		field string
		used  bool
		needs string
	}{
		{"momentum", r.Optimizer == stepper.Momentum, "--optimizer momentum"},
		{"weight_decay", r.Optimizer == stepper.AdamW, "--optimizer adamw"},
		{"warmup_epochs", r.WarmupEpochs == 0 || r.Schedule == recipe.ScheduleWarmup || r.Schedule == recipe.ScheduleCosine, "--schedule warmup or cosine"},
		{"stage_rate", r.Unfreeze != recipe.StageNone, "--unfreeze"},
		{"augment_copies", r.AugmentCopies == 0 || r.Augment != "", "--augment"},
		{"label_smoothing", r.LabelSmoothing == 0 || r.Task != recipe.Regression, "a task other than regression"},
	} {
		if flag := givenFor(f, c.field); flag != nil && !c.used {
			return fmt.Errorf("--%s %s has no effect without %s: add that, or leave --%s out", flag.Name, flag.Value, c.needs, flag.Name)
		}
	}
	return nil
}

// Resumes refuses the first flag that was given and says another thing than the recipe of the run that is resumed; given has what the
// flags hold. A resumed run may have more epochs, and nothing else.
func Resumes(f *pflag.FlagSet, given, run recipe.Recipe) error {
	from, to := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	if err := errors.Join(convert(given, &from), convert(run, &to)); err != nil {
		return err
	}
	var refused error
	f.VisitAll(func(flag *pflag.Flag) {
		bound := flag.Annotations[annotationField]
		if refused != nil || !flag.Changed || len(bound) != 1 || bound[0] == "epochs" || slices.Equal(from[bound[0]], to[bound[0]]) ||
			bound[0] == "precision" && given.Precision == recipe.PrecisionAuto { // the run has what that was on its device
			return
		}
		refused = fmt.Errorf("--%s %s: the run has %s, and a run that is resumed can be given more --epochs alone: leave --%s out",
			flag.Name, flag.Value, to[bound[0]], flag.Name)
	})
	return refused
}

// givenFor is the flag that sets a field of the recipe, where it was given; else nil.
func givenFor(f *pflag.FlagSet, field string) *pflag.Flag {
	var found *pflag.Flag
	f.VisitAll(func(flag *pflag.Flag) {
		if bound := flag.Annotations[annotationField]; flag.Changed && len(bound) == 1 && bound[0] == field {
			found = flag
		}
	})
	return found
}

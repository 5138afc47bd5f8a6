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
	set := map[string]*pflag.Flag{}
	given(f, func(flag *pflag.Flag, field string) { set[field] = flag })
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
		if flag := set[c.field]; flag != nil && !c.used {
			return fmt.Errorf("--%s %s has no effect without %s: add that, or leave --%s out", flag.Name, flag.Value, c.needs, flag.Name)
		}
	}
	return nil
}

// Resumes refuses the first flag that was given and says another thing than the recipe of the run that is resumed; asked has what the
// flags hold. A resumed run may have other epochs, and nothing else.
func Resumes(f *pflag.FlagSet, asked, run recipe.Recipe) error {
	from, to := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	if err := errors.Join(convert(asked, &from), convert(run, &to)); err != nil {
		return err
	}
	var refused error
	given(f, func(flag *pflag.Flag, field string) {
		if refused != nil || field == "epochs" || slices.Equal(from[field], to[field]) ||
			field == "precision" && asked.Precision == recipe.PrecisionAuto { // the run has what that was on its device
			return
		}
		refused = fmt.Errorf("--%s %s: the run has %s, and a run that is resumed can be given other --epochs alone: leave --%s out",
			flag.Name, flag.Value, to[field], flag.Name)
	})
	return refused
}

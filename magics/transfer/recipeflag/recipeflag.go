// Package recipeflag declares a flag for each hyper-parameter of a recipe.
package recipeflag

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// ExampleAugment is an augmentation to show where no other is asked for.
const ExampleAugment = "flip,rotate:10,zoom:0.1"

// annotationField says of a flag which field of the recipe it sets, by its key in JSON.
const annotationField = "headstart_recipe_field"

// Declare declares a flag for every hyper-parameter, with what the recipe has as the default. The head is a flag of %model.
func Declare(f *pflag.FlagSet, r *recipe.Recipe) {
	choice(f, "method", (*string)(&r.Method), "recipe", Words(recipe.Methods()),
		"recipe: auto chooses a linear classifier on several stages by cross-validation; classic trains the head by gradient descent; "+
			"finetune begins with a linear classifier on the last stage and then trains that stage as well")
	bind(f, f.IntVar, "epochs", &r.Epochs, "epochs", "number of epochs")
	bind(f, f.Float64Var, "learning_rate", &r.LearningRate, "lr", "learning rate")
	bind(f, f.IntVar, "batch_size", &r.BatchSize, "batch", "batch size")
	choice(f, "optimizer", (*string)(&r.Optimizer), "optimizer", Words(recipe.Optimizers()), "optimizer")
	bind(f, f.StringVar, "augment", &r.Augment, "augment", "augmentation in each epoch, such as \""+ExampleAugment+"\"; features are then not cached")
	bind(f, f.IntVar, "early_stop", &r.EarlyStop, "early-stop", "number of epochs without a better one (--select) before it stops; 0 for never")
	choice(f, "unfreeze", (*string)(&r.Unfreeze), "unfreeze", Words(recipe.Stages()), "first stage of the backbone to train")
	bind(f, f.Int64Var, "seed", &r.Seed, "seed", "seed of the head, the order and the augmentation")
	choice(f, "task", (*string)(&r.Task), "task", Words(recipe.Tasks()), "task: one class, several classes, or numbers")
	choice(f, "schedule", (*string)(&r.Schedule), "schedule", Words(recipe.Schedules()), "learning-rate schedule")
	bind(f, f.IntVar, "warmup_epochs", &r.WarmupEpochs, "warmup", "number of warmup epochs, of the schedules warmup and cosine")
	bind(f, f.StringVar, "class_weights", &r.ClassWeights, "class-weights", "class weights: none, auto (inverse frequency), or class=weight,class=weight")
	bind(f, f.Float64Var, "momentum", &r.Momentum, "momentum", "momentum of --optimizer momentum")
	bind(f, f.Float64Var, "weight_decay", &r.WeightDecay, "weight-decay", "weight decay of --optimizer adamw")
	bind(f, f.Float64Var, "l2", &r.L2, "l2", "L2 penalty on the weights of the head")
	bind(f, f.Float64Var, "clip_norm", &r.ClipNorm, "clip", "gradient clipping: largest norm of all gradients together; 0 for none")
	bind(f, f.Float64Var, "label_smoothing", &r.LabelSmoothing, "label-smoothing", "label smoothing, from 0 to below 1")
	bind(f, f.IntVar, "accumulated_steps", &r.AccumulatedSteps, "accumulate", "gradient accumulation: number of steps per update")
	bind(f, f.Float64Var, "stage_rate", &r.StageRate, "stage-rate", "learning rate of an unfrozen stage as a fraction of that of the one after it")
	choice(f, "precision", (*string)(&r.Precision), "precision", Words(recipe.Precisions()),
		"type of the feature maps of unfrozen stages, on float32 weights; auto is bfloat16 on a GPU and float32 elsewhere")
	bind(f, f.IntVar, "devices", &r.Devices, "devices", "number of devices that share each batch: GPUs, or parts of a CPU (%device cpu --devices N)")
	bind(f, f.BoolVar, "train_norm", &r.TrainNorm, "train-norm", "train the batch norms of unfrozen stages")
	bind(f, f.Float64Var, "interpolation", &r.Interpolation, "interpolation",
		"fraction of the way from the first weights of --recipe finetune to the trained ones at which it ends; 1 for all")
	bind(f, f.Float64Var, "frozen_logits", &r.FrozenLogits, "frozen-logits",
		"weight of the logits of a classifier on the frozen stage before the last, such as conv4, which --recipe finetune adds; 0 for none")
	bind(f, f.IntVar, "augment_copies", &r.AugmentCopies, "augment-copies", "number of augmented copies of each image to cache; 0 augments anew in each epoch")
	choice(f, "select_by", (*string)(&r.SelectBy), "select", Words(recipe.Criteria()),
		"what the best epoch is chosen by: the lowest validation loss, or the highest validation accuracy")
	bind(f, f.BoolVar, "keep_last", &r.KeepLast, "keep-last", "keep the weights of the last epoch instead of the best")
}

// Shared are the fields that mean the same for every recipe.
func Shared() []string { return []string{"method", "seed", "class_weights"} }

// Classic lists the flags that were given and set other fields than those.
func Classic(f *pflag.FlagSet, fields ...string) []string {
	var list []string
	given(f, func(flag *pflag.Flag, field string) {
		if !slices.Contains(fields, field) {
			list = append(list, flag.Name)
		}
	})
	return list
}

// given visits the flags that were given and set a field of the recipe, with the field.
func given(f *pflag.FlagSet, visit func(flag *pflag.Flag, field string)) {
	f.VisitAll(func(flag *pflag.Flag) { // Visit knows only what this set has parsed, and sets share flags
		if bound := flag.Annotations[annotationField]; flag.Changed && len(bound) == 1 {
			visit(flag, bound[0])
		}
	})
}

// Over is base with what the flags that were given say instead; asked has what they hold.
func Over(f *pflag.FlagSet, asked, base recipe.Recipe) (recipe.Recipe, error) {
	from, to := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	if err := errors.Join(convert(asked, &from), convert(base, &to)); err != nil {
		return base, err
	}
	given(f, func(_ *pflag.Flag, field string) {
		if field != "method" {
			to[field] = from[field]
		}
	})
	err := convert(to, &base)
	return base, err
}

// convert reads a value's JSON into another.
func convert(from, to any) error {
	raw, err := json.Marshal(from)
	if err != nil {
		return fmt.Errorf("read the recipe's flags: %w", err)
	}
	return json.Unmarshal(raw, to)
}

// Differences are flags with values that make one recipe the other, except --recipe itself.
func Differences(from, to recipe.Recipe) []string {
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	Declare(set, &from)
	other := pflag.NewFlagSet("", pflag.ContinueOnError)
	Declare(other, &to)
	var list []string
	set.VisitAll(func(f *pflag.Flag) {
		value := other.Lookup(f.Name).DefValue
		if value != f.DefValue && f.Annotations[annotationField][0] != "method" {
			list = append(list, "--"+f.Name+" "+value)
		}
	})
	return list
}

// Words are the values of a typed choice as flags offer them.
func Words[T ~string](list []T) []string {
	texts := make([]string, len(list))
	for i, value := range list {
		texts[i] = string(value)
	}
	return texts
}

// bind declares a flag whose default is what its target holds. Declare is the flag set's method for the target's type.
func bind[T any](f *pflag.FlagSet, declare func(target *T, name string, value T, usage string), field string, target *T, name, usage string) {
	declare(target, name, *target, usage)
	note(f, field, name)
}

// choice is bind for a word of a list.
func choice(f *pflag.FlagSet, field string, target *string, name string, values []string, usage string) {
	magics.Enum(f, target, name, *target, values, usage)
	note(f, field, name)
}

// note says which field of the recipe a flag sets. The flag is there: it was declared just before.
func note(f *pflag.FlagSet, field, name string) {
	_ = f.SetAnnotation(name, annotationField, []string{field})
}

// Of is the flag that sets a field of the recipe; empty where there is none.
func Of(field string) string {
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	r := recipe.DefaultRecipe()
	Declare(set, &r)
	name := ""
	set.VisitAll(func(f *pflag.Flag) {
		if bound := f.Annotations[annotationField]; len(bound) == 1 && bound[0] == field {
			name = f.Name
		}
	})
	return name
}

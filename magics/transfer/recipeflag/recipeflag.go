// Package recipeflag declares a flag for each hyper-parameter of a recipe.
package recipeflag

import (
	"slices"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/training"
)

// ExampleAugment is an augmentation to show where no other is asked for.
const ExampleAugment = "flip,rotate:10,zoom:0.1"

// annotationField says of a flag which field of the recipe it sets, by its key in JSON.
const annotationField = "headstart_recipe_field"

// Declare declares a flag for every hyper-parameter, with what the recipe has as the default. The head is a flag of %model.
func Declare(f *pflag.FlagSet, r *training.Recipe) {
	b := binder{f}
	b.choice("method", (*string)(&r.Method), "recipe", Words(training.Methods()),
		"recipe: auto chooses a linear classifier on several stages by cross-validation; classic trains the head by gradient descent")
	b.int("epochs", &r.Epochs, "epochs", "number of epochs")
	b.float("learning_rate", &r.LearningRate, "lr", "learning rate")
	b.int("batch_size", &r.BatchSize, "batch", "batch size")
	b.choice("optimizer", (*string)(&r.Optimizer), "optimizer", Words(training.Optimizers()), "optimizer")
	b.text("augment", &r.Augment, "augment", "augmentation in each epoch, such as \""+ExampleAugment+"\"; features are then not cached")
	b.int("early_stop", &r.EarlyStop, "early-stop", "number of epochs without a lower validation loss before it stops; 0 for never")
	b.choice("unfreeze", (*string)(&r.Unfreeze), "unfreeze", Words(training.Stages()), "first stage of the backbone to train")
	b.int64("seed", &r.Seed, "seed", "seed of the head, the order and the augmentation")
	b.choice("task", (*string)(&r.Task), "task", Words(training.Tasks()), "task: one class, several classes, or numbers")
	b.choice("schedule", (*string)(&r.Schedule), "schedule", Words(training.Schedules()), "learning-rate schedule")
	b.int("warmup_epochs", &r.WarmupEpochs, "warmup", "number of warmup epochs, of the schedules warmup and cosine")
	b.text("class_weights", &r.ClassWeights, "class-weights", "class weights: none, auto (inverse frequency), or class=weight,class=weight")
	b.float("momentum", &r.Momentum, "momentum", "momentum of --optimizer momentum")
	b.float("weight_decay", &r.WeightDecay, "weight-decay", "weight decay of --optimizer adamw")
	b.float("l2", &r.L2, "l2", "L2 penalty on the weights of the head")
	b.float("clip_norm", &r.ClipNorm, "clip", "gradient clipping: largest norm of all gradients together; 0 for none")
	b.float("label_smoothing", &r.LabelSmoothing, "label-smoothing", "label smoothing, from 0 to below 1")
	b.int("accumulated_steps", &r.AccumulatedSteps, "accumulate", "gradient accumulation: number of steps per update")
	b.float("stage_rate", &r.StageRate, "stage-rate", "learning rate of an unfrozen stage as a fraction of that of the one after it")
	b.choice("precision", (*string)(&r.Precision), "precision", Words(training.Precisions()),
		"type of the feature maps of unfrozen stages, on float32 weights; auto is bfloat16 on a GPU and float32 elsewhere")
	b.int("devices", &r.Devices, "devices", "number of devices that share each batch: GPUs, or parts of a CPU (%device cpu --devices N)")
	b.bool("train_norm", &r.TrainNorm, "train-norm", "train the batch norms of unfrozen stages")
	b.int("augment_copies", &r.AugmentCopies, "augment-copies", "number of augmented copies of each image to cache; 0 augments anew in each epoch")
	b.bool("keep_last", &r.KeepLast, "keep-last", "keep the weights of the last epoch instead of the best")
}

// Classic lists the flags that were given and mean something for the classic recipe only.
func Classic(f *pflag.FlagSet) []string {
	var list []string
	f.VisitAll(func(flag *pflag.Flag) { // Visit knows only what this set has parsed, and sets share flags
		bound := flag.Annotations[annotationField]
		if flag.Changed && len(bound) == 1 && !slices.Contains([]string{"method", "seed", "class_weights"}, bound[0]) {
			list = append(list, flag.Name)
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

// A binder declares flags whose defaults are what their targets hold.
type binder struct{ flags *pflag.FlagSet }

// field notes which field of the recipe a flag sets. The flag is there: its declaration is the line before.
func (b binder) field(field, name string) {
	_ = b.flags.SetAnnotation(name, annotationField, []string{field})
}

func (b binder) int(field string, target *int, name, usage string) {
	b.flags.IntVar(target, name, *target, usage)
	b.field(field, name)
}

func (b binder) int64(field string, target *int64, name, usage string) {
	b.flags.Int64Var(target, name, *target, usage)
	b.field(field, name)
}

func (b binder) float(field string, target *float64, name, usage string) {
	b.flags.Float64Var(target, name, *target, usage)
	b.field(field, name)
}

func (b binder) bool(field string, target *bool, name, usage string) {
	b.flags.BoolVar(target, name, *target, usage)
	b.field(field, name)
}

func (b binder) text(field string, target *string, name, usage string) {
	b.flags.StringVar(target, name, *target, usage)
	b.field(field, name)
}

func (b binder) choice(field string, target *string, name string, values []string, usage string) {
	magics.Enum(b.flags, target, name, *target, values, usage)
	b.field(field, name)
}

// Of is the flag that sets a field of the recipe; empty where there is none.
func Of(field string) string {
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	recipe := training.DefaultRecipe()
	Declare(set, &recipe)
	name := ""
	set.VisitAll(func(f *pflag.Flag) {
		if bound := f.Annotations[annotationField]; len(bound) == 1 && bound[0] == field {
			name = f.Name
		}
	})
	return name
}

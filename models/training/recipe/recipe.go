// Package recipe is the hyper-parameters of a training.
package recipe

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/augment"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/training/schedule"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// A Recipe is what decides the numbers of a training, apart from the data: every hyper-parameter, declared here and nowhere
// else. It is stored as it is in a run's record and in a saved model. Start with DefaultRecipe: the zero value is refused.
//
// To add a hyper-parameter, add a field here with its default below, one line where flags are bound to the fields, and the
// code that uses it.
type Recipe struct {
	Method Method `json:"method"`

	Head string `json:"head"` // as models/head reads it; the layer that gives the classes follows it
	Task Task   `json:"task"`

	Epochs           int       `json:"epochs"`
	LearningRate     float64   `json:"learning_rate"`
	BatchSize        int       `json:"batch_size"`
	AccumulatedSteps int       `json:"accumulated_steps"` // steps whose gradients are added before the weights move
	Optimizer        Optimizer `json:"optimizer"`
	Momentum         float64   `json:"momentum"`     // of the optimizer momentum
	WeightDecay      float64   `json:"weight_decay"` // of the optimizer adamw, decoupled
	L2               float64   `json:"l2"`           // added to the loss: L2 * sum of the squared kernels of the head
	Schedule         Schedule  `json:"schedule"`
	WarmupEpochs     int       `json:"warmup_epochs"`   // of the schedules warmup and cosine
	ClipNorm         float64   `json:"clip_norm"`       // largest norm of all gradients together; 0: none
	LabelSmoothing   float64   `json:"label_smoothing"` // in [0, 1)
	ClassWeights     string    `json:"class_weights"`   // none, auto (inverse frequency), or class=weight,class=weight

	Unfreeze      Stage     `json:"unfreeze"`       // the first stage of the backbone that is trained
	Precision     Precision `json:"precision"`      // of the unfrozen stages' feature maps
	StageRate     float64   `json:"stage_rate"`     // learning rate of a stage as a fraction of that of the one after it
	TrainNorm     bool      `json:"train_norm"`     // whether the batch norms of unfrozen stages learn
	Interpolation float64   `json:"interpolation"`  // of the method finetune: how far those kept of the last epoch are on the way from the first weights to the trained ones
	FrozenLogits  float64   `json:"frozen_logits"`  // of the method finetune: weight of the logits of a classifier on the stage before the last, which stays frozen, that are added to those of the last; 0: none
	Augment       string    `json:"augment"`        // as models/augment reads it, such as "flip,rotate:10"; empty: nothing
	AugmentCopies int       `json:"augment_copies"` // augmented copies of each image that are computed once; 0: each epoch augments anew

	SelectBy  Criterion `json:"select_by"`  // which epoch is the best
	EarlyStop int       `json:"early_stop"` // epochs without a better one before it stops; 0: never
	KeepLast  bool      `json:"keep_last"`  // keep the weights of the last epoch instead of the best

	Seed    int64 `json:"seed"`    // of the head, the order and the augmentation
	Devices int   `json:"devices"` // that share each batch
}

// DefaultRecipe is the classic recipe of the tutorials: a dense layer on the frozen backbone, ten epochs of Adam.
func DefaultRecipe() Recipe {
	return Recipe{
		Method: MethodClassic, Head: head.Default, Task: Single,
		Epochs: 10, LearningRate: 0.001, BatchSize: 32, AccumulatedSteps: 1,
		Optimizer: stepper.Adam, Momentum: 0.9, WeightDecay: 0.004, // Keras's AdamW
		Schedule: ScheduleConstant, ClassWeights: ClassWeightsNone,
		Unfreeze: StageNone, Precision: PrecisionAuto, StageRate: 0.1, Interpolation: 1,
		SelectBy: SelectByLoss,
		Seed:     42, Devices: 1,
	}
}

// AutoRecipe chooses a linear classifier on the features of several stages by cross-validation. Of the hyper-parameters only
// Seed, ClassWeights, Augment with AugmentCopies, and BatchSize, of the predictions, have a part in it.
func AutoRecipe() Recipe {
	r := DefaultRecipe()
	r.Method, r.Head, r.Epochs = MethodAuto, head.None, 1
	return r
}

// FinetuneRecipe begins with a linear classifier on the last stage, chosen as by AutoRecipe, and then trains that stage as well (LP-FT:
// Kumar et al. 2022, arXiv:2202.10054): a head that fits already leaves the pretrained weights their shape. What follows Unfreeze has
// the same meaning as in the classic recipe; the head is the classifier's.
//
// The classifier on conv4 that FrozenLogits adds makes other mistakes than the trained conv5: 87.9 % instead of 86.0 of TrashNet, and
// on hand signs 95.4 % as without it, with half the loss; five seeds each.
//
// With some hundred images, weights between the first and the trained ones (Interpolation) are no more accurate, though their loss is lower: at 0.8 of the
// way 93.2 % instead of 95.7 of hand signs and 87.5 instead of 87.0 of TrashNet, four seeds each, with validation losses of 0.29 instead of 0.35 and 0.44 instead of
// 0.49.
func FinetuneRecipe() Recipe {
	r := DefaultRecipe()
	r.Method, r.Head, r.Unfreeze = MethodFinetune, head.None, resnet.Conv5
	r.Epochs, r.LearningRate, r.StageRate = 12, 1e-3, 0.3
	r.Optimizer, r.Schedule, r.WarmupEpochs, r.LabelSmoothing = stepper.AdamW, ScheduleCosine, 1, 0.1
	r.Augment, r.AugmentCopies = "flip,crop:0.8,rotate:10,brightness:0.1,contrast:0.2", 12
	r.FrozenLogits = 0.3
	// The rate falls to 0 at the last epoch. The loss of some hundred validation images, smoothing aside, is lowest at random before.
	r.KeepLast = true
	return r
}

// Method is how a head is found.
type Method string

// The methods. Auto compares probes on several stages by cross-validation. Classic trains the head of the recipe by gradient
// descent. Finetune does what auto does and then trains the unfrozen stages with the head. A record without a method is from
// before there were two.
const (
	MethodAuto     Method = "auto"
	MethodClassic  Method = "classic"
	MethodFinetune Method = "finetune"
)

// MethodTaught is a nearest centroid that images were added to, one after another: no recipe repeats it.
const MethodTaught Method = "taught"

// MethodRows is the method classic on a file of features: no dataset repeats it.
const MethodRows Method = "rows"

// Methods lists the methods of a training.
func Methods() []Method { return []Method{MethodAuto, MethodClassic, MethodFinetune} }

// Probes tells whether the method chooses its head by cross-validation.
func (m Method) Probes() bool { return m == MethodAuto || m == MethodFinetune }

// Criterion is what one epoch is better than another by.
type Criterion string

// The criteria. Loss is the validation loss, as Keras's ModelCheckpoint and EarlyStopping have it; a classifier that is less sure of
// its mistakes is better by it, though it may make more of them. Accuracy is the validation accuracy, and the loss of epochs that
// have the same. Where nothing is validated they are those of the training images.
const (
	SelectByLoss     Criterion = "loss"
	SelectByAccuracy Criterion = "accuracy"
)

// Criteria lists the criteria.
func Criteria() []Criterion { return []Criterion{SelectByLoss, SelectByAccuracy} }

// UnmarshalJSON reads a recipe; one without a method is classic, one without a criterion selects by the loss, and one without an
// interpolation keeps the trained weights, as all once did.
func (r *Recipe) UnmarshalJSON(raw []byte) error {
	type plain Recipe
	read := plain{Method: MethodClassic, SelectBy: SelectByLoss, Interpolation: 1}
	if err := json.Unmarshal(raw, &read); err != nil {
		return err
	}
	*r = Recipe(read)
	return nil
}

// Optimizer is the rule by which the weights move.
type Optimizer = stepper.Optimizer

// Optimizers lists the optimizers.
func Optimizers() []Optimizer { return stepper.Optimizers() }

// Schedule is a learning-rate schedule.
type Schedule = schedule.Schedule

// The schedules. The two with a warm-up begin with a rise over Recipe.WarmupEpochs.
const (
	ScheduleConstant = schedule.Constant
	ScheduleCosine   = schedule.Cosine
	ScheduleOneCycle = schedule.OneCycle
	ScheduleWarmup   = schedule.Warmup
	SchedulePlateau  = schedule.Plateau
)

// Schedules lists the schedules.
func Schedules() []Schedule { return schedule.All() }

// Stage is a stage of the backbone.
type Stage = resnet.Stage

// StageNone leaves the backbone frozen.
const StageNone Stage = "none"

// Stages lists what Recipe.Unfreeze takes, as far as the backbone has them.
func Stages() []Stage { return append([]Stage{StageNone}, resnet.Stages()...) }

// Precision is the type of the feature maps of unfrozen stages; their weights are float32 in any case.
type Precision = resnet.Precision

// PrecisionAuto is bfloat16 on a GPU and float32 elsewhere; the record of a training says which it was.
const PrecisionAuto Precision = "auto"

// Precisions lists what Recipe.Precision takes. Gradients in float16 would need their loss scaled.
func Precisions() []Precision { return []Precision{PrecisionAuto, resnet.Float32, resnet.BFloat16} }

// The class weights that are words.
const (
	ClassWeightsNone = "none"
	ClassWeightsAuto = "auto"
)

// ComputedOnce tells whether the epochs read features that were computed before the first, instead of images.
func (r Recipe) ComputedOnce() bool {
	return r.Unfreeze == StageNone && (r.Augment == "" || r.AugmentCopies > 0)
}

// A FieldError is a field of a Recipe with a value that it does not take.
type FieldError struct {
	Field   string // its key in JSON: batch_size
	Problem string // what it must be, and what it is
}

func (e *FieldError) Error() string {
	name := strings.ReplaceAll(e.Field, "_", " ")
	if e.Field == "l2" {
		name = "L2"
	}
	return name + " " + e.Problem
}

// Validate returns a FieldError for the first field with a value that it does not take.
func (r Recipe) Validate() error {
	for _, check := range []func() error{r.checkNumbers, r.checkChoices, r.checkTexts, r.checkTogether} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// Limits of what makes sense.
const (
	maxEpochs  = 100_000
	maxBatch   = 1 << 16
	maxDevices = 1024
)

func (r Recipe) checkNumbers() error {
	for _, limit := range []struct {
		field     string
		value     float64
		low, high float64
	}{
		{"epochs", float64(r.Epochs), 1, maxEpochs},
		{"learning_rate", r.LearningRate, 1e-12, 1e6},
		{"batch_size", float64(r.BatchSize), 1, maxBatch},
		{"accumulated_steps", float64(r.AccumulatedSteps), 1, maxBatch},
		{"momentum", r.Momentum, 0, 0.9999999},
		{"weight_decay", r.WeightDecay, 0, 1e6},
		{"l2", r.L2, 0, 1e6},
		{"warmup_epochs", float64(r.WarmupEpochs), 0, float64(r.Epochs)},
		{"clip_norm", r.ClipNorm, 0, 1e12},
		{"label_smoothing", r.LabelSmoothing, 0, 0.999},
		{"stage_rate", r.StageRate, 0, 1},
		{"interpolation", r.Interpolation, 0.01, 1},
		{"frozen_logits", r.FrozenLogits, 0, 100},
		{"augment_copies", float64(r.AugmentCopies), 0, 1000},
		{"early_stop", float64(r.EarlyStop), 0, maxEpochs},
		{"devices", float64(r.Devices), 1, maxDevices},
	} {
		switch {
		case !(limit.value >= limit.low): // NaN as well
			return &FieldError{limit.field, fmt.Sprintf("must be at least %g, got %g", limit.low, limit.value)}
		case !(limit.value <= limit.high):
			return &FieldError{limit.field, fmt.Sprintf("must be at most %g, got %g", limit.high, limit.value)}
		}
	}
	return nil
}

func (r Recipe) checkChoices() error {
	for _, err := range []error{
		oneOf("method", Methods(), r.Method), oneOf("task", Tasks(), r.Task), oneOf("optimizer", Optimizers(), r.Optimizer), oneOf("schedule", Schedules(), r.Schedule),
		oneOf("unfreeze", Stages(), r.Unfreeze), oneOf("precision", Precisions(), r.Precision),
		oneOf("select_by", Criteria(), r.SelectBy),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// oneOf refuses a value that is not in the list.
func oneOf[T ~string](field string, list []T, got T) error {
	if slices.Contains(list, got) {
		return nil
	}
	words := make([]string, len(list))
	for i, value := range list {
		words[i] = string(value)
	}
	return &FieldError{field, fmt.Sprintf("must be one of %s; got %q", strings.Join(words, ", "), got)}
}

func (r Recipe) checkTexts() error {
	if r.Head == "" {
		return &FieldError{"head", fmt.Sprintf("must be none or layers such as %q, got nothing", head.Default)}
	}
	if _, err := head.Parse(r.Head); err != nil {
		return &FieldError{"head", "cannot be read: " + err.Error()}
	}
	if _, err := augment.Parse(r.Augment); err != nil {
		return &FieldError{"augment", "cannot be read: " + err.Error()}
	}
	_, err := parseClassWeights(r.ClassWeights)
	return err
}

// checkTogether looks at fields that have to fit each other.
func (r Recipe) checkTogether() error {
	switch {
	case r.BatchSize%r.Devices != 0:
		return &FieldError{"batch_size", fmt.Sprintf("must be a multiple of the %d devices that share it, such as %d; got %d", r.Devices,
			(r.BatchSize/r.Devices+1)*r.Devices, r.BatchSize)}
	case r.Precision != PrecisionAuto && r.Unfreeze == StageNone:
		return &FieldError{"precision", fmt.Sprintf("is that of unfrozen stages, and none is unfrozen; got %s. The precision of the frozen "+
			"pass belongs to the backbone", r.Precision)}
	case r.Method.Probes() && r.Task != Single:
		return &FieldError{"method", fmt.Sprintf("%s is for the task single, and this is %s", r.Method, r.Task)}
	case r.Method == MethodFinetune && r.Unfreeze == StageNone:
		return &FieldError{"unfreeze", "must name a stage for the method finetune, such as conv5; got none"}
	case r.Method != MethodFinetune && r.Interpolation != 1:
		return &FieldError{"interpolation", fmt.Sprintf("must be 1 except for the method finetune, which begins with weights worth keeping; got %g", r.Interpolation)}
	case r.Method != MethodFinetune && r.FrozenLogits != 0:
		return &FieldError{"frozen_logits", fmt.Sprintf("must be 0 except for the method finetune, whose head is a classifier to which another can be added; got %g", r.FrozenLogits)}
	case r.Method == MethodAuto && r.Unfreeze != StageNone:
		return &FieldError{"method", fmt.Sprintf("auto keeps the backbone frozen, and this unfreezes %s", r.Unfreeze)}
	case r.Method == MethodAuto && r.Augment != "" && r.AugmentCopies == 0:
		return &FieldError{"augment_copies", "must be at least 1 for the method auto, which fits to copies that are computed once; got 0"}
	case r.KeepLast && r.SelectBy != SelectByLoss && r.EarlyStop == 0:
		return &FieldError{"select_by", fmt.Sprintf("has no effect where the weights of the last epoch are kept (keep last); got %s", r.SelectBy)}
	case r.ClassWeights != ClassWeightsNone && r.Task != Single:
		return &FieldError{"class_weights", fmt.Sprintf("are for the task single, and this is %s", r.Task)}
	}
	return nil
}

// A DevicesError is a recipe that asks for more devices than there are.
type DevicesError struct {
	Asked, Have int
	Device      string // its name
}

func (e *DevicesError) Error() string {
	return fmt.Sprintf("train on %d devices: %s has %d", e.Asked, e.Device, e.Have)
}

// On settles what the recipe leaves to the device.
func (r Recipe) On(device *accel.Device) (Recipe, error) {
	if n := device.Count(); r.Devices > n {
		return r, &DevicesError{Asked: r.Devices, Have: n, Device: device.Name()}
	}
	if r.Unfreeze != StageNone && r.Precision == PrecisionAuto {
		r.Precision = resnet.Float32
		if device.Name() == "xla:cuda" {
			r.Precision = resnet.BFloat16
		}
	}
	return r, nil
}

// Loss is what the stepper makes small.
func (r Recipe) Loss() stepper.Loss {
	switch r.Task {
	case Multi:
		return stepper.Binary
	case Regression:
		return stepper.Squared
	}
	return stepper.CrossEntropy
}

// Course is the learning rate's course with so many steps in an epoch.
func (r Recipe) Course(steps int) schedule.Course {
	return schedule.Course{Schedule: r.Schedule, Steps: r.Epochs * steps, Warmup: r.WarmupEpochs * steps}
}

// KeptFraction is how far the weights that are kept of an epoch, counted from 1, are on the way from the first weights to the
// trained ones. Of the method finetune it rises to Interpolation at the last epoch: the rate is high in the first ones, and the weights that
// were just trained are then worse than those it began with. Weights in between are not (WiSE-FT: Wortsman et al. 2022, arXiv:2109.01903).
func (r Recipe) KeptFraction(epoch int) float64 {
	if r.Method != MethodFinetune || epoch < 1 {
		return 1
	}
	return r.Interpolation * min(1, float64(epoch)/float64(r.Epochs))
}

// Tuning says how unfrozen stages are trained.
func (r Recipe) Tuning() features.Tuning {
	if r.Unfreeze == StageNone {
		return features.Tuning{}
	}
	return features.Tuning{Unfreeze: r.Unfreeze, Precision: r.Precision}
}

// Prefers tells whether an epoch of this loss and accuracy is better than the best before it.
func (c Criterion) Prefers(loss, accuracy, bestLoss, bestAccuracy float64) bool {
	if c == SelectByAccuracy && accuracy != bestAccuracy {
		return accuracy > bestAccuracy
	}
	return loss < bestLoss
}

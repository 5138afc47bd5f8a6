package recipe

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/models/resnet"
)

func TestTheDefaultRecipeIsValid(t *testing.T) {
	if err := DefaultRecipe().Validate(); err != nil {
		t.Error(err)
	}
	if err := AutoRecipe().Validate(); err != nil {
		t.Error(err)
	}
	if err := (Recipe{}).Validate(); err == nil {
		t.Error("the zero value is taken for a recipe")
	}
}

// A refused recipe names the field by its key in JSON.
func TestRecipesThatAreRefused(t *testing.T) {
	for want, change := range map[string]func(*Recipe){
		"batch size must be at least 1, got 0":                                                                      func(r *Recipe) { r.BatchSize = 0 },
		"epochs must be at least 1, got -1":                                                                         func(r *Recipe) { r.Epochs = -1 },
		"learning rate must be at least 1e-12, got 0":                                                               func(r *Recipe) { r.LearningRate = 0 },
		"learning rate must be at least 1e-12, got NaN":                                                             func(r *Recipe) { r.LearningRate = math.NaN() },
		"L2 must be at least 0, got -1":                                                                             func(r *Recipe) { r.L2 = -1 },
		"label smoothing must be at most 0.999, got 2":                                                              func(r *Recipe) { r.LabelSmoothing = 2 },
		"momentum must be at most":                                                                                  func(r *Recipe) { r.Momentum = 1 },
		"warmup epochs must be at most 10, got 11":                                                                  func(r *Recipe) { r.WarmupEpochs = 11 },
		`optimizer must be one of adam, adamw, sgd, momentum; got "best"`:                                           func(r *Recipe) { r.Optimizer = "best" },
		`schedule must be one of constant, cosine, onecycle, warmup, plateau`:                                       func(r *Recipe) { r.Schedule = "fast" },
		`task must be one of single, multi, regression; got ""`:                                                     func(r *Recipe) { r.Task = "" },
		`unfreeze must be one of none, conv1, conv2, conv3, conv4, conv5`:                                           func(r *Recipe) { r.Unfreeze = "conv9" },
		`precision must be one of auto, float32, bfloat16; got "int8"`:                                              func(r *Recipe) { r.Precision = "int8" },
		"precision is that of unfrozen stages":                                                                      func(r *Recipe) { r.Precision = resnet.BFloat16 },
		"batch size must be a multiple of the 3 devices":                                                            func(r *Recipe) { r.Devices = 3 },
		"head cannot be read":                                                                                       func(r *Recipe) { r.Head = "dense" },
		"augment cannot be read":                                                                                    func(r *Recipe) { r.Augment = "explode" },
		"class weights must be none, auto, or class=weight,class=weight":                                            func(r *Recipe) { r.ClassWeights = "much" },
		"class weights must be from 0 to 1e6":                                                                       func(r *Recipe) { r.ClassWeights = "a=-1" },
		`method must be one of auto, classic, finetune; got ""`:                                                     func(r *Recipe) { r.Method = "" },
		"method auto is for the task single, and this is multi":                                                     func(r *Recipe) { r.Method, r.Task = MethodAuto, Multi },
		"method auto keeps the backbone frozen, and this unfreezes conv5":                                           func(r *Recipe) { r.Method, r.Unfreeze = MethodAuto, "conv5" },
		"augment copies must be at least 1 for the method auto, which fits to copies that are computed once; got 0": func(r *Recipe) { r.Method, r.Augment = MethodAuto, "flip" },
		`select by must be one of loss, accuracy; got "f1"`:                                                         func(r *Recipe) { r.SelectBy = "f1" },
		"select by has no effect where the weights of the last epoch are kept (keep last); got accuracy":            func(r *Recipe) { r.KeepLast, r.SelectBy = true, SelectByAccuracy },
		"interpolation must be 1 except for the method finetune":                                                    func(r *Recipe) { r.Interpolation = 0.5 },
		"interpolation must be at least 0.01":                                                                       func(r *Recipe) { r.Interpolation = 0 },
		"class weights must name each class once; got \"a\" twice":                                                  func(r *Recipe) { r.ClassWeights = "a=1, a=2" },
		"class weights are for the task single":                                                                     func(r *Recipe) { r.ClassWeights, r.Task = "auto", Multi },
	} {
		r := DefaultRecipe()
		change(&r)
		err := r.Validate()
		field, ok := errors.AsType[*FieldError](err)
		if !ok || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
			continue
		}
		if _, ok := fieldByKey(field.Field); !ok {
			t.Errorf("the error names the field %q, which the recipe does not have", field.Field)
		}
	}
}

func fieldByKey(key string) (reflect.StructField, bool) {
	return reflect.TypeFor[Recipe]().FieldByNameFunc(func(name string) bool {
		f, _ := reflect.TypeFor[Recipe]().FieldByName(name)
		return f.Tag.Get("json") == key
	})
}

func TestARecipeIsStoredAsItIs(t *testing.T) {
	want := DefaultRecipe()
	want.Unfreeze, want.Augment, want.ClassWeights = "conv5", "flip", "a=2"
	raw, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Recipe
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFineTuningRecipesThatAreRefused(t *testing.T) {
	for field, change := range map[string]func(*Recipe){
		"unfreeze": func(r *Recipe) { r.Unfreeze = StageNone },
		"method":   func(r *Recipe) { r.Task = Multi },
	} {
		r := FinetuneRecipe()
		change(&r)
		if wrong, ok := errors.AsType[*FieldError](r.Validate()); !ok || wrong.Field != field {
			t.Errorf("%s: %v", field, r.Validate())
		}
	}
	if r := FinetuneRecipe(); r.Validate() != nil || !slices.Contains(Methods(), r.Method) {
		t.Errorf("the recipe itself: %v", r.Validate())
	}
}

func TestTheKeptFractionRisesToTheInterpolation(t *testing.T) {
	r := FinetuneRecipe()
	r.Epochs, r.Interpolation = 4, 0.5
	for epoch, want := range []float64{1, 0.125, 0.25, 0.375, 0.5, 0.5} {
		if got := r.KeptFraction(epoch); got != want {
			t.Errorf("after epoch %d it is %g, want %g", epoch, got, want)
		}
	}
	if got := FinetuneRecipe().KeptFraction(FinetuneRecipe().Epochs); got != 1 {
		t.Errorf("the recipe ends at %g of the way", got)
	}
	if got := DefaultRecipe().KeptFraction(1); got != 1 {
		t.Errorf("the classic recipe keeps %g", got)
	}
}

func TestARecipeWithoutAMethodIsClassic(t *testing.T) {
	var r Recipe
	if err := r.UnmarshalJSON([]byte(`{"head":"none"}`)); err != nil || r.Method != MethodClassic || r.Interpolation != 1 {
		t.Errorf("the method is %q, the interpolation %g, %v", r.Method, r.Interpolation, err)
	}
}

package resnet

import (
	"fmt"
	"slices"
	"strings"
)

// Variant says where a block strides, which is where the publishers of ResNets differ.
type Variant string

const (
	// V1 is the paper's and Keras's: a block strides on its first 1x1 convolution.
	V1 Variant = "v1"
	// V15 is torchvision's, timm's and Hugging Face's: a block strides on its 3x3 convolution.
	V15 Variant = "v1.5"
	// VariantAuto is the variant of the weights; v1 for random weights.
	VariantAuto Variant = "auto"
)

// Variants lists what Options.Variant takes.
func Variants() []Variant { return []Variant{VariantAuto, V1, V15} }

// Stage is a part of the network at one resolution.
type Stage string

// The stages from input to output. Conv1 is the stem, its max-pool included.
const (
	Conv1 Stage = "conv1"
	Conv2 Stage = "conv2"
	Conv3 Stage = "conv3"
	Conv4 Stage = "conv4"
	Conv5 Stage = "conv5"
)

// Stages lists the stages from input to output.
func Stages() []Stage { return []Stage{Conv1, Conv2, Conv3, Conv4, Conv5} }

// StagesTo lists the stages from input to last.
func StagesTo(last Stage) []Stage { return Stages()[:slices.Index(Stages(), last)+1] }

// Later tells whether a stage comes after another.
func Later(s, other Stage) bool { return slices.Index(Stages(), s) > slices.Index(Stages(), other) }

// Pool is how the feature maps of a stage become a vector.
type Pool string

const (
	PoolAvg  Pool = "avg"  // the mean over height and width
	PoolMax  Pool = "max"  // the maximum over height and width
	PoolNone Pool = "none" // the feature maps themselves
)

// Pools lists what Options.Pool takes.
func Pools() []Pool { return []Pool{PoolAvg, PoolMax, PoolNone} }

// Preprocess is what is done to pixels from 0 to 255 before the first convolution.
type Preprocess string

const (
	// PreprocessCaffe is BGR minus ImageNet's mean, not scaled: Keras's ResNet50 (keras/src/applications/imagenet_utils.py).
	PreprocessCaffe Preprocess = "caffe"
	// PreprocessTorch is RGB from 0 to 1, minus ImageNet's mean, divided by its deviation: torchvision, timm, Hugging Face.
	PreprocessTorch Preprocess = "torch"
	// PreprocessRescale is RGB divided by 255: many tutorials' ImageDataGenerator(rescale=1/255).
	PreprocessRescale Preprocess = "rescale"
	// PreprocessAuto is what the weights were trained with.
	PreprocessAuto Preprocess = "auto"
)

// Preprocessings lists what Options.Preprocess takes.
func Preprocessings() []Preprocess {
	return []Preprocess{PreprocessAuto, PreprocessCaffe, PreprocessTorch, PreprocessRescale}
}

// Precision is the type of weights and activations on the device. Features are float32 in any case.
type Precision string

const (
	Float32  Precision = "float32"  // IEEE single precision
	BFloat16 Precision = "bfloat16" // float32 with 16 bits less of fraction
	Float16  Precision = "float16"  // IEEE half precision
)

// Precisions lists the precisions.
func Precisions() []Precision { return []Precision{Float32, BFloat16, Float16} }

// Formulation is which graph computes the frozen pass.
type Formulation string

const (
	// FormulationPlain compiles in half a second.
	FormulationPlain Formulation = "plain"
	// FormulationWinograd computes faster on a CPU and takes seconds to compile.
	FormulationWinograd Formulation = "winograd"
	// FormulationAuto is chosen by the device and the number of images expected.
	FormulationAuto Formulation = "auto"
)

// Formulations lists the formulations.
func Formulations() []Formulation {
	return []Formulation{FormulationAuto, FormulationPlain, FormulationWinograd}
}

// Depths lists the depths.
func Depths() []int { return []int{18, 34, 50, 101, 152} }

// A ChoiceError is an option whose value is not among the values that it takes.
type ChoiceError struct {
	Field   string
	Choices []string
	Got     string
}

func (e *ChoiceError) Error() string {
	return fmt.Sprintf("%s must be one of %s; got %s", e.Field, strings.Join(e.Choices, ", "), e.Got)
}

// OneOf returns a ChoiceError where got is not among the choices.
func OneOf[T comparable](field string, choices []T, got T) error {
	if slices.Contains(choices, got) {
		return nil
	}
	e := &ChoiceError{Field: field, Got: fmt.Sprint(got)}
	if e.Got == "" {
		e.Got = `""`
	}
	for _, c := range choices {
		e.Choices = append(e.Choices, fmt.Sprint(c))
	}
	return e
}

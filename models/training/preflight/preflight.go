// Package preflight looks for the classic mistakes in a training before its first epoch.
package preflight

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/training/job"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// The codes of what Diagnose finds, as Job.Accept takes them.
const (
	CodePreprocess   = "preprocess"
	CodePoolNone     = "pool-none"
	CodeBatchNorm    = "batch-norm"
	CodeLeak         = imagefolder.CodeLeak
	CodeFewImages    = imagefolder.CodeFewImages
	CodeImbalance    = imagefolder.CodeImbalance
	CodeRandom       = "random"
	CodeLabelOrder   = "label-order"
	CodeLearningRate = "learning-rate"
	CodeNoValidation = "no-validation"
	CodeBatchOfOne   = "batch-of-one"
)

// Codes lists the codes of what Diagnose finds.
func Codes() []string {
	return []string{
		CodePreprocess, CodePoolNone, CodeBatchNorm, CodeLeak, CodeFewImages, CodeImbalance, CodeRandom, CodeLabelOrder, CodeLearningRate,
		CodeNoValidation, CodeBatchOfOne,
	}
}

// Bounds of what is found. They are conventions of the field, not measurements.
const (
	manyLeaked      = 0.05 // fraction of the validation images that are trained on, from which on it proves nothing
	largeRate       = 0.1  // of Adam: above it, losses of this kind rise
	largeTuningRate = 1e-3 // of Adam, for pretrained stages: above it, what they have learnt is lost
)

// An Error is a job that was refused for what Diagnose calls errors.
type Error struct{ Diagnoses []diagnosis.Diagnosis }

func (e *Error) Error() string {
	sentences := make([]string, len(e.Diagnoses))
	for i, d := range e.Diagnoses {
		sentences[i] = d.Sentence + " " + d.Fix
	}
	return "train: " + strings.Join(sentences, "; ")
}

// Diagnose looks for the classic mistakes in a job. training.Fit calls it too: errors stop it, warnings are told as events, and what
// Job.Accept names is passed over.
func Diagnose(j job.Job) []diagnosis.Diagnosis {
	if j.Validate() != nil {
		return nil // training.Fit says what is wrong with it
	}
	return diagnose(j, j.Backbone.Identity())
}

// diagnose is Diagnose with what the backbone says of itself.
func diagnose(j job.Job, id features.Identity) []diagnosis.Diagnosis {
	var list []diagnosis.Diagnosis
	for _, found := range []*diagnosis.Diagnosis{
		wrongPreprocessing(id), wrongLabelOrder(j), leakedImages(j), normWhileFrozen(j.Recipe), tooFewImages(j), unpooledFeatures(j),
		randomBackbone(id), imbalancedClasses(j), tooLargeRate(j.Recipe), noValidation(j), batchOfOne(j),
	} {
		if found != nil && !slices.Contains(j.Accept, found.Code) {
			list = append(list, *found)
		}
	}
	return list
}

// Check refuses, without a device and at once, what training.Fit would refuse before it starts: a job that cannot be done,
// and the mistakes that Diagnose calls errors.
func Check(j job.Job) error {
	if err := j.Validate(); err != nil {
		return err
	}
	return Refusal(Diagnose(j))
}

// Refusal is the Error of a job that has such diagnoses; nil where none of them is an error.
func Refusal(list []diagnosis.Diagnosis) error {
	refused := slices.DeleteFunc(slices.Clone(list), func(d diagnosis.Diagnosis) bool { return d.Severity != diagnosis.Error })
	if len(refused) == 0 {
		return nil
	}
	return &Error{refused}
}

func found(severity diagnosis.Severity, code, sentence, fix string) *diagnosis.Diagnosis {
	return &diagnosis.Diagnosis{Severity: severity, Code: code, Sentence: sentence, Fix: fix}
}

func wrongPreprocessing(id features.Identity) *diagnosis.Diagnosis {
	trained, asked := id.Weights.Preprocess, id.Architecture.Preprocess
	if trained == "" || trained == asked {
		return nil
	}
	return found(diagnosis.Error, CodePreprocess,
		fmt.Sprintf("The weights were trained on images with %s preprocessing and would get %s: the features mean nothing then.",
			trained, asked),
		"Use the preprocessing that the weights were trained with.")
}

func wrongLabelOrder(j job.Job) *diagnosis.Diagnosis {
	if j.Classes == nil || slices.Equal(j.Classes, j.Dataset.Classes) {
		return nil
	}
	return found(diagnosis.Error, CodeLabelOrder,
		fmt.Sprintf("The saved model's classes are %q, and the dataset's are %q: the same output would mean another class.",
			j.Classes, j.Dataset.Classes),
		"Name the folders as the model does, or train a new model.")
}

func leakedImages(j job.Job) *diagnosis.Diagnosis {
	trained := map[digest.Sum]bool{}
	for _, item := range j.Dataset.Items {
		if item.Split == imagefolder.Train {
			trained[item.SHA256] = true
		}
	}
	leaked, val := 0, j.Dataset.Select(imagefolder.Val)
	for _, item := range val {
		if trained[j.Dataset.Items[item].SHA256] {
			leaked++
		}
	}
	if leaked == 0 {
		return nil
	}
	severity := diagnosis.Warning
	if float64(leaked) >= manyLeaked*float64(len(val)) {
		severity = diagnosis.Error
	}
	return found(severity, CodeLeak,
		fmt.Sprintf("%d of %d validation images are trained on as well: the validation accuracy is too good.", leaked, len(val)),
		"Load the dataset without following its own split, so that equal images stay in one subset.")
}

func normWhileFrozen(r recipe.Recipe) *diagnosis.Diagnosis {
	if !r.TrainNorm || r.Unfreeze != recipe.StageNone {
		return nil
	}
	return found(diagnosis.Error, CodeBatchNorm,
		"The batch norms of a frozen backbone would be trained: their numbers no longer fit the weights that stay.",
		"Unfreeze a stage as well, or leave the batch norms frozen.")
}

func tooFewImages(j job.Job) *diagnosis.Diagnosis {
	if j.Recipe.Task == recipe.Regression {
		return nil
	}
	return j.Dataset.FewImages()
}

func unpooledFeatures(j job.Job) *diagnosis.Diagnosis {
	network, err := j.Network()
	shape := j.Backbone.FeatureShape()
	if err != nil || len(shape) != 3 {
		return nil // Validate says what is wrong
	}
	steps := network.Plan.Steps
	for i, step := range steps[:len(steps)-1] {
		if next := steps[i+1]; step.Kind == head.Flatten && next.Kind == head.Dense {
			return found(diagnosis.Warning, CodePoolNone,
				fmt.Sprintf("Unpooled features feed a dense layer: %dx%dx%d numbers make %.1f million weights in it, which overfit "+
					"the training images.", shape[0], shape[1], shape[2], float64(next.Weights[0].Size())/1e6),
				"Average the feature maps.")
		}
	}
	return nil
}

func randomBackbone(id features.Identity) *diagnosis.Diagnosis {
	if id.Weights.Trained {
		return nil
	}
	return found(diagnosis.Warning, CodeRandom,
		"The backbone has random weights: nothing is transferred, and the result is that of an untrained network.",
		"Use pretrained weights.")
}

func imbalancedClasses(j job.Job) *diagnosis.Diagnosis {
	if j.Recipe.Task != recipe.Single || j.Recipe.ClassWeights != recipe.ClassWeightsNone {
		return nil
	}
	return j.Dataset.Imbalance()
}

func tooLargeRate(r recipe.Recipe) *diagnosis.Diagnosis {
	if r.Optimizer != stepper.Adam && r.Optimizer != stepper.AdamW {
		return nil
	}
	switch {
	case r.LearningRate > largeRate:
		return found(diagnosis.Warning, CodeLearningRate,
			fmt.Sprintf("A learning rate of %g is large for %s: the loss may rise to infinity.", r.LearningRate, r.Optimizer),
			"Try a learning rate of 0.001, or the learning-rate range test.")
	case r.Unfreeze != recipe.StageNone && r.LearningRate > largeTuningRate:
		return found(diagnosis.Warning, CodeLearningRate,
			fmt.Sprintf("A learning rate of %g overwrites what the unfrozen stages have learnt.", r.LearningRate),
			"Try a learning rate of 0.001: the stages get a fraction of it, the stage rate.")
	}
	return nil
}

// batchOfOne finds batch normalization over a single image. In a head, whose features are a vector, the mean is the value itself:
// every image gives the same output. In a stage the statistics are those of one image's feature map.
func batchOfOne(j job.Job) *diagnosis.Diagnosis {
	if j.Recipe.BatchSize/max(j.Recipe.Devices, 1) > 1 {
		return nil
	}
	inHead := false
	if network, err := j.Network(); err == nil { // Validate says what is wrong
		inHead = slices.ContainsFunc(network.Plan.Steps, func(s head.Step) bool { return s.Kind == head.BatchNorm })
	}
	switch {
	case inHead:
		return found(diagnosis.Warning, CodeBatchOfOne,
			"With one image per batch, batch normalization in the head gives the same output for every image: the training stays at chance.",
			"Use a batch size of 16 or more, or layer normalization (layernorm).")
	case j.Recipe.TrainNorm:
		return found(diagnosis.Warning, CodeBatchOfOne,
			"With one image per batch, the batch norms of unfrozen stages learn the statistics of single images.",
			"Use a batch size of 16 or more, or leave the batch norms frozen.")
	}
	return nil
}

func noValidation(j job.Job) *diagnosis.Diagnosis {
	if len(j.Dataset.Select(imagefolder.Val)) > 0 {
		return nil
	}
	return found(diagnosis.Warning, CodeNoValidation,
		"There are no validation images: the best epoch is chosen by the training loss, which always falls.",
		"Load the dataset with a fifth of it for validation.")
}

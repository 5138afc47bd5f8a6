package transfer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/imagefolder"
)

// Severity of a Finding.
type Severity string

// An error makes the result meaningless; a warning makes it worse than it could be.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// A Finding is a classic mistake that Preflight sees.
type Finding struct {
	Severity Severity `json:"severity"`
	Sentence string   `json:"sentence"` // what is wrong
	Fix      string   `json:"fix"`      // what to do
	Silence  string   `json:"silence"`  // the name that Config.Silence takes to accept it
}

// The names that Config.Silence takes.
const (
	SilencePreprocess = "preprocess"
	SilencePoolNone   = "pool-none"
	SilenceBatchNorm  = "batch-norm"
	SilenceLeak       = "leak"
	SilenceFew        = "few-images"
	SilenceImbalance  = "imbalance"
	SilenceRandom     = "random"
	SilenceLabelOrder = "label-order"
	SilenceRate       = "learning-rate"
	SilenceNoVal      = "no-validation"
)

// Bounds of the findings.
const (
	fewImages       = 10   // training images of a class, below which it is hardly learnt
	heavyImbalance  = 5    // times as many images in the largest class as in the smallest
	manyLeaked      = 0.05 // share of the validation images that are trained on, from which on it proves nothing
	largeRate       = 0.1  // of Adam: past it, losses of this kind rise
	largeTuningRate = 1e-3 // of Adam, for pretrained stages: past it, what they know is lost
)

// Preflight looks for the classic mistakes before the first epoch. Fit calls it too: errors stop it, warnings are told
// as events, and what Config.Silence names is passed over.
func Preflight(config Config) []Finding {
	config, err := config.complete()
	if err != nil {
		return nil // Fit says what is wrong with it
	}
	var findings []Finding
	for _, check := range []func(Config) *Finding{
		wrongPreprocessing, wrongLabelOrder, leakedImages, normWhileFrozen, tooFewImages, unpooledFeatures, randomBackbone,
		imbalancedClasses, tooLargeRate, noValidation,
	} {
		if f := check(config); f != nil && !slices.Contains(config.Silence, f.Silence) {
			findings = append(findings, *f)
		}
	}
	return findings
}

func wrongPreprocessing(c Config) *Finding {
	id := c.Backbone.Identity()
	if id.Belongs == "" || id.Belongs == id.Preprocess {
		return nil
	}
	return &Finding{Error,
		fmt.Sprintf("The weights were trained on images with %s preprocessing and would see %s: the features mean nothing then.",
			id.Belongs, id.Preprocess),
		"Leave --preprocess at auto.", SilencePreprocess}
}

func wrongLabelOrder(c Config) *Finding {
	if c.Classes == nil || slices.Equal(c.Classes, c.Dataset.Classes) {
		return nil
	}
	return &Finding{Error,
		fmt.Sprintf("The saved model's classes are %q, and the dataset's are %q: the same output would mean another class.",
			c.Classes, c.Dataset.Classes),
		"Name the folders as the model does, or train a new model.", SilenceLabelOrder}
}

func leakedImages(c Config) *Finding {
	trained := map[string]bool{}
	for _, item := range c.Dataset.Items {
		if item.Split == imagefolder.Train {
			trained[item.SHA256] = true
		}
	}
	leaked, val := 0, c.Dataset.Select(imagefolder.Val)
	for _, item := range val {
		if trained[c.Dataset.Items[item].SHA256] {
			leaked++
		}
	}
	if leaked == 0 {
		return nil
	}
	f := &Finding{Warning,
		fmt.Sprintf("%d of %d validation images are trained on as well: the validation accuracy is too good.", leaked, len(val)),
		"Load the dataset without --follow-split, so that equal images stay on one side.", SilenceLeak}
	if float64(leaked) >= manyLeaked*float64(len(val)) {
		f.Severity = Error
	}
	return f
}

func normWhileFrozen(c Config) *Finding {
	if !c.TrainNorm || c.Unfreeze != "" {
		return nil
	}
	return &Finding{Error,
		"The batch norms of a frozen backbone would be trained: their numbers no longer fit the weights that stay.",
		"Unfreeze a stage as well, or leave the batch norms frozen.", SilenceBatchNorm}
}

func tooFewImages(c Config) *Finding {
	if c.Task == Regression {
		return nil
	}
	var none, few []string
	for label, n := range c.Dataset.Count(imagefolder.Train) {
		class := imagefolder.Printable(c.Dataset.Classes[label])
		switch {
		case n == 0:
			none = append(none, class)
		case n < fewImages:
			few = append(few, fmt.Sprintf("%s (%d)", class, n))
		}
	}
	const fix = "Add images, merge the class into another, or leave its folder out."
	switch {
	case none != nil:
		return &Finding{Error, "No image to train on in the class " + strings.Join(none, ", ") + ".", fix, SilenceFew}
	case few != nil:
		return &Finding{Warning, fmt.Sprintf("Fewer than %d images to train on in the class %s.", fewImages, strings.Join(few, ", ")),
			fix, SilenceFew}
	}
	return nil
}

func unpooledFeatures(c Config) *Finding {
	spec, err := head.Parse(c.Head)
	if err != nil {
		return nil // Fit says so
	}
	features := c.Backbone.FeatureShape()
	plan, err := spec.Plan(features, c.outputs())
	if err != nil || len(features) != 3 {
		return nil
	}
	for i, step := range plan.Steps[:len(plan.Steps)-1] {
		if next := plan.Steps[i+1]; step.Kind == head.Flatten && next.Kind == head.Dense {
			return &Finding{Warning,
				fmt.Sprintf("Unpooled features feed a dense layer: %dx%dx%d numbers make %.1f million weights in it, which learn the "+
					"training images by heart.", features[0], features[1], features[2], float64(next.Weights[0].Size())/1e6),
				"Use --pool avg.", SilencePoolNone}
		}
	}
	return nil
}

func randomBackbone(c Config) *Finding {
	if c.Backbone.Identity().Trained {
		return nil
	}
	return &Finding{Warning, "The backbone has random weights: nothing is transferred, and the result is that of an untrained network.",
		"Use --weights imagenet, or a file.", SilenceRandom}
}

func imbalancedClasses(c Config) *Finding {
	if c.Task != Single || c.ClassWeights != "" {
		return nil
	}
	counts := c.Dataset.Count(imagefolder.Train)
	largest, smallest := 0, -1
	for label, n := range counts {
		if n > counts[largest] {
			largest = label
		}
		if n > 0 && (smallest < 0 || n < counts[smallest]) {
			smallest = label
		}
	}
	if smallest < 0 || counts[largest] < heavyImbalance*counts[smallest] {
		return nil
	}
	return &Finding{Warning,
		fmt.Sprintf("The class %s has %d training images and %s has %d: the small one is rarely predicted.",
			imagefolder.Printable(c.Dataset.Classes[largest]), counts[largest],
			imagefolder.Printable(c.Dataset.Classes[smallest]), counts[smallest]),
		"Use --class-weights auto.", SilenceImbalance}
}

func tooLargeRate(c Config) *Finding {
	if c.Optimizer != "adam" && c.Optimizer != "adamw" {
		return nil
	}
	switch {
	case c.LearningRate > largeRate:
		return &Finding{Warning, fmt.Sprintf("A learning rate of %g is large for %s: the loss may rise to infinity.", c.LearningRate, c.Optimizer),
			"Try --lr 0.001, or --find-lr.", SilenceRate}
	case c.Unfreeze != "" && c.LearningRate > largeTuningRate:
		return &Finding{Warning, fmt.Sprintf("A learning rate of %g overwrites what the unfrozen stages have learnt.", c.LearningRate),
			"Try --lr 0.001: the stages get a fraction of it (--stage-rate).", SilenceRate}
	}
	return nil
}

func noValidation(c Config) *Finding {
	if len(c.Dataset.Select(imagefolder.Val)) > 0 {
		return nil
	}
	return &Finding{Warning, "There are no validation images: the best epoch is taken by the training loss, which always falls.",
		"Load the dataset with --val 0.2.", SilenceNoVal}
}

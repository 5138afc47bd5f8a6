package transfer

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/training"
)

// remedy is how a magic fixes what a diagnosis of that code found; empty where no flag does.
func remedy(code string) string {
	return map[string]string{
		training.CodePreprocess:   "%model --preprocess auto",
		training.CodePoolNone:     "%model --pool avg",
		training.CodeRandom:       "%model --weights imagenet",
		training.CodeLeak:         "%dataset load without --follow-split",
		training.CodeNoValidation: "%dataset load --val 0.2",
		training.CodeImbalance:    "--class-weights auto",
		training.CodeBatchNorm:    "--unfreeze conv5",
		training.CodeLearningRate: "--lr, --find-lr",
		training.CodeNotCached:    "--augment-copies 2",
		training.CodeUnchanged:    "--stage-rate",
	}[code]
}

// sentences are a diagnosis for people.
func sentences(d diagnosis.Diagnosis) string {
	text := strings.TrimSpace(d.Sentence + " " + d.Fix)
	if fix := remedy(d.Code); fix != "" {
		text += " (" + fix + ")"
	}
	return text
}

// accepted is a diagnosis of the check before a training for people, with how it is accepted.
func accepted(d diagnosis.Diagnosis) string {
	return fmt.Sprintf("%s (--allow %s accepts it)", sentences(d), d.Code)
}

// noted is a diagnosis that a training tells, for the notes of its figure.
func noted(d diagnosis.Diagnosis) string {
	if slices.Contains(training.PreflightCodes(), d.Code) {
		return accepted(d)
	}
	return sentences(d)
}

// advised adds to an error of the library what the flags and magics do about it.
func advised(err error) error {
	if refused, ok := errors.AsType[*training.PreflightError](err); ok {
		var list []string
		for _, d := range refused.Diagnoses {
			list = append(list, accepted(d))
		}
		return &advice{err, "train: " + strings.Join(list, "; ")}
	}
	if field, ok := errors.AsType[*training.FieldError](err); ok {
		if name := flagOf(field.Field); name != "" {
			return &advice{err, fmt.Sprintf("%v (--%s)", err, name)}
		}
	}
	if option, ok := errors.AsType[*imagefolder.OptionError](err); ok {
		return &advice{err, fmt.Sprintf("%v (--%s)", err, option.Field)}
	}
	if devices, ok := errors.AsType[*training.DevicesError](err); ok {
		return &advice{err, fmt.Sprintf("%v; %%device cpu --devices %d makes as many of a CPU, and %%device cuda takes all GPUs", err, devices.Asked)}
	}
	if unfinished, ok := errors.AsType[*training.UnfinishedError](err); ok && unfinished.Status != training.Running {
		return &advice{err, fmt.Sprintf("%v: continue it by %%train --resume %s", err, unfinished.Run)}
	}
	if errors.Is(err, classifier.ErrNoImages) {
		return &advice{err, fmt.Sprintf("%v; %%dataset load --val and --test say how many it gets", err)}
	}
	return err
}

// advice is an error in words that name flags.
type advice struct {
	cause error
	text  string
}

func (a *advice) Error() string { return a.text }
func (a *advice) Unwrap() error { return a.cause }

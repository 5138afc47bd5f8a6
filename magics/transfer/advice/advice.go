// Package advice tells which magic or flag fixes what the library found.
package advice

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/internal/visible"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/recipeflag"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/lab/named"
	"github.com/headstart-nb/headstart/models/lab/predictor"
	"github.com/headstart-nb/headstart/models/lab/teaching"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/models/training/preflight"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/record"
)

// A Reader is who reads advice. It decides whether a fix names magics or the flags of a command.
type Reader int

// The readers.
const (
	Notebook Reader = iota // has magics
	Terminal               // has the commands of headstart, each with all the flags that its work takes
)

// Command names the magic that does some work, or the command: %train, headstart train.
func (r Reader) Command(name string) string {
	if r == Terminal {
		return "headstart " + name
	}
	return "%" + name
}

// remedy is how a reader fixes what a diagnosis of that code found; empty where no flag does.
func (r Reader) remedy(code string) string {
	found := map[string]struct{ magic, flags string }{
		preflight.CodePreprocess:   {"%model ", "--preprocess auto"},
		preflight.CodePoolNone:     {"%model ", "--pool avg"},
		preflight.CodeRandom:       {"%model ", "--weights imagenet"},
		preflight.CodeLeak:         {"%dataset load ", "without --follow-split"},
		preflight.CodeNoValidation: {"%dataset load ", "--val 0.2"},
		preflight.CodeImbalance:    {"", "--class-weights auto"},
		preflight.CodeBatchNorm:    {"", "--unfreeze conv5"},
		preflight.CodeLearningRate: {"", "--lr, --find-lr"},
		preflight.CodeBatchOfOne:   {"", "--batch 32"},
		training.CodeNotCached:     {"", "--augment-copies 2"},
		training.CodeUnchanged:     {"", "--stage-rate"},
		training.CodeLong:          {"%dataset load ", "--size 112 or 160"},
		training.CodeNoGain:        {"", "--recipe auto"},
	}[code]
	if r == Terminal {
		return found.flags
	}
	return found.magic + found.flags
}

// Sentences are a diagnosis for people.
func (r Reader) Sentences(d diagnosis.Diagnosis) string {
	text := strings.TrimSpace(d.Sentence + " " + d.Fix)
	if fix := r.remedy(d.Code); fix != "" {
		text += " (" + fix + ")"
	}
	return text
}

// Accepted is a diagnosis of the check before a training for people, with how it is accepted.
func (r Reader) Accepted(d diagnosis.Diagnosis) string {
	return fmt.Sprintf("%s (--allow %s accepts it)", r.Sentences(d), d.Code)
}

// Noted is a diagnosis that a training tells, for the notes of its figure.
func (r Reader) Noted(d diagnosis.Diagnosis) string {
	if slices.Contains(preflight.Codes(), d.Code) {
		return r.Accepted(d)
	}
	return r.Sentences(d)
}

// Add adds to an error of the library what the flags and magics do about it. What a terminal obeys in it, such as an escape sequence in
// the name of a file, is shown instead.
func (r Reader) Add(err error) error {
	if err == nil {
		return nil
	}
	text := visible.Text(cmp.Or(r.hint(err), err.Error()))
	if text == err.Error() {
		return err
	}
	return &advice{err, text}
}

// Adding makes a magic's work of do: its errors name the magic or flag that fixes them.
func Adding[O any](do func(context.Context, *magics.Invocation, *O) error) func(context.Context, *magics.Invocation, *O) error {
	return func(ctx context.Context, in *magics.Invocation, o *O) error {
		return Notebook.Add(do(ctx, in, o))
	}
}

// Misused tells whether an error is a value that a flag does not take.
func Misused(err error) bool {
	return errors.As(err, new(*recipe.FieldError)) || errors.As(err, new(*imagefolder.OptionError))
}

// hint is an error with what the flags and magics do about it; empty where they do nothing.
func (r Reader) hint(err error) string {
	if err == nil || errors.As(err, new(*advice)) {
		return ""
	}
	if refused, ok := errors.AsType[*preflight.Error](err); ok {
		var list []string
		for _, d := range refused.Diagnoses {
			list = append(list, r.Accepted(d))
		}
		return "train: " + strings.Join(list, "; ")
	}
	if field, ok := errors.AsType[*recipe.FieldError](err); ok {
		if name := recipeflag.Of(field.Field); name != "" {
			return fmt.Sprintf("%v (--%s)", err, name)
		}
	}
	if option, ok := errors.AsType[*imagefolder.OptionError](err); ok {
		return fmt.Sprintf("%v (--%s)", err, option.Field)
	}
	if fetch, ok := errors.AsType[*resnet.FetchError](err); ok {
		return fmt.Sprintf("%s\nput the file at %s (SHA-256 %s), or use --weights %s, which needs no network", fetch.Problem(), fetch.Path,
			fetch.Set.File.Digest(), resnet.SetSample)
	}
	if errors.As(err, new(*classifier.NoBackboneError)) {
		return fmt.Sprintf("%v (--weights FILE)", err)
	}
	if errors.As(err, new(*imageio.PixelsError)) {
		return fmt.Sprintf("%v (--max-pixels)", err)
	}
	if errors.Is(err, classifier.ErrNoImages) {
		return fmt.Sprintf("%v; --val and --test say how many it gets when the dataset is loaded", err)
	}
	if errors.As(err, new(*lab.PinnedError)) {
		return fmt.Sprintf("%v (%%serve stop ends that)", err)
	}
	if errors.As(err, new(*classifier.LostImagesError)) {
		return fmt.Sprintf("%v; name the folder where they are (%s)", err, map[Reader]string{Notebook: "--dir DIR", Terminal: "evaluate MODEL DIR"}[r])
	}
	if r == Terminal {
		return terminalHint(err)
	}
	if devices, ok := errors.AsType[*recipe.DevicesError](err); ok {
		return fmt.Sprintf("%v; %%device cpu --devices %d makes as many of a CPU, and %%device cuda takes all GPUs", err, devices.Asked)
	}
	return labHint(err)
}

// terminalHint is hint for what only a command of headstart says about an error.
func terminalHint(err error) string {
	if missing, ok := errors.AsType[*named.NotFoundError](err); ok {
		if near := nearest(missing); near != "" {
			return fmt.Sprintf("%v; did you mean %s?", err, near)
		}
		if missing.Kind == named.KindRun || missing.Kind == named.KindRunOrModel {
			return fmt.Sprintf("%v; headstart runs lists them", err)
		}
	}
	if unfinished, ok := errors.AsType[*record.UnfinishedError](err); ok && unfinished.Status != progress.Running {
		return fmt.Sprintf("%v; continue it with headstart train DIR --resume %s", err, magics.JoinWords([]string{unfinished.Run}))
	}
	if taken, ok := errors.AsType[*lab.RunExistsError](err); ok && taken.Doing == "" {
		return fmt.Sprintf("%v, or continue it with --resume %s", err, magics.JoinWords([]string{taken.Run}))
	}
	if errors.As(err, new(*teaching.NothingTaughtError)) || errors.As(err, new(*teaching.FewClassesError)) {
		return fmt.Sprintf("%v: add images with headstart teach MODEL FILE --class NAME", err)
	}
	return ""
}

// labHint is hint for the errors of the lab.
func labHint(err error) string {
	if missing, ok := errors.AsType[*named.NotFoundError](err); ok {
		return notFound(err, missing)
	}
	if unfinished, ok := errors.AsType[*record.UnfinishedError](err); ok && unfinished.Status != progress.Running {
		return fmt.Sprintf("%v; continue it with %%train --resume %s", err, magics.JoinWords([]string{unfinished.Run}))
	}
	if untrained, ok := errors.AsType[*lab.UntrainedError](err); ok {
		return fmt.Sprintf("%v: run %%train --model %s first", err, magics.JoinWords([]string{untrained.Model}))
	}
	if none, ok := errors.AsType[*teaching.NothingTaughtError](err); ok {
		return fmt.Sprintf("%v: add images with %%teach CLASS FILE%s", err, modelFlag(none.Model))
	}
	if few, ok := errors.AsType[*teaching.FewClassesError](err); ok {
		return fmt.Sprintf("%v: add images of another class with %%teach CLASS FILE%s", err, modelFlag(few.Model))
	}
	if none, ok := errors.AsType[*lab.NoRunError](err); ok {
		return fmt.Sprintf("%v: start one with %%train --model %s", err, magics.JoinWords([]string{none.Model}))
	}
	if running, ok := errors.AsType[*lab.RunningError](err); ok {
		run := magics.JoinWords([]string{running.Run})
		return fmt.Sprintf("%v; %%attach %s shows it, and with --stop ends it", err, run)
	}
	if taken, ok := errors.AsType[*lab.RunExistsError](err); ok && taken.Doing == "" {
		return fmt.Sprintf("%v, or continue it with %%train --resume %s", err, magics.JoinWords([]string{taken.Run}))
	}
	if errors.As(err, new(*predictor.NoImagesError)) {
		return fmt.Sprintf("%v; load them with %%dataset load DIR, or name files or a folder", err)
	}
	return ""
}

// modelFlag names a model to %teach, unless it is the usual one.
func modelFlag(model string) string {
	if model == lab.TaughtName {
		return ""
	}
	return " --model " + magics.JoinWords([]string{model})
}

// nearest is the name that a misspelled one most likely meant; empty where none is close.
func nearest(missing *named.NotFoundError) string {
	if missing.Name == "" {
		return ""
	}
	return magics.Nearest(missing.Name, missing.Have)
}

// notFound says which name is near, and with what a thing of that name is made.
func notFound(err error, missing *named.NotFoundError) string {
	if near := nearest(missing); near != "" {
		return fmt.Sprintf("%v; did you mean %s?", err, near)
	}
	name := magics.JoinWords([]string{missing.Name})
	switch missing.Kind {
	case named.KindDataset:
		if missing.Name == "" {
			return fmt.Sprintf("%v: load a folder with %%dataset load DIR, or try %%dataset sample", err)
		}
		return fmt.Sprintf("%v; load it with %%dataset load DIR --name %s", err, name)
	case named.KindModel:
		if missing.Name == "" {
			return fmt.Sprintf("%v: build one with %%model resnet50", err)
		}
		return fmt.Sprintf("%v; build it with %%model resnet50 --name %s", err, name)
	case named.KindRun, named.KindRunOrModel:
		if len(missing.Have) == 0 {
			return fmt.Sprintf("%v: start one with %%train", err)
		}
		return fmt.Sprintf("%v; %%runs lists them", err)
	case named.KindImages:
		return fmt.Sprintf("%v; a Go cell stores one with nbhelpers.Put(%q, images)", err, missing.Name)
	}
	return ""
}

// advice is an error in words that name flags.
type advice struct {
	cause error
	text  string
}

func (a *advice) Error() string { return a.text }
func (a *advice) Unwrap() error { return a.cause }

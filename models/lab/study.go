package lab

import (
	"context"
	"fmt"
	"slices"

	"github.com/headstart-nb/headstart/internal/homepath"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/lab/predictor"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/models/training/preflight"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// StudyOptions say what is studied of the images that a model was trained on.
type StudyOptions struct {
	Stages        bool           // the accuracy of each stage of the frozen backbone
	LearningCurve bool           // the accuracy over the number of training images
	Split         string         // that the stages are measured on: val or test
	Dir           string         // of the images; empty: where they were
	Limits        imageio.Limits // of what is decoded; zero: those of the training
	Events        func(progress.Event)
}

// A Study is how good linear classifiers are on the frozen features of a model's images, by stage and by number of images.
type Study struct {
	Model   string                   `json:"model"`
	Split   string                   `json:"split"`
	Folds   int                      `json:"folds"`
	Train   int                      `json:"train_images"`
	Tuned   bool                     `json:"tuned"` // stages of the model's backbone were trained, and are not frozen there
	Stages  []selection.StageScore   `json:"stages,omitempty"`
	Curve   *selection.LearningCurve `json:"learning_curve,omitempty"`
	Summary string                   `json:"summary,omitempty"` // whether more images would help

	Trained *predictor.Predictor `json:"-"`
}

// A TaskError is a study of a model that does not tell classes apart.
type TaskError struct{ Task recipe.Task }

func (e *TaskError) Error() string {
	return fmt.Sprintf("compare stages and training sizes: that needs one class for each image, and the task of the model is %s", e.Task)
}

// Study fits linear classifiers to cached features of the images that a model was trained on. What is chosen is chosen by
// cross-validation on the training images. The images of the split measure what was chosen.
func (l *Lab) Study(ctx context.Context, of Ref, o StudyOptions) (*Study, error) {
	trained, err := l.Trained(ctx, of)
	if err != nil {
		return nil, err
	}
	outcome := trained.Model.Outcome
	if outcome.Task != recipe.Single {
		return nil, &TaskError{outcome.Task}
	}
	if !slices.Contains([]string{imagefolder.Val, imagefolder.Test}, o.Split) && o.Stages {
		return nil, fmt.Errorf("compare stages: the split must be val or test; got %q: the training images choose the classifiers", o.Split)
	}
	probes, err := l.probes(ctx, trained, o)
	if err != nil {
		return nil, err
	}
	report := outcome.Selection
	if report == nil || report.Folds == 0 {
		if report, err = selection.Choose(ctx, probes.Train, probes.Options); err != nil {
			return nil, err
		}
	}
	study := &Study{
		Model: trained.Name, Split: o.Split, Folds: report.Folds, Train: len(probes.Train.Labels), Tuned: trained.Model.Unfrozen() != "", Trained: trained,
	}
	if o.Stages {
		if study.Stages, err = selection.Measure(ctx, probes.Train, probes.Held, report, probes.Options); err != nil {
			return nil, err
		}
	}
	if o.LearningCurve {
		if study.Curve, err = selection.Learn(ctx, probes.Train, report.Choice().Candidate, probes.Options); err != nil {
			return nil, err
		}
		study.Summary = study.Curve.Summary()
	}
	l.leave("last.study", study)
	return study, nil
}

// probes are the features that a study works on.
func (l *Lab) probes(ctx context.Context, trained *predictor.Predictor, o StudyOptions) (*training.Probes, error) {
	outcome := trained.Model.Outcome
	data := trained.Dataset
	if data == nil || o.Dir != "" {
		dir, err := homepath.Expand(o.Dir)
		if err != nil {
			return nil, err
		}
		if o.Limits.MaxPixels == 0 {
			o.Limits = trained.Model.Limits()
		}
		if data, err = classifier.TrainingImages(ctx, outcome, classifier.VerifyOptions{Root: dir, Limits: o.Limits}); err != nil {
			return nil, err
		}
	}
	split := ""
	if o.Stages {
		if split = o.Split; len(data.Select(split)) == 0 {
			return nil, fmt.Errorf("compare stages on %s of %s: %w", split, imagefolder.Printable(data.Name), classifier.ErrNoImages)
		}
	}
	device, err := l.Device(ctx)
	if err != nil {
		return nil, err
	}
	backbone, err := l.wholeBackbone(ctx, trained)
	if err != nil {
		return nil, err
	}
	job := training.Job{
		Recipe: outcome.Provenance.Recipe, Dataset: data, Backbone: backbone, Environment: training.Environment{Home: l.home}, Accept: preflight.Codes(),
	}
	return training.OpenProbes(ctx, device, job, split, o.Events)
}

// wholeBackbone is the one whose stages were compared for a model, where it is to be had; else the model's own.
func (l *Lab) wholeBackbone(ctx context.Context, trained *predictor.Predictor) (*features.Backbone, error) {
	own := trained.Model.Backbone()
	base := trained.Model.Provenance.Base
	if base == nil {
		return own, nil
	}
	if whole, err := own.At(base.Architecture.Cut.Stages()...); err == nil && whole.Identity().Fingerprint == base.Fingerprint {
		return whole, nil
	}
	if whole, err := l.openBase(ctx, *base, trained.Model, trained.Name); err == nil {
		return whole, nil
	}
	return own, ctx.Err()
}

package classifier

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/headstart-nb/headstart/internal/timeline"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/models/training/feed"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/record"
)

// ErrNoImages marks an evaluation on a subset without images.
var ErrNoImages = errors.New("the subset has no images")

// EvaluateOptions change what Evaluate does.
type EvaluateOptions struct {
	Targets [][]float32          // by item, for Multi and Regression
	Workers int                  // decoding goroutines; 0: one for each core
	Events  func(progress.Event) // progress of the features; may be nil
	TTA     prediction.TTA       // empty: none
}

// EvaluateWith is Evaluate with options, on any items of the dataset.
func (m *Model) EvaluateWith(ctx context.Context, data *imagefolder.Dataset, items []int, options EvaluateOptions) (*metric.Report, error) {
	return m.evaluate(ctx, data, items, &options)
}

func (m *Model) evaluate(ctx context.Context, data *imagefolder.Dataset, items []int, options *EvaluateOptions) (*metric.Report, error) {
	defer timeline.Start(ctx, "evaluate")()
	report, err := m.report(ctx, data, items, options)
	if err != nil {
		return nil, err
	}
	if options != nil && options.TTA.Mirrors() {
		report.TTA = options.TTA
	}
	report.Skipped = []metric.File{}
	if len(items) == len(data.Items) { // a subset says nothing about the files that are in none
		for _, s := range data.Skipped {
			report.Skipped = append(report.Skipped, metric.File{Path: s.Path, Reason: s.Reason})
		}
	}
	return report, nil
}

func (m *Model) report(ctx context.Context, data *imagefolder.Dataset, items []int, options *EvaluateOptions) (*metric.Report, error) {
	if options == nil {
		options = &EvaluateOptions{}
	}
	if len(items) == 0 {
		return nil, fmt.Errorf("evaluate on %s: %w", imagefolder.Printable(data.Name), ErrNoImages)
	}
	if err := options.TTA.Validate(); err != nil {
		return nil, fmt.Errorf("evaluate on %s: %w", imagefolder.Printable(data.Name), err)
	}
	outputs, err := m.probabilities(ctx, data, items, options)
	if err != nil {
		return nil, fmt.Errorf("evaluate on %s: %w", imagefolder.Printable(data.Name), err)
	}
	if m.Task != recipe.Single {
		targets := options.Targets
		if targets == nil {
			if targets, err = m.targets(data, items); err != nil {
				return nil, err
			}
		}
		if len(targets) != len(data.Items) {
			return nil, fmt.Errorf("evaluate on %s: %d rows of targets for %d images", imagefolder.Printable(data.Name), len(targets), len(data.Items))
		}
		return m.Task.Report(m.Classes, outputs, targets, items)
	}
	labels, err := m.labels(data)
	if err != nil {
		return nil, err
	}
	mapped, paths := make([]int, len(items)), make([]string, len(items))
	for i, item := range items {
		mapped[i], paths[i] = labels[data.Items[item].Label], data.Items[item].Path
	}
	return metric.Classify(m.Classes, outputs, mapped, paths)
}

// A TargetsError is images on which a model is to be evaluated that was trained on rows of targets, and whose targets are not known.
type TargetsError struct {
	Dataset string
	Task    recipe.Task
	Images  int    // without targets
	First   string // of them, relative to the dataset's folder
}

func (e *TargetsError) Error() string {
	return fmt.Sprintf("evaluate on %s: the targets of %d images are not known, such as %s: a model of the task %s can be evaluated on the images that it was "+
		"trained on, wherever they are; a folder or list gives classes, and only a Go program gives targets, by classifier.EvaluateOptions",
		e.Dataset, e.Images, e.First, e.Task)
}

// targets are those that the training had for the same images, by item. Among copies it takes that of the same path.
func (m *Model) targets(data *imagefolder.Dataset, items []int) ([][]float32, error) {
	p := m.Provenance
	rows := map[record.File][]float32{}
	for i, f := range p.Files[:min(len(p.Files), len(p.Targets))] {
		if len(p.Targets[i]) == m.outputs() {
			rows[record.File{SHA256: f.SHA256}] = p.Targets[i]
			rows[record.File{SHA256: f.SHA256, Path: f.Path}] = p.Targets[i]
		}
	}
	targets := make([][]float32, len(data.Items))
	unknown := &TargetsError{Dataset: imagefolder.Printable(data.Name), Task: m.Task}
	for _, i := range items {
		key := record.File{SHA256: data.Items[i].SHA256.String(), Path: data.Items[i].Path}
		row, ok := rows[key]
		if !ok {
			row, ok = rows[record.File{SHA256: key.SHA256}]
		}
		if targets[i] = row; !ok {
			if unknown.Images++; unknown.Images == 1 {
				unknown.First = imagefolder.Printable(key.Path)
			}
		}
	}
	if unknown.Images > 0 {
		return nil, unknown
	}
	return targets, nil
}

// labels maps the dataset's labels to the model's by the classes' names.
func (m *Model) labels(data *imagefolder.Dataset) ([]int, error) {
	mapped := make([]int, len(data.Classes))
	for i, class := range data.Classes {
		mapped[i] = slices.Index(m.Classes, class)
		if mapped[i] < 0 {
			return nil, fmt.Errorf("evaluate on %s: the model knows no class %q; it knows %q", imagefolder.Printable(data.Name), class, m.Classes)
		}
	}
	return mapped, nil
}

// Probabilities are the model's outputs, [items, outputs], for items of a dataset.
func (m *Model) Probabilities(ctx context.Context, data *imagefolder.Dataset, items []int) ([]float32, error) {
	return m.probabilities(ctx, data, items, &EvaluateOptions{})
}

func (m *Model) probabilities(ctx context.Context, data *imagefolder.Dataset, items []int, options *EvaluateOptions) ([]float32, error) {
	if err := m.take(); err != nil {
		return nil, err
	}
	defer m.turn.Unlock()
	return averaged(options.TTA, func(mirror bool) ([]float32, error) {
		source, err := m.source(ctx, data, items, options, mirror)
		if err != nil {
			return nil, err
		}
		outputs, err := feed.Once(ctx, source, items, m.stepper.Logits, m.outputs())
		if err != nil {
			return nil, err
		}
		m.Task.Interpret(outputs, m.outputs())
		return outputs, nil
	})
}

// averaged are the outputs of images, averaged with those of the mirror images where these have a part in them.
func averaged(tta prediction.TTA, outputs func(mirror bool) ([]float32, error)) ([]float32, error) {
	mean, err := outputs(false)
	if err != nil || !tta.Mirrors() {
		return mean, err
	}
	other, err := outputs(true)
	for i, v := range other {
		mean[i] = (mean[i] + v) / 2
	}
	return mean, err
}

// source brings the items to the network.
func (m *Model) source(ctx context.Context, data *imagefolder.Dataset, items []int, options *EvaluateOptions, mirror bool) (feed.Feed, error) {
	if m.frozen == nil {
		return feed.Images{Data: data, Geometry: m.geometry(), Batch: m.stepper.Batch(), Workers: options.Workers, Mirror: mirror}, nil
	}
	var variation *features.Variation
	if mirror {
		variation = &features.Variation{Mirror: true}
	}
	table, err := m.frozen.Compute(ctx, data, items, variation, options.Workers, func(p features.Progress) {
		if options.Events != nil {
			options.Events(progress.Event{Kind: progress.FeaturesEvent, Features: &p})
		}
	})
	return feed.Table{Tables: []*features.Table{table}, Batch: m.stepper.Batch()}, err
}

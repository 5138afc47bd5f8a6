package lab

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/lab/input"
	"github.com/headstart-nb/headstart/models/lab/named"
	"github.com/headstart-nb/headstart/models/lab/predictor"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// An Edit is one decision about some images of a dataset, named by their paths.
type Edit struct {
	Action string // imagefolder.Keep, Delete or Relabel
	Paths  []string
	To     string // the class of Relabel
}

// EditDataset writes edits to the dataset's log and loads the dataset again, so that they take effect. No image file changes.
func (l *Lab) EditDataset(ctx context.Context, data *imagefolder.Dataset, edits []Edit) (*imagefolder.Dataset, error) {
	index := map[string]int{}
	for i, item := range data.Items {
		index[imagefolder.Printable(item.Path)] = i
	}
	decisions := make([]imagefolder.Decision, len(edits))
	for n, e := range edits {
		if classes := data.RelabelClasses(); e.Action == imagefolder.Relabel && !slices.Contains(classes, e.To) {
			return nil, fmt.Errorf("edit %s: %w", data.Name, &named.NotFoundError{Kind: named.KindClass, Name: e.To, Have: classes})
		}
		for _, path := range e.Paths {
			i, ok := index[path]
			if !ok {
				return nil, fmt.Errorf("edit %s: it has no image %q; paths are relative to %s", data.Name, path, data.Root)
			}
			decisions[n].Items = append(decisions[n].Items, i)
		}
		decisions[n].Action, decisions[n].To = e.Action, e.To
	}
	if err := data.EditAll(decisions...); err != nil {
		return nil, err
	}
	return l.reload(ctx, data)
}

// UndoEdit takes back the edit with a number, 0 for the last, and loads the dataset again.
func (l *Lab) UndoEdit(ctx context.Context, data *imagefolder.Dataset, number int) (*imagefolder.Dataset, error) {
	if err := data.Undo(number); err != nil {
		return nil, err
	}
	return l.reload(ctx, data)
}

func (l *Lab) reload(ctx context.Context, data *imagefolder.Dataset) (*imagefolder.Dataset, error) {
	source := data.Root
	l.mu.Lock()
	if known, ok := l.datasets.Get(data.Name); ok {
		source = known.source
	}
	l.mu.Unlock()
	options := data.Options
	options.Rehash = false // an edit changes no file
	again, err := imagefolder.Load(ctx, source, options)
	if err != nil {
		return nil, fmt.Errorf("load %s again after the edit: %w", data.Name, err)
	}
	l.keepDataset(again, source)
	return again, nil
}

// Judge says by whom a dataset's labels were judged.
type Judge string

// The judges of Suspects.
const (
	JudgeNone         Judge = "none"          // no model is trained: only copies are found
	JudgeOtherClasses Judge = "other-classes" // the model was trained on other classes: only copies are found
	JudgeModel        Judge = "model"
)

// Suspects are the images whose labels are doubtful, the most doubtful first.
type Suspects struct {
	List   []imagefolder.Suspect
	Judge  Judge
	Model  string // that judged
	Images int    // that it judged
}

// Suspects asks a trained model about the images that it was not trained on, and lists up to limit doubtful images and
// copies. Without a model only copies are found, unless the model was asked for by name.
func (l *Lab) Suspects(ctx context.Context, data *imagefolder.Dataset, of Ref, limit int) (Suspects, error) {
	s := Suspects{Judge: JudgeNone}
	var items []int
	var probabilities []float32
	trained, err := l.Trained(ctx, of)
	switch {
	case err != nil && of != Ref{}:
		return s, err
	case err != nil:
	case trained.Model.Task != recipe.Single || !slices.Equal(trained.Model.Classes, data.Classes):
		s.Judge = JudgeOtherClasses
	default:
		if items, probabilities, err = judge(ctx, data, trained); err != nil {
			return s, err
		}
		s.Judge, s.Model, s.Images = JudgeModel, trained.Name, len(items)
	}
	s.List, err = data.Suspects(items, probabilities, limit)
	return s, err
}

// judge predicts the images that are not trained on: [items, classes].
func judge(ctx context.Context, data *imagefolder.Dataset, trained *predictor.Predictor) (items []int, probabilities []float32, err error) {
	for i, item := range data.Items {
		if item.Split != imagefolder.Train {
			items = append(items, i)
		}
	}
	files := make([]string, len(items))
	for n, i := range items {
		files[n] = input.ItemFile(data, i)
	}
	predictions, err := trained.Model.Predict(ctx, files, 0)
	if err != nil {
		return nil, nil, err
	}
	probabilities = make([]float32, len(items)*len(data.Classes))
	for n, p := range predictions {
		row := probabilities[n*len(data.Classes):][:len(data.Classes)]
		if p.Error != "" { // gone since the load: no opinion
			for c := range row {
				row[c] = float32(1 / math.Max(1, float64(len(row))))
			}
		}
		for _, s := range p.Top {
			row[s.Index] = float32(s.Probability)
		}
	}
	return items, probabilities, nil
}

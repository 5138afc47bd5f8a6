package transfer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/imagefolder"
	training "github.com/headstart-nb/headstart/models/transfer"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

type predictFlags struct {
	Model string
	Top   int
	Limit int
}

func predictMagic(l *Lab) magics.Magic {
	return &magics.Command[predictFlags]{
		Use:     "predict FILE|DIR|@NAME...",
		Short:   "Says what the model sees in images",
		Long:    "@train, @val and @test are the images of the model's dataset, whose true classes are known; @NAME are images that a\nGo cell gave that name with nbhelpers.Put.",
		Example: "%predict ~/images/new.jpg\n%predict @val --limit 8",
		Args:    magics.Args{Min: 1, Max: magics.Any, Complete: magics.Files},
		JSON:    true,
		Flags: func(f *pflag.FlagSet, o *predictFlags) {
			f.StringVar(&o.Model, "model", "", "this model instead of the current one")
			f.IntVar(&o.Top, "top", 3, "classes for each image")
			f.IntVar(&o.Limit, "limit", 24, "images shown; --json answers all")
		},
		Do: func(ctx context.Context, in *magics.Invocation, o *predictFlags) error {
			model, trained, err := l.Trained(o.Model)
			if err != nil {
				return err
			}
			limit := o.Limit
			if in.JSON {
				limit = 0
			}
			subjects, more, err := l.subjects(model, in.Args, limit)
			if err != nil {
				return err
			}
			predictions, err := predict(ctx, trained, subjects, o.Top)
			if err != nil {
				return err
			}
			l.leave("last.predictions", warmPredictions(model.Name, subjects, predictions))
			if in.JSON {
				return in.Result(predictions, nil)
			}
			return showPredictions(ctx, in, model, subjects, predictions, more)
		},
	}
}

// A subject is one image to predict: a file, or pixels that a Go cell handed over.
type subject struct {
	name   string // for people
	file   string // empty for pixels
	pixels []uint8
	width  int
	height int
	truth  string // the true class; empty where nobody knows
}

// subjects resolves arguments to at most limit images (all where limit is 0) and says how many it left out.
func (l *Lab) subjects(model *Model, args []string, limit int) (list []subject, more int, err error) {
	for _, arg := range args {
		found, err := l.resolve(model, arg)
		if err != nil {
			return nil, 0, err
		}
		list = append(list, found...)
	}
	if len(list) == 0 {
		return nil, 0, fmt.Errorf("predicting %s: there is no image in it", strings.Join(args, " "))
	}
	if limit > 0 && len(list) > limit {
		list, more = list[:limit], len(list)-limit
	}
	return list, more, nil
}

func (l *Lab) resolve(model *Model, arg string) ([]subject, error) {
	if name, ok := strings.CutPrefix(arg, "@"); ok {
		if slices.Contains([]string{imagefolder.Train, imagefolder.Val, imagefolder.Test}, name) {
			return l.splitSubjects(model, name)
		}
		return l.putSubjects(name)
	}
	if strings.Contains(arg, "://") {
		return nil, fmt.Errorf("predicting %s: addresses are not fetched; save the image as a file first", arg)
	}
	path, err := expandHome(arg)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("predicting %s: there is no such file or folder; paths are relative to the notebook's folder", arg)
	case err != nil:
		return nil, fmt.Errorf("predicting %s: %w", arg, err)
	case !info.IsDir():
		return []subject{{name: filepath.Base(path), file: path}}, nil
	}
	var list []subject
	err = filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && !strings.HasPrefix(entry.Name(), ".") {
			list = append(list, subject{name: filepath.Base(file), file: file})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", arg, err)
	}
	return list, nil
}

// splitSubjects are the images of one side of the split, the classes taking turns.
func (l *Lab) splitSubjects(model *Model, split string) ([]subject, error) {
	data := model.dataset()
	if data == nil {
		return nil, fmt.Errorf("predicting @%s: the model %s was loaded without its images; name files or a folder", split, model.Name)
	}
	picked, err := spread(data, "", split, len(data.Items))
	if err != nil {
		return nil, err
	}
	if len(picked) == 0 {
		return nil, fmt.Errorf("predicting @%s: no image of %s is on that side of the split; %%dataset load --val and --test say how many are", split, data.Name)
	}
	var list []subject
	for _, i := range picked {
		item := data.Items[i]
		list = append(list, subject{
			name: filepath.Base(item.Path), file: itemFile(data, i), truth: data.Classes[item.Label],
		})
	}
	return list, nil
}

// predict answers each subject in order; an image that cannot be read gets a Prediction with its Error.
func predict(ctx context.Context, trained *training.Model, subjects []subject, top int) ([]training.Prediction, error) {
	files := make([]string, 0, len(subjects))
	for _, s := range subjects {
		if s.file != "" {
			files = append(files, s.file)
		}
	}
	fromFiles, err := trained.Predict(ctx, files, top)
	if err != nil {
		return nil, err
	}
	result := make([]training.Prediction, 0, len(subjects))
	for _, s := range subjects {
		if s.file != "" {
			result, fromFiles = append(result, fromFiles[0]), fromFiles[1:]
			continue
		}
		p, err := predictPixels(ctx, trained, s, top)
		if err != nil {
			return nil, fmt.Errorf("predicting %s: %w", s.name, err)
		}
		result = append(result, p)
	}
	return result, nil
}

func showPredictions(ctx context.Context, in *magics.Invocation, model *Model, subjects []subject, predictions []training.Prediction, more int) error {
	if err := allUnreadable(predictions); err != nil {
		return err
	}
	d := figure.TopKData{Title: "predictions of " + model.Name}
	var features training.FeatureProgress
	for i, p := range predictions {
		if p.Error != "" {
			if _, err := fmt.Fprintln(in.Stderr(), p.Error); err != nil {
				return err
			}
			continue
		}
		d.Predictions = append(d.Predictions, prediction(subjects[i], p))
		if p.Cached {
			features.Cached++
		} else {
			features.Computed++
		}
	}
	d.Notes = append(d.Notes, featureLine(&features)+".")
	if more > 0 {
		d.Notes = append(d.Notes, fmt.Sprintf("%d more are not shown: raise --limit, or take --json for all.", more))
	}
	if !model.Backbone.Trained() {
		d.Notes = append(d.Notes, untrainedNote)
	}
	_, err := in.Show(ctx, figure.TopK(d))
	return err
}

// allUnreadable is the error of an answer that says nothing of any image.
func allUnreadable(predictions []training.Prediction) error {
	for _, p := range predictions {
		if p.Error == "" {
			return nil
		}
	}
	switch len(predictions) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("predicting: %s", predictions[0].Error)
	}
	return fmt.Errorf("predicting: none of the %d files could be read; the first: %s", len(predictions), predictions[0].Error)
}

func prediction(s subject, p training.Prediction) figure.Prediction {
	result := figure.Prediction{Name: s.name, Truth: s.truth, Image: s.thumb()}
	for _, score := range p.Top {
		result.Top = append(result.Top, figure.Score{Label: score.Class, Probability: float64(score.Probability)})
	}
	if s.truth != "" && len(p.Top) > 0 {
		result.Mark = figure.MarkWrong
		if p.Top[0].Class == s.truth {
			result.Mark = figure.MarkRight
		}
	}
	return result
}

package transfer

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/magics/transfer/sharedflag"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/lab/input"
	"github.com/headstart-nb/headstart/models/lab/predictor"
	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// PredictFlags are the choices of %predict; the command line shares them.
type PredictFlags struct {
	lab.Ref
	predictor.Options
	Limit  int
	Limits imageio.Limits
}

// Declare declares the flags.
func (o *PredictFlags) Declare(f *pflag.FlagSet) {
	sharedflag.Ref(f, &o.Ref)
	sharedflag.Limits(f, &o.Limits)
	f.IntVar(&o.Top, "top", 3, "most probable classes for each image")
	sharedflag.TTA(f, &o.TTA)
	f.IntVar(&o.Limit, "limit", 24, "most images shown; --json answers all")
}

func predictMagic(p *Presenter) magics.Magic {
	return &magics.Command[PredictFlags]{
		Use:     "predict FILE|DIR|@NAME...",
		Short:   "Predicts the classes of images",
		Long:    "@train, @val and @test are the images of the model's dataset, whose true classes are known; @NAME is a variable of Go\ncells (paths, images, or structs with Path and Label), or images that a cell gave that name with nbhelpers.Put.",
		Example: "%predict ~/images/new.jpg\n%predict @val --limit 8",
		Args:    magics.Args{Min: 1, Max: magics.Any, Complete: magics.Files},
		JSON:    true,
		Flags:   func(f *pflag.FlagSet, o *PredictFlags) { o.Declare(f) },
		Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, o *PredictFlags) error {
			return p.Predict(ctx, output.Of(in), in.Args, *o)
		}),
	}
}

// Predict predicts the images of arguments, and shows what came out.
func (p *Presenter) Predict(ctx context.Context, page output.Page, args []string, o PredictFlags) error {
	trained, err := p.lab.Trained(ctx, o.Ref)
	if err != nil {
		return err
	}
	limit := o.Limit
	if page.JSON {
		limit = 0
	}
	images, more, err := p.lab.Images(trained, args, lab.ImageOptions{Most: limit, Limits: o.Limits})
	if err != nil {
		return fmt.Errorf("predict: %w", err)
	}
	predictions, err := p.lab.Predict(ctx, trained, images, o.Options)
	if err != nil {
		return err
	}
	for i := range predictions {
		if errors.As(predictions[i].Cause, new(*imageio.PixelsError)) {
			predictions[i].Error = p.reader.Add(predictions[i].Cause).Error()
		}
	}
	if page.JSON {
		if err := page.Result(ctx, predictions, nil); err != nil {
			return err
		}
		return allUnreadable(predictions)
	}
	return showPredictions(ctx, page, trained, images, predictions, more)
}

func showPredictions(ctx context.Context, page output.Page, trained *predictor.Predictor, images []input.Image, predictions []prediction.Prediction, more int) error {
	if err := allUnreadable(predictions); err != nil {
		return err
	}
	d := figure.TopKData{Title: "predictions of " + trained.Name}
	var passed features.Progress
	for i, p := range predictions {
		if p.Error != "" {
			if _, err := fmt.Fprintln(page.Stderr(), p.Error); err != nil {
				return err
			}
			continue
		}
		d.Predictions = append(d.Predictions, shownPrediction(images[i], p))
		if p.Cached {
			passed.Cached++
		} else {
			passed.Computed++
		}
	}
	d.Notes = append(d.Notes, drawing.FeatureLine(&passed)+".")
	if more > 0 {
		d.Notes = append(d.Notes, fmt.Sprintf("%d more are not shown: raise --limit, or take --json for all.", more))
	}
	if len(predictions) > 0 && predictions[0].TTA.Mirrors() {
		d.Notes = append(d.Notes, drawing.MirrorNote+".")
	}
	d.Notes = append(d.Notes, drawing.WeightsNotes(trained.Weights())...)
	_, err := page.Show(ctx, figure.TopK(d))
	return err
}

// allUnreadable is the error of an answer that says nothing of any image.
func allUnreadable(predictions []prediction.Prediction) error {
	for _, p := range predictions {
		if p.Error == "" {
			return nil
		}
	}
	switch len(predictions) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("predict: %s", predictions[0].Error)
	}
	return fmt.Errorf("predict: none of the %d files could be read; the first: %s", len(predictions), predictions[0].Error)
}

func shownPrediction(i input.Image, p prediction.Prediction) figure.Prediction {
	result := figure.Prediction{Prediction: p, Image: drawing.Thumb(i, "")}
	if p.Truth != "" && len(p.Top) > 0 {
		result.Mark = figure.MarkWrong
		if p.Class() == p.Truth {
			result.Mark = figure.MarkRight
		}
	}
	return result
}

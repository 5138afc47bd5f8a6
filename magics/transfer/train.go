package transfer

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/magics/transfer/recipeflag"
	"github.com/headstart-nb/headstart/magics/transfer/sharedflag"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/lab/runstatus"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// TrainFlags are the choices of %train; the command line shares them.
type TrainFlags struct {
	lab.TrainOptions
	Device          string
	Outlive, FindLR bool

	flags *pflag.FlagSet // that they are declared on, to see which were given
}

// Declare declares the flags.
func (o *TrainFlags) Declare(f *pflag.FlagSet) {
	o.flags, o.Recipe = f, recipe.DefaultRecipe()
	o.Recipe.Method = recipe.MethodAuto
	recipeflag.Declare(f, &o.Recipe)
	f.BoolVar(&o.Background, "background", false, "return at once; %attach shows the run")
	f.BoolVar(&o.Outlive, "outlive", true, "let a background run continue when its kernel restarts or ends")
	f.StringVar(&o.Name, "run", "", "name of the run; by default one is made")
	f.StringVar(&o.Dataset, "dataset", "", "name of the dataset; by default the current one")
	f.StringVar(&o.Model, "model", "", "name of the model; by default the current one")
	f.StringVar(&o.Resume, "resume", "", "resume this run from its last completed epoch")
	magics.Path(f, &o.CSVLog, "log", "", "CSV file that gets a row for each epoch")
	magics.Path(f, &o.TensorBoard, "tensorboard", "", "folder for TensorBoard's event files, written while it trains")
	sharedflag.Device(f, &o.Device)
	f.BoolVar(&o.FindLR, "find-lr", false, "learning-rate range test: draw the loss over a rising learning rate and propose one; no model changes")
	f.StringSliceVar(&o.Accept, "allow", nil, "codes of preflight diagnoses to accept")
}

// options are what the flags ask for on a page.
func (o TrainFlags) options(page output.Page) lab.TrainOptions {
	options := o.TrainOptions
	options.Cell, options.Flags = page.Code, given(o.flags)
	options.More = o.flags != nil && o.flags.Changed("epochs")
	options.Tied = !o.Background || !o.Outlive
	return options
}

func trainMagic(p *Presenter) magics.Magic {
	return &magics.Command[TrainFlags]{
		Use:   "train",
		Short: "Trains the current model's head on the current dataset, with live curves",
		Long: "The frozen backbone computes each image's features once; they are cached by content, so that the next training\n" +
			"on the same images starts at once. An interrupt stops after the batch and keeps the best model.\n\n" +
			"Without flags the recipe is auto: linear classifiers on the features of several stages are compared by cross-validation\n" +
			"on the training images, and the winner becomes the model's head. A flag that means something for gradient descent only\n" +
			"(any hyper-parameter but --seed and --class-weights, or --find-lr), %model --head and %model --pool none select the recipe\n" +
			"classic: a head trained by Adam.\n\n" +
			"--recipe finetune begins with a linear classifier on conv5 and then trains conv5 as well, or from --unfreeze on, with\n" +
			"augmentation and a warm-up. It first says how long that will take. Its defaults: " + finetuneDefaults() + ".",
		Example: "%train\n%train --epochs 10 --lr 0.001\n%train --recipe finetune",
		JSON:    true,
		Flags:   func(f *pflag.FlagSet, o *TrainFlags) { o.Declare(f) },
		Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, o *TrainFlags) error {
			return p.Train(ctx, output.Of(in), *o)
		}),
	}
}

// finetuneDefaults are the flags whose defaults are others for the recipe finetune.
func finetuneDefaults() string {
	return strings.Join(recipeflag.Differences(recipe.DefaultRecipe(), recipe.FinetuneRecipe()), " ")
}

// CheckTraining refuses hyper-parameters that no model can be trained with, before there is one.
func (p *Presenter) CheckTraining(o TrainFlags) error {
	o, err := p.settled(o)
	if err != nil {
		return err
	}
	if err := o.Recipe.Validate(); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	return nil
}

// Train trains the current model, shows its curves while it does, and says what came of it.
func (p *Presenter) Train(ctx context.Context, page output.Page, o TrainFlags) error {
	if err := p.lab.UseDevice(ctx, o.Device); err != nil {
		return err
	}
	o, err := p.settled(o)
	if err != nil {
		return err
	}
	if o.FindLR {
		curve, err := p.lab.FindRate(ctx, o.options(page))
		if err != nil {
			return err
		}
		return page.Result(ctx, curve, func() (display.Bundle, error) { return drawing.RateCurve(curve), nil })
	}
	r, err := p.lab.Train(ctx, o.options(page))
	if err != nil {
		return err
	}
	drawn := r.Done()
	if !page.JSON || o.Background {
		if drawn, err = p.Runs.Attach(ctx, page, r, !o.Background); err != nil {
			return err
		}
	}
	if o.Background {
		return page.Printf("%s trains in the background: %%attach %s shows it, %%runs lists it\n", r.Name(), r.Name())
	}
	<-drawn
	return p.report(ctx, page, r)
}

// trainingJSON is a run that has ended, as programs read it.
type trainingJSON struct {
	runstatus.Card
	Skipped []imagefolder.Skipped `json:"skipped"` // files of the dataset that were not trained on
}

// report says what came of a run that has ended.
func (p *Presenter) report(ctx context.Context, page output.Page, r *lab.Run) error {
	s := r.Stand()
	if s.Features != nil && !page.JSON {
		if err := page.Printf("%s\n", drawing.FeatureLine(s.Features)); err != nil {
			return err
		}
	}
	if errors.Is(s.Err, progress.ErrStopped) {
		kept := "no epoch was completed, and no model is kept"
		if best := s.Kept(); best != nil {
			which := "best"
			if s.Recipe.KeepLast {
				which = "last"
			}
			accuracy := fmt.Sprintf("loss %.4f", best.Loss)
			switch card := s.Card(); {
			case card.ValAccuracy != nil:
				accuracy = "validation accuracy " + metric.Percent(*card.ValAccuracy, card.AccuracyImages())
			case best.Validated():
				accuracy = fmt.Sprintf("validation loss %.4f", best.ValLoss)
			}
			kept = fmt.Sprintf("the %s model (epoch %d, %s) is kept", which, best.Epoch, accuracy)
		}
		return &stopped{fmt.Sprintf("training stopped in epoch %d of %d: %s", len(s.History)+1, s.Epochs, kept), errors.Join(s.Err, context.Cause(ctx))}
	}
	if s.Err != nil {
		return s.Err
	}
	if page.JSON {
		return page.Result(ctx, trainingJSON{s.Card(), r.Skipped()}, nil)
	}
	if s.Selection != nil && s.Selection.Folds > 0 && s.Recipe.Method == recipe.MethodAuto {
		_, err := page.Show(ctx, drawing.SelectionTable(s.Selection, s.ValImages > 0))
		if err != nil || len(s.History) == 0 {
			return err
		}
		if s.ValImages == 0 {
			return nil
		}
		return page.Printf("validation accuracy of the choice, measured once: %s\n", metric.Percent(s.History[0].ValAccuracy, s.ValImages))
	}
	_, err := page.Show(ctx, drawing.EpochTable(s.Run))
	return err
}

// settled decides the recipe where no flag names it: a flag that only gradient descent understands, a head that was asked for
// and features that are not pooled select the classic one. A flag that is not given has the recipe's own default.
func (p *Presenter) settled(o TrainFlags) (_ TrainFlags, err error) {
	if o.Resume != "" {
		if run, err := p.lab.StoredRun(o.Resume); err == nil { // else the training says what is wrong
			if err := recipeflag.Resumes(o.flags, o.Recipe, run.Recipe); err != nil {
				return o, fmt.Errorf("resume %s: %w", o.Resume, err)
			}
		}
	}
	classic := recipeflag.Classic(o.flags, recipeflag.Shared()...)
	if o.FindLR {
		classic = append(classic, "find-lr")
	}
	named := o.flags.Changed("recipe")
	if named { // else they mean what they mean for gradient descent
		classic = recipeflag.Classic(o.flags, append(recipeflag.Shared(), "augment", "augment_copies")...)
	}
	if o.Recipe.Method == recipe.MethodAuto && named && len(classic) > 0 {
		return o, fmt.Errorf("train: --%s belongs to the classic recipe: leave it or --recipe auto out", classic[0])
	}
	if o.Recipe.Method == recipe.MethodAuto && !named {
		if m, err := p.lab.Model(o.Model); len(classic) > 0 || err == nil && (m.HeadChosen() || len(m.FeatureShape()) != 1) {
			o.Recipe.Method = recipe.MethodClassic
		}
	}
	switch o.Recipe.Method {
	case recipe.MethodAuto:
		o.Recipe, err = recipeflag.Over(o.flags, o.Recipe, recipe.AutoRecipe())
	case recipe.MethodFinetune:
		if o.FindLR {
			return o, errors.New("train: --find-lr belongs to the classic recipe: leave it or --recipe finetune out")
		}
		base := recipe.FinetuneRecipe()
		if m, err := p.lab.Model(o.Model); err == nil { // a backbone may end before conv5
			stages := m.Backbone.Stages()
			base.Unfreeze = stages[len(stages)-1]
		}
		o.Recipe, err = recipeflag.Over(o.flags, o.Recipe, base)
	}
	if err == nil && o.Resume == "" {
		if err = recipeflag.Effective(o.flags, o.Recipe); err != nil {
			err = fmt.Errorf("train: %w", err)
		}
	}
	return o, err
}

// stopped is an interrupt in words.
type stopped struct {
	text  string
	cause error // ErrStopped, and why the context ended
}

func (s *stopped) Error() string { return s.text }
func (s *stopped) Unwrap() error { return s.cause }

// given lists the flags that were set, for the record of a run.
func given(flags *pflag.FlagSet) []string {
	var list []string
	if flags != nil {
		flags.VisitAll(func(f *pflag.Flag) {
			if f.Changed {
				list = append(list, "--"+f.Name+"="+f.Value.String())
			}
		})
	}
	return list
}

package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/internal/homepath"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/commandline"
	"github.com/headstart-nb/headstart/magics/transfer"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/magics/transfer/recipeflag"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/features/rowfile"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// rowsFlags are those of a training on a file of features.
type rowsFlags struct {
	recipe      recipe.Recipe
	head        string
	out, device string
	val         float64
	headOnly    bool
}

// onImages are hyper-parameters that a training on features does not have.
func onImages() []string {
	return []string{"method", "recipe", "task", "augment", "augment-copies", "unfreeze", "precision", "stage-rate", "train-norm", "interpolation", "class-weights", "devices"}
}

func featuresTrainCommand(p *transfer.Presenter) *cobra.Command {
	o := rowsFlags{recipe: recipe.DefaultRecipe()}
	o.recipe.BatchSize = 256
	cmd := &cobra.Command{
		Use:   "train FEATURES...",
		Short: "Train a classifier on files of features that may be larger than memory",
		Long: `Train a classifier on files of features that may be larger than memory: some megabytes of them are there at a time. Several files follow each other. Labels are those of
the file, or the folders of the images' paths; where these are train and val folders, they say what validates. MODEL is a folder like that
of headstart train --out, and takes images: its backbone is that of the features.`,
		Example: "  headstart features train features.safetensors --out model\n  headstart features train features.safetensors --head none --epochs 5 --out model",
		Args:    commandline.Args(1, -1),
		RunE: func(c *cobra.Command, args []string) error {
			if o.out == "" {
				return commandline.Usagef("train on %s: --out is missing; it names the folder of the model", args[0])
			}
			o.recipe.Head = o.head
			if err := o.recipe.Validate(); err != nil {
				return &commandline.UsageError{Err: fmt.Errorf("train on %s: %w", args[0], err)}
			}
			out, err := homepath.Expand(o.out)
			if err != nil {
				return err
			}
			o.out = out
			if err := checkSave(o.out); err != nil {
				return &commandline.UsageError{Err: err}
			}
			return command(c, resultPage(c, false), func(ctx context.Context, page output.Page) error { return o.train(ctx, page, p, args) })
		},
	}
	all := pflag.NewFlagSet("", pflag.ContinueOnError)
	recipeflag.Declare(all, &o.recipe)
	addShared(cmd.Flags(), without(all, onImages()...))
	cmd.Flags().StringVar(&o.head, "head", o.recipe.Head, "layers of the head, such as dense:256:relu,dropout:0.3; none for a linear classifier")
	cmd.Flags().StringVarP(&o.out, "out", "o", "", "folder to save the model to")
	cmd.Flags().Float64Var(&o.val, "val", 0.1, "fraction of the images that validate, where the paths do not say which")
	cmd.Flags().BoolVar(&o.headOnly, "head-only", false, "save the head without the backbone's weights")
	magics.Enum(cmd.Flags(), &o.device, "device", "auto", []string{"auto", "cpu", "cuda", "go"}, "device")
	return cmd
}

// epochLine is what an epoch has come to.
func epochLine(e history.Epoch) string {
	line := fmt.Sprintf("epoch %d/%d: loss %.4f, accuracy %.4f", e.Epoch, e.Epochs, e.Loss, e.Accuracy)
	if e.Validated() {
		line += fmt.Sprintf(", val_loss %.4f, val_accuracy %.4f", e.ValLoss, e.ValAccuracy)
	}
	return line + fmt.Sprintf(", %.0f rows/s", e.Rate)
}

func (o rowsFlags) train(ctx context.Context, page output.Page, p *transfer.Presenter, files []string) (err error) {
	rows, err := rowfile.Open(files...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if err := p.Lab().UseDevice(ctx, o.device); err != nil {
		return err
	}
	device, err := p.Lab().Device(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(page.Stdout(), "%d rows of %d numbers, %d classes\n", rows.Len(), rows.Length(), len(rows.Classes))
	job := training.RowsJob{Recipe: o.recipe, Rows: rows, Val: o.val, Name: filepath.Base(o.out)}
	result, err := training.FitRows(ctx, device, job, func(e progress.Event) {
		if e := e.Epoch; e != nil {
			fmt.Fprintln(page.Stdout(), epochLine(*e))
		}
	})
	if result == nil {
		return err
	}
	ended := err
	model := classifier.New(result)
	defer model.Close()
	if err := model.Save(o.out, classifier.SaveOptions{HeadOnly: o.headOnly}); err != nil {
		return err
	}
	fmt.Fprintf(page.Stdout(), "saved %s\n", o.out)
	if result.Status == progress.Stopped {
		return progress.ErrStopped
	}
	return ended
}

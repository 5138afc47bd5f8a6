package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics/commandline"
	"github.com/headstart-nb/headstart/magics/transfer"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/lab"
)

// savedFlags are those of a command that works with a saved model.
type savedFlags struct {
	weights string
	asJSON  bool
}

func (o *savedFlags) declare(flags *pflag.FlagSet) {
	o.declareWeights(flags)
	flags.BoolVar(&o.asJSON, "json", false, "print the result as JSON")
}

func (o *savedFlags) declareWeights(flags *pflag.FlagSet) {
	flags.StringVar(&o.weights, "weights", "", "file with the backbone's weights, for a model that was saved head-only, or to verify the choice of its stages")
}

// loadOrBuild is load, where the model may also be an architecture: the classifier that its weights were published with.
func (o *savedFlags) loadOrBuild(ctx context.Context, page output.Page, p *transfer.Presenter, model string) error {
	if _, err := os.Stat(model); err == nil || !slices.Contains(lab.Architectures(), model) {
		return o.load(ctx, p, model)
	}
	var flags transfer.ModelFlags
	flagSet(flags.Declare) // for the defaults
	flags.Top, flags.Weights = true, cmp.Or(o.weights, flags.Weights)
	_, err := p.OpenModel(ctx, page, model, flags)
	return err
}

// load makes the saved model the current one.
func (o *savedFlags) load(ctx context.Context, p *transfer.Presenter, dir string) error {
	_, err := p.Lab().LoadModel(ctx, dir, "", o.weights)
	return err
}

func evaluateCommand(p *transfer.Presenter) *cobra.Command {
	var o savedFlags
	var evaluate transfer.EvaluateFlags
	all := flagSet(evaluate.Declare)
	cmd := &cobra.Command{
		Use:   "evaluate MODEL DIR",
		Short: "Evaluate a saved model on a folder with one folder per class",
		Long: `Evaluate a saved model on a folder with one folder per class. Files that are not images, or have too many pixels, are left out
and listed with their reasons; --json has them under "skipped". They are no error: the status is 0 where at least one image
was evaluated. --stages and --learning-curve fit linear classifiers to cached features of the images that the model was
trained on; DIR says where these are, and may be left out where they did not move.`,
		Example: `  headstart evaluate model test/
  headstart evaluate model test/ --json
  headstart evaluate model --stages --learning-curve`,
		Args: commandline.Args(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			study := evaluate.Stages || evaluate.LearningCurve
			if len(args) < 2 && !study {
				return commandline.Usagef("evaluate %s: a folder to evaluate it on is missing", args[0])
			}
			return command(c, resultPage(c, o.asJSON), func(ctx context.Context, page output.Page) error {
				if err := o.load(ctx, p, args[0]); err != nil {
					return err
				}
				evaluate.Dir = strings.Join(args[1:], "")
				return p.Evaluate(ctx, page, evaluate)
			})
		},
	}
	o.declare(cmd.Flags())
	addShared(cmd.Flags(), without(all, "model", "run", "dir"))
	cmd.Flags().Lookup("split").Usage = "split of the training's images that --stages measures on"
	return cmd
}

// files are the paths of arguments: what begins with @ is a file here, and not a name in a notebook.
func files(args []string) []string {
	paths := slices.Clone(args)
	for i, file := range paths {
		if strings.HasPrefix(file, "@") {
			paths[i] = "./" + file
		}
	}
	return paths
}

func predictCommand(p *transfer.Presenter) *cobra.Command {
	var o savedFlags
	var predict transfer.PredictFlags
	all := flagSet(predict.Declare)
	cmd := &cobra.Command{
		Use:   "predict MODEL FILE...",
		Short: "Predict the classes of images with a saved model",
		Long: `Predict the classes of images with a saved model. MODEL is its folder, or an architecture such as resnet50: it then tells
ImageNet's 1,000 classes apart, and --weights may name the file of its weights. FILE may be a folder. A file that cannot be read is told on standard error,
and with --json in its "error"; the status is 1 only where none can be read. Published weights that are not on this machine are fetched:
those of an architecture, and of a model that was saved head-only.`,
		Example: `  headstart predict model new.jpg
  headstart predict model photos/ --top 1 --json`,
		Args: commandline.Args(2, -1),
		RunE: func(c *cobra.Command, args []string) error {
			return command(c, resultPage(c, o.asJSON), func(ctx context.Context, page output.Page) error {
				if err := o.loadOrBuild(ctx, quietPage(c), p, args[0]); err != nil {
					return err
				}
				return p.Predict(ctx, page, files(args[1:]), predict)
			})
		},
	}
	o.declare(cmd.Flags())
	addShared(cmd.Flags(), without(all, "model", "run"))
	return cmd
}

func explainCommand(p *transfer.Presenter) *cobra.Command {
	var o savedFlags
	var explain transfer.ExplainFlags
	var png string
	all := flagSet(explain.Declare)
	cmd := &cobra.Command{
		Use:   "explain MODEL FILE...",
		Short: "Show which parts of images the predictions of a saved model depend on (Grad-CAM)",
		Long: `Show which parts of images the predictions of a saved model depend on (Grad-CAM). --png writes the heat maps over the images;
--json prints them as numbers from 0 to 1, row by row.`,
		Example: `  headstart explain model new.jpg --png heat.png
  headstart explain model new.jpg --class glass --json`,
		Args: commandline.Args(2, -1),
		RunE: func(c *cobra.Command, args []string) error {
			page := resultPage(c, o.asJSON)
			if t, ok := page.Host.(*terminal); ok {
				t.png = png
			}
			return command(c, page, func(ctx context.Context, page output.Page) error {
				if err := o.load(ctx, p, args[0]); err != nil {
					return err
				}
				return p.Explain(ctx, page, files(args[1:]), explain)
			})
		},
	}
	o.declare(cmd.Flags())
	cmd.Flags().StringVar(&png, "png", "", "PNG file to write the heat maps to")
	addShared(cmd.Flags(), without(all, "model", "run"))
	return cmd
}

func verifyCommand(p *transfer.Presenter) *cobra.Command {
	var o savedFlags
	var verify transfer.VerifyFlags
	cmd := &cobra.Command{
		Use:   "verify MODEL",
		Short: "Repeat the training of a saved model and compare the numbers",
		Long: `Repeat the training of a saved model and compare the numbers. The status is 0 where they are identical, or the same but for
rounding, and 1 where they differ or an image is missing or has changed; --json names those under "missing" and "changed".`,
		Example: `  headstart verify model
  headstart verify model --root /data/images --json`,
		Args: commandline.Args(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			return command(c, progressPage(c, o.asJSON), func(ctx context.Context, page output.Page) error {
				if err := o.load(ctx, p, args[0]); err != nil {
					return err
				}
				v, err := p.Verify(ctx, page, "", verify)
				if err != nil {
					return err
				}
				return disproved(args[0], v)
			})
		},
	}
	o.declare(cmd.Flags())
	verify.Declare(cmd.Flags())
	return cmd
}

// disproved is the error of a verification that does not confirm the model; nil where it does.
func disproved(model string, v *classifier.Verification) error {
	switch lost := lostImages(v); {
	case v.Verdict != classifier.Different:
		return nil
	case lost != "":
		return fmt.Errorf("verify %s: the training cannot be repeated: %s", model, lost)
	}
	return fmt.Errorf("verify %s: the repetition gives other numbers", model)
}

func exportCommand(p *transfer.Presenter) *cobra.Command {
	var o savedFlags
	var export transfer.ExportFlags
	all := flagSet(export.Declare)
	known := transfer.ExportFormats()
	formats := strings.Join(known[:len(known)-1], ", ") + " or " + known[len(known)-1]
	cmd := &cobra.Command{
		Use:   "export MODEL FORMAT",
		Short: "Write a saved model for other programs: " + formats,
		Long: `Write a saved model for other programs. FORMAT is onnx (one file, images to probabilities), torch (a safetensors state dict,
with the code that loads it) or hf (a folder that Hugging Face's transformers load as ResNetForImageClassification; the head has to be
one linear layer on one stage).`,
		Example: `  headstart export model onnx --out trash.onnx
  headstart export model torch
  headstart export model hf --out trash-hf`,
		Args: commandline.Args(2, 2),
		RunE: func(c *cobra.Command, args []string) error {
			if !slices.Contains(transfer.ExportFormats(), args[1]) {
				return commandline.Usagef("export %s: the format must be %s, got %q", args[0], formats, args[1])
			}
			return command(c, resultPage(c, false), func(ctx context.Context, page output.Page) error {
				if err := o.load(ctx, p, args[0]); err != nil {
					return err
				}
				return p.Export(ctx, page, args[1], export)
			})
		},
	}
	o.declareWeights(cmd.Flags())
	addShared(cmd.Flags(), without(all, "model", "run"))
	return cmd
}

package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics/transfer"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/training"
)

// resultPage is for a command whose figures are its result, unless that is JSON.
func resultPage(c *cobra.Command, asJSON bool) transfer.Page {
	figures := c.OutOrStdout()
	if asJSON {
		figures = c.ErrOrStderr()
	}
	return transfer.Page{Host: newTerminal(c.OutOrStdout(), c.ErrOrStderr(), figures), JSON: asJSON}
}

// progressPage is for a command whose figures show how far it has come.
func progressPage(c *cobra.Command, asJSON bool) transfer.Page {
	return transfer.Page{Host: newTerminal(c.OutOrStdout(), c.ErrOrStderr(), c.ErrOrStderr()), JSON: asJSON}
}

// quietPage is for a part of a command that is not its result.
func quietPage(c *cobra.Command) transfer.Page {
	return transfer.Page{Host: newTerminal(c.ErrOrStderr(), c.ErrOrStderr(), c.ErrOrStderr())}
}

func datasetCommand(p *transfer.Presenter) *cobra.Command {
	var o transfer.DatasetFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "dataset DIR",
		Short: "Check a folder of images: counts, and what is skipped and why",
		Args:  takes(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			return command(c, resultPage(c, asJSON), func(ctx context.Context, page transfer.Page) error {
				return p.LoadDataset(ctx, page, args[0], o)
			})
		},
	}
	o.Declare(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}

// notebookOnly names the flags of %train that mean nothing outside a notebook.
func notebookOnly() []string { return []string{"background", "outlive", "dataset", "model"} }

// trainFlags are those of the command train: of a dataset, a model and a training, on sets of their own.
type trainFlags struct {
	data         transfer.DatasetFlags
	model        transfer.ModelFlags
	train        transfer.TrainFlags
	save         transfer.SaveFlags
	architecture string
	out          string
	asJSON       bool
	sets         []*pflag.FlagSet
}

func (o *trainFlags) declare(flags *pflag.FlagSet) {
	o.sets = []*pflag.FlagSet{flagSet(o.data.Declare), without(flagSet(o.model.Declare), "top"), flagSet(o.train.Declare)}
	addShared(flags, without(o.sets[0], "name"), o.sets[1], without(o.sets[2], notebookOnly()...))
	flags.StringVar(&o.architecture, "architecture", "resnet50", "architecture: resnet18, resnet34, resnet50, resnet101 or resnet152")
	flags.StringVarP(&o.out, "out", "o", "", "folder to save the model in")
	flags.BoolVar(&o.save.HeadOnly, "head-only", false, "leave the backbone's weights out of the saved model")
	flags.BoolVar(&o.asJSON, "json", false, "print the result as JSON")
}

func trainCommand(p *transfer.Presenter) *cobra.Command {
	var o trainFlags
	cmd := &cobra.Command{
		Use:   "train DIR",
		Short: "Train a classifier of the images in a folder with one folder per class",
		Args:  takes(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := share(c.Flags(), o.sets...); err != nil {
				return err
			}
			err := command(c, quietPage(c), func(ctx context.Context, page transfer.Page) error {
				if err := p.LoadDataset(ctx, page, args[0], o.data); err != nil {
					return err
				}
				return p.BuildModel(ctx, page, o.architecture, o.model)
			})
			if err != nil {
				return err
			}
			err = command(c, progressPage(c, o.asJSON), func(ctx context.Context, page transfer.Page) error {
				return p.Train(ctx, page, o.train)
			})
			return o.keep(c, p, err)
		},
	}
	o.declare(cmd.Flags())
	return cmd
}

// keep saves the model where that was asked for. An interrupt ended the training; the model that it leaves is worth saving.
func (o *trainFlags) keep(c *cobra.Command, p *transfer.Presenter, ended error) error {
	if o.out == "" || (ended != nil && !errors.Is(ended, training.ErrStopped)) {
		return ended
	}
	ctx := context.WithoutCancel(c.Context())
	if _, missing := p.Lab().Trained(ctx, lab.Ref{}); missing != nil {
		return cmp.Or(ended, missing)
	}
	err := carryOut(ctx, quietPage(c), func(ctx context.Context, page transfer.Page) error {
		return p.Save(ctx, page, o.out, o.save)
	})
	return cmp.Or(err, ended)
}

// without is a set without some flags.
func without(set *pflag.FlagSet, names ...string) *pflag.FlagSet {
	rest := pflag.NewFlagSet("", pflag.ContinueOnError)
	set.VisitAll(func(f *pflag.Flag) {
		if !slices.Contains(names, f.Name) {
			rest.AddFlag(f)
		}
	})
	return rest
}

// savedFlags are those of a command that works with a saved model.
type savedFlags struct {
	weights string
	asJSON  bool
}

func (o *savedFlags) declare(flags *pflag.FlagSet) {
	flags.StringVar(&o.weights, "weights", "", "file with the backbone's weights, for a model that was saved head-only")
	flags.BoolVar(&o.asJSON, "json", false, "print the result as JSON")
}

// loadOrBuild is load, where the model may also be an architecture: the classifier that its weights were published with.
func (o *savedFlags) loadOrBuild(ctx context.Context, page transfer.Page, p *transfer.Presenter, model string) error {
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
	flagSet(evaluate.Declare) // for the defaults
	cmd := &cobra.Command{
		Use:   "evaluate MODEL DIR",
		Short: "Evaluate a saved model on a folder with one folder per class",
		Args:  takes(2, 2),
		RunE: func(c *cobra.Command, args []string) error {
			return command(c, resultPage(c, o.asJSON), func(ctx context.Context, page transfer.Page) error {
				if err := o.load(ctx, p, args[0]); err != nil {
					return err
				}
				evaluate.Dir = args[1]
				return p.Evaluate(ctx, page, evaluate)
			})
		},
	}
	o.declare(cmd.Flags())
	return cmd
}

func predictCommand(p *transfer.Presenter) *cobra.Command {
	var o savedFlags
	var predict transfer.PredictFlags
	all := flagSet(predict.Declare)
	cmd := &cobra.Command{
		Use:   "predict MODEL FILE...",
		Short: "Predict the classes of images with a saved model",
		Long: `Predict the classes of images with a saved model. MODEL is its folder, or an architecture such as resnet50: it then
tells ImageNet's 1,000 classes apart, and --weights may name the file of its weights.`,
		Args: takes(2, -1),
		RunE: func(c *cobra.Command, args []string) error {
			return command(c, resultPage(c, o.asJSON), func(ctx context.Context, page transfer.Page) error {
				if err := o.loadOrBuild(ctx, quietPage(c), p, args[0]); err != nil {
					return err
				}
				files := make([]string, 0, len(args)-1)
				for _, file := range args[1:] {
					if strings.HasPrefix(file, "@") { // a file here, and not a name in a notebook
						file = "./" + file
					}
					files = append(files, file)
				}
				return p.Predict(ctx, page, files, predict)
			})
		},
	}
	o.declare(cmd.Flags())
	addShared(cmd.Flags(), without(all, "model", "run", "limit"))
	return cmd
}

func verifyCommand(p *transfer.Presenter) *cobra.Command {
	var o savedFlags
	var verify transfer.VerifyFlags
	cmd := &cobra.Command{
		Use:   "verify MODEL",
		Short: "Repeat the training of a saved model and compare the numbers",
		Args:  takes(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			return command(c, progressPage(c, o.asJSON), func(ctx context.Context, page transfer.Page) error {
				if err := o.load(ctx, p, args[0]); err != nil {
					return err
				}
				return p.Verify(ctx, page, "", verify)
			})
		},
	}
	o.declare(cmd.Flags())
	verify.Declare(cmd.Flags())
	return cmd
}

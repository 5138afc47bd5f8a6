package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/commandline"
	"github.com/headstart-nb/headstart/magics/transfer"
	"github.com/headstart-nb/headstart/magics/transfer/datasets"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/training/progress"
)

// resultPage is for a command whose figures are its result, unless that is JSON.
func resultPage(c *cobra.Command, asJSON bool) output.Page {
	figures := c.OutOrStdout()
	if asJSON {
		figures = c.ErrOrStderr()
	}
	return output.Page{Host: newTerminal(c.OutOrStdout(), c.ErrOrStderr(), figures), JSON: asJSON}
}

// progressPage is for a command whose figures show how far it has come.
func progressPage(c *cobra.Command, asJSON bool) output.Page {
	return output.Page{Host: newTerminal(c.OutOrStdout(), c.ErrOrStderr(), c.ErrOrStderr()), JSON: asJSON}
}

// quietPage is for a part of a command that is not its result.
func quietPage(c *cobra.Command) output.Page {
	return output.Page{Host: newTerminal(c.ErrOrStderr(), c.ErrOrStderr(), c.ErrOrStderr())}
}

func datasetCommand(p *transfer.Presenter) *cobra.Command {
	var o datasets.Flags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "dataset DIR",
		Short: "Check a folder of images: counts, and what is skipped and why",
		Long: `Check a folder of images: counts, and what is skipped and why. DIR is a folder with one folder per class, or with train, val
and test folders that hold them; a .csv or .jsonl of paths and labels, or a .zip or .tar archive, will do as well. --json
has the split of each image under "items". Skipped files are no error: the status is 0 where there is a usable image.`,
		Example: `  headstart dataset images/
  headstart dataset images/ --val 0.2 --test 0.1 --group-by prefix --json`,
		Args: commandline.Args(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			return command(c, resultPage(c, asJSON), func(ctx context.Context, page output.Page) error {
				return p.Datasets.Load(ctx, page, args[0], o)
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
	data         datasets.Flags
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
	flags.Lookup("devices").Usage = "number of GPUs that share each batch"
	declareArchitecture(flags, &o.architecture)
	flags.StringVarP(&o.out, "out", "o", "", "folder to save the model in")
	flags.BoolVar(&o.save.HeadOnly, "head-only", false, "leave the backbone's weights out of the saved model")
	flags.BoolVar(&o.asJSON, "json", false, "print the result as JSON")
}

func trainCommand(p *transfer.Presenter) *cobra.Command {
	var o trainFlags
	cmd := &cobra.Command{
		Use:   "train DIR",
		Short: "Train a classifier of the images in a folder with one folder per class",
		Long: `Train a classifier of the images in a folder with one folder per class. An interrupt (Ctrl-C) stops it after the batch, keeps
the best model, saves it where --out says, and ends with status 1.`,
		Example: `  headstart train images/ --out model
  headstart train images/ --weights sample --epochs 20 --augment flip,rotate:10 --out model
  headstart train images/ --unfreeze conv5 --epochs 5 --out tuned`,
		Args: commandline.Args(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := share(c.Flags(), o.sets...); err != nil {
				return err
			}
			err := command(c, quietPage(c), func(context.Context, output.Page) error { return p.CheckTraining(o.train) })
			if err != nil {
				return err // before weights are fetched
			}
			if err := checkSave(p, o.out); err != nil {
				return err
			}
			if err := prepare(c, p, args[0], o.data, o.architecture, o.model); err != nil {
				return err
			}
			err = command(c, progressPage(c, o.asJSON), func(ctx context.Context, page output.Page) error {
				return p.Train(ctx, page, o.train)
			})
			return o.keep(c, p, err)
		},
	}
	o.declare(cmd.Flags())
	return cmd
}

// declareArchitecture declares the flag that names an architecture, as the argument of %model does.
func declareArchitecture(flags *pflag.FlagSet, architecture *string) {
	magics.Enum(flags, architecture, "architecture", "resnet50", lab.Architectures(), "architecture")
}

// prepare loads the images and builds the model of a training.
func prepare(c *cobra.Command, p *transfer.Presenter, dir string, data datasets.Flags, architecture string, model transfer.ModelFlags) error {
	if err := model.Check(); err != nil {
		return &commandline.UsageError{Err: err}
	}
	return command(c, quietPage(c), func(ctx context.Context, page output.Page) error {
		if err := p.Datasets.Load(ctx, page, dir, data); err != nil {
			return err
		}
		return p.BuildModel(ctx, page, architecture, model)
	})
}

// keep saves the model where that was asked for. An interrupt ended the training; the model that it leaves is worth saving.
func (o *trainFlags) keep(c *cobra.Command, p *transfer.Presenter, ended error) error {
	if run, err := p.Lab().Run(""); o.out == "" && err == nil && errors.Is(ended, progress.ErrStopped) {
		return fmt.Errorf("%w; the same command with --resume %s --out MODEL continues it and saves the model", ended, magics.QuoteWord(run.Name()))
	}
	return save(c, p, o.out, o.save, ended)
}

// save writes the current model to a folder, after work that ended well or by an interrupt.
func save(c *cobra.Command, p *transfer.Presenter, out string, how transfer.SaveFlags, ended error) error {
	if out == "" || (ended != nil && !errors.Is(ended, progress.ErrStopped)) {
		return ended
	}
	ctx := context.WithoutCancel(c.Context())
	if _, missing := p.Lab().Trained(ctx, lab.Ref{}); missing != nil {
		return cmp.Or(ended, missing)
	}
	err := carryOut(ctx, quietPage(c), func(ctx context.Context, page output.Page) error {
		return p.Save(ctx, page, out, how)
	})
	return cmp.Or(err, ended)
}

// checkSave refuses a folder for --out at the start, which would be refused at the end, when the work is done.
func checkSave(p *transfer.Presenter, out string) error {
	if err := p.CheckSave(out); err != nil {
		return &commandline.UsageError{Err: err}
	}
	return nil
}

// without is a set without some flags.
func without(set *pflag.FlagSet, names ...string) *pflag.FlagSet {
	rest := pflag.NewFlagSet("", pflag.ContinueOnError)
	rest.SortFlags = false
	set.VisitAll(func(f *pflag.Flag) {
		if !slices.Contains(names, f.Name) {
			rest.AddFlag(f)
		}
	})
	return rest
}

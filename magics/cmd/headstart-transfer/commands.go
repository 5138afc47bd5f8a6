package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics/transfer"
	"github.com/headstart-nb/headstart/models/training"
)

// reportTo is the terminal of a command whose figures are its result, unless that is JSON.
func reportTo(c *cobra.Command, asJSON bool) *terminal {
	figures := c.OutOrStdout()
	if asJSON {
		figures = c.ErrOrStderr()
	}
	return newTerminal(c.OutOrStdout(), c.ErrOrStderr(), figures)
}

func datasetCommand(lab *transfer.Lab) *cobra.Command {
	var o transfer.DatasetFlags
	var asJSON bool
	set := flagSet(o.Declare)
	command := &cobra.Command{
		Use:   "dataset DIR",
		Short: "Check a folder of images: counts, what is skipped and why",
		Args:  takes(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			words := append([]string{"dataset", "load", args[0]}, given(c.Flags(), set)...)
			if asJSON {
				words = append(words, "--json")
			}
			return runMagics(c.Context(), lab, reportTo(c, asJSON), words)
		},
	}
	addNew(command.Flags(), set)
	command.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return command
}

// notebookOnly names the flags of %train that mean nothing outside a notebook.
func notebookOnly() []string { return []string{"background", "outlive", "dataset", "model"} }

func trainCommand(lab *transfer.Lab) *cobra.Command {
	var data transfer.DatasetFlags
	var model transfer.ModelFlags
	var train transfer.TrainFlags
	var architecture, out string
	var asJSON, headOnly bool
	dataSet, modelSet, trainSet := flagSet(data.Declare), flagSet(model.Declare), flagSet(train.Declare)
	command := &cobra.Command{
		Use:   "train DIR",
		Short: "Train a classifier of the images in a folder with one folder per class",
		Args:  takes(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			flags := c.Flags()
			names := func(words []string, set *pflag.FlagSet) []string { return append(words, given(flags, set)...) }
			lines := [][]string{
				names([]string{"dataset", "load", args[0]}, without(dataSet, "name")),
				names([]string{"model", architecture}, modelSet),
				names([]string{"train"}, without(trainSet, notebookOnly()...)),
			}
			if asJSON {
				lines[2] = append(lines[2], "--json")
			}
			quiet := newTerminal(c.ErrOrStderr(), c.ErrOrStderr(), c.ErrOrStderr())
			if err := runMagics(c.Context(), lab, quiet, lines[:2]...); err != nil {
				return err
			}
			err := runMagics(c.Context(), lab, newTerminal(c.OutOrStdout(), c.ErrOrStderr(), c.ErrOrStderr()), lines[2])
			if out == "" || (err != nil && !errors.Is(err, training.ErrStopped)) {
				return err
			}
			if _, _, missing := lab.Trained(""); missing != nil {
				return cmp.Or(err, missing)
			}
			save := []string{"save", out}
			if headOnly {
				save = append(save, "--head-only")
			}
			// An interrupt ended the training; the model that it leaves is worth saving.
			return cmp.Or(runMagics(context.WithoutCancel(c.Context()), lab, quiet, save), err)
		},
	}
	flags := command.Flags()
	addNew(flags, without(dataSet, "name"), modelSet, without(trainSet, notebookOnly()...))
	flags.StringVar(&architecture, "architecture", "resnet50", "resnet50, resnet101 or resnet152")
	flags.StringVarP(&out, "out", "o", "", "save the model in this folder")
	flags.BoolVar(&headOnly, "head-only", false, "leave the backbone's weights out of the saved model")
	flags.BoolVar(&asJSON, "json", false, "print the result as JSON")
	return command
}

// without is a set without some flags.
func without(set *pflag.FlagSet, names ...string) *pflag.FlagSet {
	rest := pflag.NewFlagSet("", pflag.ContinueOnError)
	set.VisitAll(func(f *pflag.Flag) {
		for _, name := range names {
			if f.Name == name {
				return
			}
		}
		rest.AddFlag(f)
	})
	return rest
}

func evaluateCommand(lab *transfer.Lab) *cobra.Command {
	var weights string
	var asJSON bool
	command := &cobra.Command{
		Use:   "evaluate MODEL DIR",
		Short: "Say how good a saved model is on a folder with one folder per class",
		Args:  takes(2, 2),
		RunE: func(c *cobra.Command, args []string) error {
			if _, err := lab.Load(c.Context(), args[0], "", weights); err != nil {
				return err
			}
			words := []string{"evaluate", "--dir=" + args[1]}
			if asJSON {
				words = append(words, "--json")
			}
			return runMagics(c.Context(), lab, reportTo(c, asJSON), words)
		},
	}
	command.Flags().StringVar(&weights, "weights", "", "the backbone's weights of a model that was saved head-only")
	command.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return command
}

func predictCommand(lab *transfer.Lab) *cobra.Command {
	var weights string
	var top int
	var asJSON bool
	command := &cobra.Command{
		Use:   "predict MODEL FILE...",
		Short: "Say what a saved model sees in images",
		Args:  takes(2, -1),
		RunE: func(c *cobra.Command, args []string) error {
			if _, err := lab.Load(c.Context(), args[0], "", weights); err != nil {
				return err
			}
			words := []string{"predict", fmt.Sprintf("--top=%d", top)}
			if asJSON {
				words = append(words, "--json")
			}
			for _, file := range args[1:] {
				words = append(words, filepath.Clean(file)) // so that no file is taken for a flag or a name
			}
			return runMagics(c.Context(), lab, reportTo(c, asJSON), words)
		},
	}
	command.Flags().StringVar(&weights, "weights", "", "the backbone's weights of a model that was saved head-only")
	command.Flags().IntVar(&top, "top", 3, "classes for each image")
	command.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return command
}

func verifyCommand(lab *transfer.Lab) *cobra.Command {
	var weights, root string
	var asJSON bool
	command := &cobra.Command{
		Use:   "verify MODEL",
		Short: "Repeat the training of a saved model and compare the numbers",
		Args:  takes(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			if _, err := lab.Load(c.Context(), args[0], "", weights); err != nil {
				return err
			}
			words := []string{"verify"}
			if root != "" {
				words = append(words, "--root="+root)
			}
			if asJSON {
				words = append(words, "--json")
			}
			return runMagics(c.Context(), lab, newTerminal(c.OutOrStdout(), c.ErrOrStderr(), c.ErrOrStderr()), words)
		},
	}
	command.Flags().StringVar(&weights, "weights", "", "the backbone's weights of a model that was saved head-only")
	command.Flags().StringVar(&root, "root", "", "where the images are now")
	command.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return command
}

package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart/magics/commandline"
	"github.com/headstart-nb/headstart/magics/transfer"
	"github.com/headstart-nb/headstart/magics/transfer/datasets"
	"github.com/headstart-nb/headstart/magics/transfer/output"
)

func cleanCommand(p *transfer.Presenter) *cobra.Command {
	var data datasets.Flags
	var clean datasets.CleanFlags
	var saved savedFlags
	var model string
	dataSet, cleanSet := flagSet(data.Declare), flagSet(clean.Declare)
	cmd := &cobra.Command{
		Use:   "clean DIR",
		Short: "List doubtful images of a folder, and edit its labels without changing a file",
		Long: `List doubtful images of a folder, and edit its labels without changing a file: edits go into a log beside the images, which
every load applies and --undo reverts. Without a model only copies are listed. --model compares the labels with its
predictions for validation and test images: give the --seed, --val and --test that it was trained with.`,
		Example: `  headstart clean images/ --model model
  headstart clean images/ --relabel glass/389.jpg --to plastic
  headstart clean images/ --undo 0`,
		Args: commandline.Args(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			err := command(c, quietPage(c), func(ctx context.Context, page output.Page) error {
				if model != "" {
					if err := saved.load(ctx, p, model); err != nil {
						return err
					}
				}
				return p.Datasets.Open(ctx, page, args[0], data)
			})
			if err != nil {
				return err
			}
			return command(c, resultPage(c, saved.asJSON), func(ctx context.Context, page output.Page) error {
				return p.Datasets.Clean(ctx, page, "", clean)
			})
		},
	}
	cmd.Flags().StringVar(&model, "model", "", "folder of a saved model that judges the labels")
	addShared(cmd.Flags(), without(cleanSet, "model", "run"), without(dataSet, "name"))
	saved.declare(cmd.Flags())
	return cmd
}

package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart/magics/commandline"
	"github.com/headstart-nb/headstart/magics/transfer"
	"github.com/headstart-nb/headstart/magics/transfer/datasets"
	"github.com/headstart-nb/headstart/magics/transfer/output"
)

func tuneCommand(p *transfer.Presenter) *cobra.Command {
	var data datasets.Flags
	var model transfer.ModelFlags
	var tune transfer.TuneFlags
	var how transfer.SaveFlags
	var architecture, out string
	var asJSON bool
	dataSet, tuneSet := without(flagSet(data.Declare), "name"), without(flagSet(tune.Declare), "dataset", "model")
	modelSet := without(flagSet(model.Declare), "head", "name") // --head is what is searched for
	cmd := &cobra.Command{
		Use:   "tune DIR",
		Short: "Search for a better head, learning rate, dropout and weight decay on a folder of images",
		Long: `Search for a better head, learning rate, dropout and weight decay on a folder of images. The backbone's features are computed
once. The best trial is saved where --out says. An interrupt (Ctrl-C) ends the search with the best of what was tried, as --time does.`,
		Example: `  headstart tune images/ --trials 50 --time 60s --out model
  headstart tune images/ --weights sample --head none --head dense:256:relu --json`,
		Args: commandline.Args(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := share(c.Flags(), dataSet, modelSet, tuneSet); err != nil {
				return err
			}
			if err := checkSave(out); err != nil {
				return err
			}
			if err := prepare(c, p, args[0], data, architecture, model); err != nil {
				return err
			}
			err := command(c, progressPage(c, asJSON), func(ctx context.Context, page output.Page) error {
				return p.Tune(ctx, page, tune)
			})
			if err != nil {
				return err
			}
			return save(c, p, out, how, nil)
		},
	}
	addShared(cmd.Flags(), tuneSet, dataSet, modelSet)
	cmd.Flags().Lookup("seed").Usage = "seed of the split and of the search"
	declareArchitecture(cmd.Flags(), &architecture)
	cmd.Flags().StringVarP(&out, "out", "o", "", "folder to save the best model in")
	cmd.Flags().BoolVar(&how.HeadOnly, "head-only", false, "leave the backbone's weights out of the saved model")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the trials as JSON")
	return cmd
}

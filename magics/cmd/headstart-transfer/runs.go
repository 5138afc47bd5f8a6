package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart/magics/commandline"
	"github.com/headstart-nb/headstart/magics/transfer"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/magics/transfer/runs"
)

func runsCommand(p *transfer.Presenter) *cobra.Command {
	var asJSON bool
	var prune runs.PruneFlags
	root := &cobra.Command{
		Use:   "runs",
		Short: "List, compare and remove the trainings on disk",
		Long: `List, compare and remove the trainings on disk. They are those of notebooks as well, where both have one HEADSTART_HOME.
headstart runs alone lists them.`,
		Example: `  headstart runs
  headstart runs compare first second
  headstart runs rm first`,
	}
	add := func(cmd *cobra.Command, least, most int, do func(context.Context, output.Page, []string) error) {
		cmd.Args = commandline.Args(least, most)
		cmd.RunE = func(c *cobra.Command, args []string) error {
			return command(c, resultPage(c, asJSON), func(ctx context.Context, page output.Page) error { return do(ctx, page, args) })
		}
		cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
		if cmd != root {
			root.AddCommand(cmd)
		}
	}
	list := func(ctx context.Context, page output.Page, _ []string) error { return p.Runs.List(ctx, page) }
	add(root, 0, 0, list)
	add(&cobra.Command{Use: "list", Short: "List the trainings", Example: "  headstart runs list --json"}, 0, 0, list)
	add(&cobra.Command{
		Use: "compare RUN_OR_MODEL RUN_OR_MODEL...", Short: "Show several trainings in one chart, with the hyper-parameters that differ",
		Example: "  headstart runs compare first second",
	}, 2, runs.MostCompared(), p.Runs.Compare)
	var export runs.ExportFlags
	exporting := &cobra.Command{
		Use: "export RUN...", Short: "Write the curves and hyper-parameters of runs to TensorBoard's event files",
		Long: `Write the curves and hyper-parameters of runs to TensorBoard's event files. The names of the values are those of Keras, so that
runs of both stand in one chart; epochs count from 1, where Keras counts from 0. headstart train --tensorboard DIR writes them while
it trains.`,
		Example: "  headstart runs export first second --tensorboard logs",
	}
	export.Declare(exporting.Flags())
	add(exporting, 1, -1, func(ctx context.Context, page output.Page, names []string) error {
		return p.Runs.Export(ctx, page, export, names)
	})
	add(&cobra.Command{
		Use: "rm RUN...", Short: "Remove runs with their weights; saved models stay", Example: "  headstart runs rm first second",
	}, 1, -1, p.Runs.Remove)
	add(&cobra.Command{
		Use: "rename RUN NAME", Short: "Give a run that has ended another name", Example: "  headstart runs rename first baseline",
	}, 2, 2, func(ctx context.Context, page output.Page, args []string) error {
		return p.Runs.Rename(ctx, page, args[0], args[1])
	})
	pruning := &cobra.Command{
		Use: "prune", Short: "Remove the weights of the oldest runs until the rest fits",
		Long: `Remove the weights of the oldest runs until the rest fits. Runs that have ended come first, then those that could be resumed;
the latest run keeps its weights. Records stay. Each training that ends does the same with the default.`,
		Example: "  headstart runs prune --max-mib 500",
	}
	prune.Declare(pruning.Flags())
	add(pruning, 0, 0, func(ctx context.Context, page output.Page, _ []string) error { return p.Runs.Prune(ctx, page, prune) })
	return root
}

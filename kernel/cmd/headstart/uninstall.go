package main

import (
	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart/kernel/install"
	"github.com/headstart-nb/headstart/magics/commandline"
)

func newUninstallCommand() *cobra.Command {
	var place install.Place
	var python string
	var dryRun bool
	command := &cobra.Command{
		Use:   "uninstall",
		Short: "Remove exactly what headstart install put in place",
		Long: `Remove exactly what headstart install put in place, and folders that it made and that are empty by then. Caches stay: the
fetched weights, which other programs share, and features and runs, below the folder that headstart doctor names.`,
		Example: `  headstart uninstall --dry-run
  headstart uninstall --sys-prefix`,
		Args: commandline.Args(0, 0),
		RunE: func(command *cobra.Command, _ []string) error {
			return install.Uninstall(command.Context(), place, python, dryRun, command.OutOrStdout())
		},
	}
	placeFlags(command, &place, &python)
	command.Flags().BoolVar(&dryRun, "dry-run", false, "list every file that would be removed, and remove none")
	return command
}

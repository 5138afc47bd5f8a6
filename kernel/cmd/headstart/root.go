package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart"
	"github.com/headstart-nb/headstart/internal/visible"
	"github.com/headstart-nb/headstart/nbhelpers/labextension"
)

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "headstart",
		Short:         "A Go kernel for Jupyter that does transfer learning",
		SilenceUsage:  true, // an error is one sentence, not the usage
		SilenceErrors: true, // main prints it
		Args:          cobra.ArbitraryArgs,
		RunE: func(command *cobra.Command, args []string) error {
			if len(args) == 0 {
				return command.Help()
			}
			return unknownCommand(command, args[0])
		},
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	// Names of files and of plugins come from strangers.
	root.SetOut(visible.Writer(os.Stdout))
	root.SetErr(visible.Writer(os.Stderr))
	root.AddCommand(
		newKernelCommand(),
		newInstallCommand(carriedAssets()),
		newUninstallCommand(),
		newDoctorCommand(carriedAssets()),
		newRunCommand(),
		newPluginCommand(),
		newVersionCommand(),
	)
	root.AddCommand(newDelegateCommands()...)
	return root
}

func unknownCommand(root *cobra.Command, name string) error {
	root.SuggestionsMinimumDistance = 2 // letters to change
	if near := root.SuggestionsFor(name); len(near) > 0 {
		return fmt.Errorf("unknown command %s: did you mean %s? headstart --help lists all", name, strings.Join(near, " or "))
	}
	return fmt.Errorf("unknown command %s: headstart --help lists all", name)
}

// carriedAssets are the files inside this program that an installation unpacks.
func carriedAssets() assets {
	return assets{labextension: labextension.FS(), source: headstart.Source()}
}

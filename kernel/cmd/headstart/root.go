package main

import (
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart"
)

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "headstart",
		Short:         "A Go kernel for Jupyter that does transfer learning",
		SilenceUsage:  true, // an error is one sentence, not the usage
		SilenceErrors: true, // main prints it
	}
	root.CompletionOptions.HiddenDefaultCmd = true
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

// carriedAssets are the files inside this program that an installation unpacks.
func carriedAssets() assets {
	var labextension fs.FS
	return assets{labextension: labextension, source: headstart.Source()}
}

package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart"
	"github.com/headstart-nb/headstart/internal/visible"
	"github.com/headstart-nb/headstart/magics/commandline"
	"github.com/headstart-nb/headstart/nbhelpers/labextension"
)

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:     "headstart",
		Short:   "A Go kernel for Jupyter that does transfer learning",
		Version: versionLine(),
		Example: `  headstart train images/ --out model
  headstart predict model new.jpg
  headstart doctor`,
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.AddCommand(newDelegateCommands()...)
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
		newWorkshopCommand(),
		newVersionCommand(),
	)
	commandline.Prepare(root)
	return root
}

// carriedAssets are the files inside this program that an installation unpacks.
func carriedAssets() assets {
	return assets{labextension: labextension.FS(), source: headstart.Source()}
}

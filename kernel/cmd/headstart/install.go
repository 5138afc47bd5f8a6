package main

import (
	"io/fs"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart/kernel/install"
	"github.com/headstart-nb/headstart/magics/commandline"
)

// assets are the files that the program carries for installing.
type assets struct {
	labextension fs.FS // the built JupyterLab extension
	source       fs.FS // the module's source for Go cells; nil where there is none
}

// placeFlags declares the flags that say which installation is meant.
func placeFlags(command *cobra.Command, place *install.Place, python *string) {
	flags := command.Flags()
	flags.BoolVar(&place.User, "user", false, "the user's own folders (the default)")
	flags.BoolVar(&place.SysPrefix, "sys-prefix", false, "the prefix of the Python interpreter: its virtual environment, or the system's")
	flags.StringVar(&place.Prefix, "prefix", "", "this folder")
	flags.StringVar(&place.Checkout, "checkout", "", "the folder .headstart of this checkout of the project, Jupyter included")
	flags.StringVar(&place.Source, "source", "", "a checkout of the project that Go cells import from, instead of an unpacked copy")
	flags.StringVar(python, "python", "python3", "the Python interpreter that has pip, and the prefix for --sys-prefix")
}

func newInstallCommand(carried assets) *cobra.Command {
	var options install.Options
	var device string
	command := &cobra.Command{
		Use:   "install",
		Short: "Put the kernel, its tools and the XLA plugin where Jupyter finds them",
		Long: `Put the kernel where Jupyter finds it: the kernelspec, the JupyterLab extension, GoNB, goimports, gopls and Delve at
the versions this release was tested with, and the XLA plugin for the device. What is in place already is kept. Interrupted
anywhere, it leaves what was there before; headstart uninstall removes all of it.

It needs Go for the tools and a Python 3 with pip for the plugin. --weights fetches pretrained weights as well, into the
cache that Hugging Face's programs share (HF_HOME); uninstalling leaves them there.`,
		Example: `  headstart install                                for this user
  headstart install --sys-prefix                   into the Python environment that is active
  headstart install --prefix DIR --device cpu      into DIR, without looking for a GPU
  headstart install --weights imagenet --dry-run   only say what would be written and fetched`,
		Args: commandline.Args(0, 0),
		RunE: func(command *cobra.Command, _ []string) error {
			options.Device = install.Device(device)
			options.Labextension, options.Source = carried.labextension, carried.source
			options.Log = command.OutOrStdout()
			ctx, stop := signal.NotifyContext(command.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return install.Install(ctx, options)
		},
	}
	placeFlags(command, &options.Place, &options.Python)
	command.Flags().StringVar(&device, "device", "auto", "bring XLA for auto, cpu or cuda (auto: cuda where an NVIDIA driver is loaded), or for cuda12 or cuda13 unseen")
	command.Flags().StringVar(&options.Weights, "weights", "", "fetch pretrained weights as well: imagenet")
	command.Flags().StringVar(&options.PluginSHA256, "plugin-sha256", "", "SHA-256 of XLA's plugin for the CPU, on platforms of which this release knows none (macOS)")
	command.Flags().BoolVar(&options.DryRun, "dry-run", false, "list every file that would be written, and write none")
	return command
}

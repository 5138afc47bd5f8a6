package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gomlx/go-xla/installer"

	"github.com/headstart-nb/headstart/magics/commandline"
)

// pjrtCommand is for headstart install: the kernel's program does not link go-xla, whose installer knows the plugins of
// other platforms than linux/amd64 and of NVIDIA's GPUs.
func pjrtCommand() *cobra.Command {
	var plugin, into string
	command := &cobra.Command{
		Use:    "pjrt",
		Short:  "Bring a PJRT plugin with go-xla's installer",
		Args:   commandline.Args(0, 0),
		Hidden: true,
		RunE: func(*cobra.Command, []string) error {
			if into == "" {
				return fmt.Errorf("bringing the PJRT plugin %s: --into names the folder it goes to", plugin)
			}
			if err := bring(plugin, into); err != nil {
				return fmt.Errorf("bringing the PJRT plugin %s into %s: %w", plugin, into, err)
			}
			return nil
		},
	}
	command.Flags().StringVar(&plugin, "plugin", "cpu", "cpu, cuda12 or cuda13")
	command.Flags().StringVar(&into, "into", "", "folder")
	return command
}

func bring(plugin, into string) error {
	switch plugin {
	case "cpu":
		return installer.CPUAutoInstall(into, true, installer.Normal)
	case "cuda12", "cuda13":
		return bringCUDA(plugin, into)
	}
	return fmt.Errorf("there is no plugin of that name: cpu, cuda12 and cuda13 are there")
}

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gomlx/go-xla/installer"

	"github.com/headstart-nb/headstart/magics/commandline"
)

// pjrtCommand is for headstart install: the kernel's program does not link go-xla, whose installer knows the CPU plugins of
// other platforms than linux/amd64.
func pjrtCommand() *cobra.Command {
	var into string
	command := &cobra.Command{
		Use:    "pjrt",
		Short:  "Bring the PJRT plugin for the CPU with go-xla's installer",
		Args:   commandline.Args(0, 0),
		Hidden: true,
		RunE: func(*cobra.Command, []string) error {
			if into == "" {
				return fmt.Errorf("bring the PJRT plugin: --into names the folder it goes to")
			}
			if err := installer.CPUAutoInstall(into, true, installer.Normal); err != nil {
				return fmt.Errorf("bring the PJRT plugin into %s: %w", into, err)
			}
			return nil
		},
	}
	command.Flags().StringVar(&into, "into", "", "folder")
	return command
}

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart/magics/commandline"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/resnet/backbone"
)

// weightsCommand is for headstart install --weights imagenet: the kernel's program does not link what fetches them. It also
// loads them, so that what is in the cache is known to be of use.
func weightsCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "weights",
		Short:  "Fetch the pretrained weights into the cache",
		Args:   commandline.Args(0, 0),
		Hidden: true,
		RunE: func(c *cobra.Command, _ []string) error {
			network, err := backbone.Open(c.Context(), resnet.DefaultOptions())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "the weights %s are in the cache\n", network.Weights())
			return err
		},
	}
}

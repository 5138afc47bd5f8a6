package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart/magics/commandline"
	"github.com/headstart-nb/headstart/magics/transfer/modelserver"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// drawCommand draws a figure for a Go cell while no model server runs.
func drawCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "draw",
		Short:  "Draw a figure: JSON comes in on standard input, JSON with a PNG goes out",
		Args:   commandline.Args(0, 0),
		Hidden: true,
		RunE: func(c *cobra.Command, _ []string) error {
			var params warm.DrawParams
			if err := json.NewDecoder(c.InOrStdin()).Decode(&params); err != nil {
				return fmt.Errorf("draw: reading what to draw from standard input: %w", err)
			}
			drawn, err := modelserver.Draw(params)
			if err != nil {
				return err
			}
			return json.NewEncoder(c.OutOrStdout()).Encode(drawn)
		},
	}
}

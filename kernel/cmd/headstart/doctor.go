package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/kernel/doctor"
	"github.com/headstart-nb/headstart/kernel/install"
	"github.com/headstart-nb/headstart/magics/commandline"
)

func newDoctorCommand(carried assets) *cobra.Command {
	var place install.Place
	var python string
	var asJSON, fix bool
	command := &cobra.Command{
		Use:   "doctor",
		Short: "Check the installation and suggest fixes",
		Long: `Check the installation that this program belongs to, or the one that the flags name: programs, kernelspec, Jupyter, the
XLA plugin (a matrix product is compiled, run and compared), memory, caches, disk and clock. --fix installs again what is
missing or damaged; it touches nothing that headstart install did not bring.`,
		Example: `  headstart doctor
  headstart doctor --fix
  headstart doctor --json`,
		Args: commandline.Args(0, 0),
		RunE: func(command *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(command.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			given := ""
			if command.Flags().Changed("python") {
				given = python
			}
			options, err := doctorOptions(ctx, place, given, carried)
			if err != nil {
				return err
			}
			report := doctor.Examine(ctx, options)
			if fix && !report.Clean() {
				err := install.Repair(ctx, options.Layout, install.Options{
					Python: options.Python, Labextension: carried.labextension, Source: carried.source, Log: command.ErrOrStderr(),
				})
				if err != nil {
					return err
				}
				report = doctor.Examine(ctx, options)
			}
			return printReport(command.OutOrStdout(), report, asJSON)
		},
	}
	placeFlags(command, &place, &python)
	command.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	command.Flags().BoolVar(&fix, "fix", false, "install again what is missing or damaged")
	return command
}

// doctorOptions choose the installation: the one that is named, else the one that this program belongs to, else the
// user's.
func doctorOptions(ctx context.Context, place install.Place, python string, carried assets) (doctor.Options, error) {
	options := doctor.Options{Python: python, Labextension: carried.labextension, Version: version}
	if layout, ok := install.Here(); ok && place == (install.Place{}) {
		options.Layout = layout
		return options, nil
	}
	layout, err := install.NewLayout(ctx, place, python)
	options.Layout = layout
	if place.Source == "" {
		options.Layout = layout.Installed()
	}
	return options, err
}

func printReport(w io.Writer, report doctor.Report, asJSON bool) error {
	text := report.Text()
	if asJSON {
		data, err := json.MarshalIndent(report, "", "  ")
		if err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
		text = string(data) + "\n"
	}
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if failed := report.Failed(); failed > 0 {
		return fmt.Errorf("%d of %d checks failed: the lines above suggest fixes", failed, len(report.Checks))
	}
	return nil
}

// examineForMagic is what %doctor shows.
func examineForMagic(carried assets) func(context.Context) ([]diagnosis.Diagnosis, error) {
	return func(ctx context.Context) ([]diagnosis.Diagnosis, error) {
		options, err := doctorOptions(ctx, install.Place{}, "", carried)
		if err != nil {
			return nil, err
		}
		return doctor.Examine(ctx, options).Checks, nil
	}
}

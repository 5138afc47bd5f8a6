package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart/kernel/install"
	"github.com/headstart-nb/headstart/kernel/workshop"
	"github.com/headstart-nb/headstart/magics/commandline"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
	"github.com/headstart-nb/headstart/notebooks"
)

func newWorkshopCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "workshop",
		Short:   "Prepare a class that has no network",
		Example: "  headstart workshop prepare --wheel dist/headstart_kernel-*.whl --out class",
		Args:    commandline.Args(0, 0),
	}
	command.AddCommand(newWorkshopPrepareCommand())
	return command
}

func newWorkshopPrepareCommand() *cobra.Command {
	o := workshop.Options{Lessons: notebooks.Lessons(), Extras: []string{"lab", "go", "cc"}}
	command := &cobra.Command{
		Use:   "prepare",
		Short: "Fill a folder from which students install Headstart without a network",
		Long: "The folder gets the wheel with everything it depends on, the Go modules of cells, the lessons without their solutions, and the\n" +
			"weights and datasets that you name. Students run sh start.sh in it. It needs a network once, and 0.7 GB.",
		Example: "  headstart workshop prepare --wheel dist/headstart_kernel-*.whl --out class --datasets ~/images/trash",
		Args:    commandline.Args(0, 0),
		RunE: func(command *cobra.Command, _ []string) error {
			if o.Source == "" {
				carried, err := carriedSource()
				if err != nil {
					return fmt.Errorf("prepare a workshop: find the sources of cells: %w", err)
				}
				o.Source = carried
			}
			o.GoTool = install.FindGo()
			o.Progress = command.ErrOrStderr()
			var err error
			if o.Out, err = filepath.Abs(o.Out); err != nil {
				return fmt.Errorf("prepare a workshop: %w", err)
			}
			report, err := workshop.Prepare(command.Context(), o)
			if err != nil {
				return err
			}
			for _, p := range report.Parts {
				if err := say(command, "%-8s  %5d files  %s", p.Name, p.Files, sketch.Bytes(p.Bytes)); err != nil {
					return err
				}
			}
			for _, what := range report.LeftOut {
				if err := say(command, "left out: %s", what); err != nil {
					return err
				}
			}
			return say(command, "%s is ready, %s in all: students run sh start.sh in it", o.Out, sketch.Bytes(report.Bytes()))
		},
	}
	flags := command.Flags()
	flags.StringVar(&o.Out, "out", "class", "the folder to fill; what is there already is not fetched again")
	flags.StringVar(&o.Wheel, "wheel", "", "the wheel of Headstart, as make wheel builds it")
	flags.StringArrayVar(&o.Weights, "weights", nil, "a file of weights to add; may be repeated")
	flags.StringArrayVar(&o.Datasets, "datasets", nil, "a folder of images to add; may be repeated")
	flags.StringVar(&o.Python, "python", "python3", "a Python with pip, of the version that the students have")
	flags.StringVar(&o.Source, "source", os.Getenv(sourceVar), "the sources that Go cells import; default: those that this program carries")
	return command
}

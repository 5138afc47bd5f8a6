package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/commandline"
	"github.com/headstart-nb/headstart/magics/transfer"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/output"
)

func rootCommand(p *transfer.Presenter) *cobra.Command {
	root := &cobra.Command{
		Use:     "headstart",
		Short:   "Transfer learning from the command line, with the code of the notebook's magics",
		Example: "  headstart train images/ --out model",
	}
	root.AddCommand(
		datasetCommand(p),
		featuresCommand(p),
		trainCommand(p),
		tuneCommand(p),
		teachCommand(p),
		evaluateCommand(p),
		predictCommand(p),
		explainCommand(p),
		verifyCommand(p),
		exportCommand(p),
		serveCommand(p),
		cleanCommand(p),
		runsCommand(p),
		doctorCommand(),
		pjrtCommand(),
		weightsCommand(),
		drawCommand(),
	)
	commandline.Prepare(root)
	return root
}

// command carries out what a command's flags ask for, with errors that name flags.
func command(c *cobra.Command, page output.Page, do func(context.Context, output.Page) error) error {
	page.Code = commandLine()
	return carryOut(c.Context(), page, do)
}

// carryOut does one piece of work, and prints what it has left to print.
func carryOut(ctx context.Context, page output.Page, do func(context.Context, output.Page) error) error {
	err := advice.Terminal.Add(do(ctx, page))
	if advice.Misused(err) {
		err = &commandline.UsageError{Err: err}
	}
	if t, ok := page.Host.(*terminal); ok {
		return errors.Join(err, t.settle())
	}
	return err
}

// commandLine is the command as it was given, for the record of a run.
func commandLine() string { return "headstart " + magics.JoinWords(os.Args[1:]) }

// flagSet is a set that a declaration has filled.
func flagSet(declare func(*pflag.FlagSet)) *pflag.FlagSet {
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	set.SortFlags = false // help shows them in the order of their declaration
	declare(set)
	return set
}

// addShared adds the flags of several declarations. One that several have, such as --seed, is one flag; share sets it in all.
func addShared(to *pflag.FlagSet, sets ...*pflag.FlagSet) {
	for _, set := range sets {
		set.VisitAll(func(f *pflag.Flag) {
			if to.Lookup(f.Name) == nil {
				to.AddFlag(f)
			}
		})
	}
}

// share sets a flag that was given in every declaration that has it. That includes the one whose flag was given: its set was not
// the one that parsed it, and would not visit it. Lists are left out there, since setting them again appends.
func share(given *pflag.FlagSet, sets ...*pflag.FlagSet) error {
	for _, set := range sets {
		var err error
		set.VisitAll(func(f *pflag.Flag) {
			shared := given.Lookup(f.Name)
			if shared == nil || !shared.Changed || err != nil {
				return
			}
			if shared == f {
				if _, list := f.Value.(pflag.SliceValue); list || f.Deprecated != "" {
					return
				}
				f.Changed = false // a set takes note of a flag once only
			}
			err = set.Set(f.Name, shared.Value.String())
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func printJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

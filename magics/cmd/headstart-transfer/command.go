package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer"
)

func rootCommand(lab *transfer.Lab) *cobra.Command {
	root := &cobra.Command{
		Use:           "headstart",
		Short:         "Transfer learning from the command line, with the code of the notebook's magics",
		SilenceUsage:  true,
		SilenceErrors: true,

		DisableSuggestions: true, // they take several lines
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%s: %w; headstart %s --help shows its flags", c.Name(), err, c.Name())
	})
	root.AddCommand(
		datasetCommand(lab),
		featuresCommand(lab),
		trainCommand(lab),
		evaluateCommand(lab),
		predictCommand(lab),
		verifyCommand(lab),
		doctorCommand(),
		pjrtCommand(),
		weightsCommand(),
		drawCommand(),
	)
	return root
}

// takes refuses a wrong number of arguments; a negative most is no limit.
func takes(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) >= least && (most < 0 || len(args) <= most) {
			return nil
		}
		return fmt.Errorf("%s: the number of arguments is %d, and the command is headstart %s; headstart %s --help says more",
			c.Name(), len(args), c.Use, c.Name())
	}
}

// runMagics runs magics one after the other, as the cells of a notebook would.
func runMagics(ctx context.Context, lab *transfer.Lab, host *terminal, lines ...[]string) error {
	known := map[string]magics.Magic{}
	for _, m := range lab.Magics() {
		known[m.Name()] = m
	}
	for _, words := range lines {
		name, args := words[0], words[1:]
		call := magics.Call{Name: name, Line: magics.JoinWords(args)}
		call.Code = "%" + name + " " + call.Line
		err := magics.Invoke(ctx, known[name], call, host)
		if err := errors.Join(err, host.settle()); err != nil {
			return err
		}
	}
	return nil
}

// given lists the flags that were set, as words that parse back.
func given(flags *pflag.FlagSet, only *pflag.FlagSet) []string {
	var words []string
	only.VisitAll(func(f *pflag.Flag) {
		set := flags.Lookup(f.Name)
		if set == nil || !set.Changed {
			return
		}
		values := []string{set.Value.String()}
		if list, ok := set.Value.(pflag.SliceValue); ok { // whose String does not parse back
			values = list.GetSlice()
		}
		for _, value := range values {
			words = append(words, "--"+f.Name+"="+value)
		}
	})
	return words
}

// flagSet is a set that a declaration has filled.
func flagSet(declare func(*pflag.FlagSet)) *pflag.FlagSet {
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	declare(set)
	return set
}

// addNew adds the flags that are not there yet: commands that take the flags of several magics have one --seed for all.
func addNew(to *pflag.FlagSet, sets ...*pflag.FlagSet) {
	for _, set := range sets {
		set.VisitAll(func(f *pflag.Flag) {
			if to.Lookup(f.Name) == nil {
				to.AddFlag(f)
			}
		})
	}
}

func printJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	return nil
}

// Package commandline gives cobra commands the conventions of the project's command lines.
//
// Help shows examples, and flags as magics show them; names that are misspelled get a suggestion; a command that is not
// understood ends with status 2.
package commandline

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart/magics"
)

// The exit statuses of a command that failed.
const (
	statusFailure = 1
	statusUsage   = 2 // as of shells and of Python's argparse
	statusFinal   = 3
)

// A UsageError is a command line that is not understood, so that nothing was done.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap is what is wrong with it.
func (e *UsageError) Unwrap() error { return e.Err }

// Usagef is a UsageError of a format.
func Usagef(format string, args ...any) error { return &UsageError{fmt.Errorf(format, args...)} }

// A FinalError is a failure that trying again repeats: whoever repeats commands by their status need not repeat this one.
type FinalError struct{ Err error }

func (e *FinalError) Error() string { return e.Err.Error() }

// Unwrap is what went wrong.
func (e *FinalError) Unwrap() error { return e.Err }

// ExitStatus is the status with which a program ends after an error.
func ExitStatus(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.As(err, new(*UsageError)):
		return statusUsage
	case errors.As(err, new(*FinalError)):
		return statusFinal
	}
	return statusFailure
}

// Prepare applies the conventions to a program's command and to those below it.
func Prepare(root *cobra.Command) {
	root.SilenceUsage, root.SilenceErrors = true, true // main prints the error, in one sentence
	root.DisableSuggestions = true                     // they take several lines
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { fmt.Fprint(c.OutOrStdout(), help(c)) })
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		err = magics.ExplainFlagError(err, c.Flags())
		return Usagef("%s: %w%s%s --help shows its flags", nameOf(c), err, separator(err), c.CommandPath())
	})
	root.SetHelpCommand(helpCommand(root))
	if root.Version != "" {
		root.Flags().Bool("version", false, "print the version")
	}
	each(root, func(c *cobra.Command) {
		c.Flags().SortFlags = false
		c.Flags().BoolP("help", "h", false, "show this help")
		if c.HasSubCommands() && !strings.Contains(c.Use, " ") { // one that takes arguments itself may have any
			c.Args = unknown
			if c.RunE == nil && c.Run == nil {
				c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
			}
		}
	})
}

func each(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, below := range c.Commands() {
		each(below, do)
	}
}

// Args refuses a wrong number of arguments; a negative most means no limit.
func Args(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) >= least && (most < 0 || len(args) <= most) {
			return nil
		}
		return Usagef("%s: the number of arguments is %d, and the command is %s; %s --help says more",
			nameOf(c), len(args), strings.TrimSuffix(c.UseLine(), " [flags]"), c.CommandPath())
	}
}

// nameOf is a command without its program: "plugin new".
func nameOf(c *cobra.Command) string {
	if !c.HasParent() {
		return c.Name()
	}
	return strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" ")
}

// unknown refuses what names no command below a command.
func unknown(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, below := range listed(c) {
		names = append(names, below.Name())
	}
	path := c.CommandPath()
	if near := magics.Nearest(args[0], names); near != "" {
		return Usagef("unknown command %q; did you mean %s %s? %s --help lists all", args[0], path, near, path)
	}
	return Usagef("unknown command %q; %s --help lists all", args[0], path)
}

// listed are the commands below a command that its help shows.
func listed(c *cobra.Command) []*cobra.Command {
	return slices.DeleteFunc(slices.Clone(c.Commands()), func(c *cobra.Command) bool { return c.Hidden || c.Name() == "completion" })
}

func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Show the help of a command",
		Example: "  " + root.Name() + " help",
		RunE: func(_ *cobra.Command, args []string) error {
			found, rest, err := root.Find(args)
			if err != nil {
				return &UsageError{err}
			}
			if len(rest) > 0 && found.HasSubCommands() {
				return unknown(found, rest)
			}
			return found.Help()
		},
	}
}

// separator stands between an error and the hint that follows it: a question ends its sentence.
func separator(err error) string {
	if strings.HasSuffix(err.Error(), "?") {
		return " "
	}
	return "; "
}

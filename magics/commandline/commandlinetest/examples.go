// Package commandlinetest checks the help of a command line.
package commandlinetest

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart/magics"
)

// Examples checks that the help of every command that is listed has examples, that each parses as a command of the program, and
// that no flag is shown with the values of a switch.
func Examples(t *testing.T, root *cobra.Command) {
	t.Helper()
	var check func(c *cobra.Command)
	check = func(c *cobra.Command) {
		if c.Hidden || c.Name() == "completion" {
			return
		}
		for _, below := range c.Commands() {
			check(below)
		}
		if c.DisableFlagParsing { // another program has its help
			return
		}
		if c.Example == "" {
			t.Errorf("%s: its help has no example", c.CommandPath())
		}
		for line := range strings.Lines(c.Example) {
			for command := range strings.SplitSeq(strings.TrimSpace(line), " && ") {
				parses(t, root, command)
			}
		}
		var out strings.Builder
		c.SetOut(&out)
		if err := c.Help(); err != nil || strings.Contains(out.String(), "=true|false") || !strings.Contains(out.String(), c.Example) {
			t.Errorf("%s --help: %v\n%s", c.CommandPath(), err, out.String())
		}
		c.SetOut(nil)
	}
	check(root)
}

func parses(t *testing.T, root *cobra.Command, line string) {
	t.Helper()
	command, _, _ := strings.Cut(line, "  ") // what follows explains it
	words, err := magics.SplitWords(command)
	if err != nil || len(words) == 0 || words[0] != root.Name() {
		t.Errorf("%q is not a command of %s: %v", line, root.Name(), err)
		return
	}
	c, rest, err := root.Find(words[1:])
	if err == nil && !c.DisableFlagParsing {
		if err = c.ParseFlags(rest); err == nil {
			err = c.ValidateArgs(c.Flags().Args())
		}
	}
	if err != nil || c == root && len(rest) > 0 {
		t.Errorf("the example %q: %v", line, err)
	}
}

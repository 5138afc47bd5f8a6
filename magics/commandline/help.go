package commandline

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart/magics"
)

// help is what --help shows: what the command does, how it is written, examples, the commands below it, and its flags.
func help(c *cobra.Command) string {
	var b strings.Builder
	text := c.Long
	if text == "" {
		text = c.Short
	}
	fmt.Fprintf(&b, "%s\n\nUsage:\n", strings.TrimSpace(text))
	commands := listed(c)
	if len(commands) > 0 {
		fmt.Fprintf(&b, "  %s COMMAND\n", c.CommandPath())
	} else {
		fmt.Fprintf(&b, "  %s\n", c.UseLine())
	}
	if c.Example != "" {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", strings.Trim(c.Example, "\n"))
	}
	if len(commands) > 0 {
		width := 0
		for _, below := range commands {
			width = max(width, len(below.Name()))
		}
		b.WriteString("\nCommands:\n")
		for _, below := range commands {
			fmt.Fprintf(&b, "  %-*s  %s\n", width, below.Name(), below.Short)
		}
	}
	fmt.Fprintf(&b, "\nFlags:\n%s", magics.FlagUsages(c.Flags()))
	if len(commands) > 0 {
		fmt.Fprintf(&b, "\n%s COMMAND --help shows the flags of a command.\n", c.CommandPath())
	}
	return b.String()
}

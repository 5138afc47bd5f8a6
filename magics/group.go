package magics

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// A Group is a magic with commands of its own, as in %dataset load and %dataset sample.
type Group struct {
	// Use is the name.
	Use string
	// Short is the summary: a few words, without a final period.
	Short string
	// Long explains what Short cannot. It may be empty.
	Long string
	// Commands are what may follow the name.
	Commands []Subcommand
	// Default is the name of the command that runs when none is given; "" makes that an error.
	Default string
}

var (
	_ Magic     = (*Group)(nil)
	_ Completer = (*Group)(nil)
	_ Inspector = (*Group)(nil)

	_ Concurrent = (*Group)(nil)
)

// Name is Use.
func (g *Group) Name() string { return g.Use }

// Help lists the commands, each with its flags.
func (g *Group) Help() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nUsage:\n", g.Short)
	for _, c := range g.Commands {
		fmt.Fprintf(&b, "  %%%s %s [flags]\n", g.Use, c.use())
	}
	if g.Long != "" {
		fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(g.Long))
	}
	for _, c := range g.Commands {
		fmt.Fprintf(&b, "\n%%%s %s\n%s\n", g.Use, c.Name(), indent(c.help(g.Use+" ")))
	}
	return strings.TrimRight(b.String(), "\n")
}

// Run finds the command and runs it.
func (g *Group) Run(ctx context.Context, call Call, host Host) error {
	name, _ := cutWord(call.Line)
	if name == "--help" || name == "-h" {
		_, err := host.Show(ctx, helpBundle(g.Help(), g.helpHTML()))
		return err
	}
	if g.Default != "" && namesNoCommand(name) {
		call.Line = g.Default + " " + call.Line
		name = g.Default
	}
	if c := g.find(name); c != nil {
		return c.run(ctx, call, host, g.Use+" ")
	}
	names := strings.Join(g.names(), ", ")
	if name == "" {
		return fmt.Errorf("%%%s: the command is missing: it must be one of %s; %%%s --help explains them", g.Use, names, g.Use)
	}
	if near := Nearest(name, g.names()); near != "" {
		return fmt.Errorf("%%%s: unknown command %q; did you mean %%%s %s?", g.Use, name, g.Use, near)
	}
	return fmt.Errorf("%%%s: the command must be one of %s; got %q", g.Use, names, name)
}

// ConcurrentCalls are those of the commands that are concurrent.
func (g *Group) ConcurrentCalls() Calls {
	var calls Calls
	for _, c := range g.Commands {
		if !c.concurrent() {
			continue
		}
		calls.Commands = append(calls.Commands, c.Name())
		if c.Name() == g.Default {
			calls.Commands = append(calls.Commands, "")
		}
	}
	return calls
}

// namesNoCommand tells whether the first word of a line leaves the command out: there is none, it is a flag, or it sends the
// output elsewhere.
func namesNoCommand(word string) bool {
	_, sends := outputKind(word)
	return word == "" || sends || strings.HasPrefix(word, "-")
}

// Complete offers the commands and the flags of the default command, then what the command offers.
func (g *Group) Complete(ctx context.Context, line string, cursor int) ([]string, error) {
	_, word, before := WordAt(line, cursor)
	c := g.find(g.Default)
	switch {
	case len(before) > 0 && !strings.HasPrefix(before[0], "-"):
		if c = g.find(before[0]); c == nil {
			return nil, nil
		}
		return c.complete(ctx, before[1:], word), nil
	case c != nil && (len(before) > 0 || strings.HasPrefix(word, "-")):
		return c.complete(ctx, before, word), nil
	case len(before) > 0:
		return nil, nil
	}
	return withPrefix(append(g.names(), "--help"), word), nil
}

// Inspect explains the command that the line names, or all of them.
func (g *Group) Inspect(_ context.Context, line string, cursor int) (display.Bundle, error) {
	name, _ := cutWord(line)
	c := g.find(name)
	if strings.HasPrefix(name, "-") && flagAt(line, cursor) != "" {
		c = g.find(g.Default)
	}
	if c == nil {
		return helpBundle(g.Help(), g.helpHTML()), nil
	}
	if inspector, ok := c.(Inspector); ok && flagAt(line, cursor) != "" {
		return inspector.Inspect(context.Background(), line, cursor)
	}
	return helpBundle(c.help(g.Use+" "), c.helpHTML(g.Use+" ")), nil
}

func (g *Group) find(name string) Subcommand {
	i := slices.IndexFunc(g.Commands, func(c Subcommand) bool { return c.Name() == name })
	if i < 0 {
		return nil
	}
	return g.Commands[i]
}

func (g *Group) names() []string {
	names := make([]string, len(g.Commands))
	for i, c := range g.Commands {
		names[i] = c.Name()
	}
	return names
}

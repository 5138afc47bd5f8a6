package builtin

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/kernel/registry"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

type helpOptions struct{ Markdown bool }

func helpMagic(known *registry.Registry, engine []registry.Listing) magics.Magic {
	return &magics.Command[helpOptions]{
		Use:     "help [MAGIC]",
		Short:   "Lists the magics, or explains one",
		Long:    "Every magic explains itself as well: %NAME --help.",
		Example: "%help\n%help timeit\n%help --markdown > MAGICS.md",
		JSON:    true, Concurrent: true,
		Args: magics.Args{Max: 1, Complete: func(context.Context, []string, string) []string {
			names := known.Names()
			for _, l := range engine {
				if name := commandName(l); name != "" {
					names = append(names, name)
				}
			}
			return names
		}},
		Flags: func(f *pflag.FlagSet, o *helpOptions) {
			f.BoolVar(&o.Markdown, "markdown", false, "print the reference page: everything about every magic, as Markdown")
		},
		Do: func(_ context.Context, in *magics.Invocation, o *helpOptions) error {
			switch {
			case len(in.Args) == 1:
				return explain(in, known, engine, strings.TrimLeft(in.Args[0], "%"))
			case o.Markdown:
				return reference(in.Stdout(), known.Entries(), engine)
			}
			return in.Result(helpEntries(known), func() (display.Bundle, error) { return overview(known.ByOrigin(), engine), nil })
		},
	}
}

// explain prints what one magic, ours or the engine's, says about itself.
func explain(in *magics.Invocation, known *registry.Registry, engine []registry.Listing, name string) error {
	if m, ok := known.Lookup(name); ok {
		return in.Printf("%s\n", m.Help())
	}
	var others []string
	for _, l := range engine {
		if commandName(l) == name {
			return in.Printf("%s\n\nUsage:\n  %s\n\nThe Go engine's own.\n", l.Summary, l.Usage)
		}
		others = append(others, commandName(l))
	}
	return known.Unknown(name, others...)
}

// commandName is the name of a command of the engine without percent signs; empty for %% alone and for shell lines.
func commandName(l registry.Listing) string {
	if name := strings.TrimLeft(strings.Fields(l.Usage)[0], "%"); !strings.HasPrefix(name, "!") {
		return name
	}
	return ""
}

// helpEntry is one magic for programs.
type helpEntry struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	Origin  string `json:"origin"`
}

func helpEntries(known *registry.Registry) []helpEntry {
	var list []helpEntry
	for _, e := range known.Entries() {
		list = append(list, helpEntry{e.Name(), e.Summary(), e.Origin})
	}
	return list
}

// overview is everything that a cell can hold besides Go: the magics of plugins in the order of the work, what Go cells have, and
// the kernel's own.
func overview(groups [][]registry.Entry, engine []registry.Listing) display.Bundle {
	var tables []sketch.Table
	own := sketch.Table{Title: "The kernel"}
	for _, entries := range groups {
		origin, _, _ := strings.Cut(entries[0].Origin, " (") // where its file lies is the business of %plugins
		t := sketch.Table{Title: strings.ToUpper(origin[:1]) + origin[1:]}
		for _, e := range entries {
			t.Rows = append(t.Rows, []string{"%" + e.Name(), e.Summary()})
		}
		if origin == Origin {
			own.Rows = t.Rows
			continue
		}
		tables = append(tables, t)
	}
	cells := sketch.Table{Title: "Go cells"}
	for _, l := range engine {
		cells.Rows = append(cells.Rows, []string{l.Usage, l.Summary})
	}
	tables = append(tables, cells, own)
	tables[len(tables)-1].Notes = []string{
		"%NAME --help explains a magic with its flags; Tab completes names, flags and their values.",
		"Behind its arguments, the output of a magic can go to a file (> FILE), through a command (| COMMAND) or into a Go variable (=> NAME).",
	}
	var text, html strings.Builder
	for _, t := range tables {
		if len(t.Rows) == 0 {
			continue
		}
		t.Header = []string{"magic", "does"}
		if text.Len() > 0 {
			text.WriteString("\n\n")
		}
		text.WriteString(t.Text())
		html.WriteString(t.HTML())
	}
	return display.Bundle{Data: map[string]any{display.MIMEText: text.String(), display.MIMEHTML: html.String()}}
}

// reference writes the reference page as Markdown.
func reference(w io.Writer, entries []registry.Entry, engine []registry.Listing) error {
	var b strings.Builder
	b.WriteString("# Magics\n")
	for _, e := range entries {
		fmt.Fprintf(&b, "\n## %%%s\n\nFrom %s.\n\n```text\n%s\n```\n", e.Name(), e.Origin, strings.ReplaceAll(e.Help(), "```", "'''"))
	}
	if len(engine) > 0 {
		b.WriteString("\n## The Go engine's own\n\n")
		for _, l := range engine {
			fmt.Fprintf(&b, "- `%s`: %s\n", l.Usage, l.Summary)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

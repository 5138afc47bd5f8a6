package magics

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// helpBundle is a help text for a notebook, which wraps the HTML to the width of its page, and for a terminal.
func helpBundle(text, page string) display.Bundle {
	return display.Bundle{Data: map[string]any{display.MIMEText: text, display.MIMEHTML: "<div>" + page + "</div>"}}
}

// helpHTML is help as a page.
func (c *Command[O]) helpHTML(prefix string) string {
	flags, _ := c.flagSet()
	var b strings.Builder
	b.WriteString(paragraphs(c.Short))
	b.WriteString("<p><b>Usage</b></p>\n" + preformatted(strings.Join(c.usages(prefix), "\n")))
	b.WriteString(paragraphs(c.Long))
	if c.Example != "" {
		b.WriteString("<p><b>Examples</b></p>\n" + preformatted(c.Example))
	}
	b.WriteString("<p><b>Flags</b></p>\n" + flagTable(flags))
	return b.String()
}

// helpHTML is help as a page.
func (g *Group) helpHTML() string {
	var b strings.Builder
	b.WriteString(paragraphs(g.Short))
	b.WriteString(paragraphs(g.Long))
	for _, c := range g.Commands {
		fmt.Fprintf(&b, "<h4>%%%s %s</h4>\n%s", display.EscapeHTML(g.Use), display.EscapeHTML(c.Name()), c.helpHTML(g.Use+" "))
	}
	return b.String()
}

// paragraphs is running text: its lines are joined, an empty line ends a paragraph, and indented lines stay as they are.
func paragraphs(text string) string {
	var b strings.Builder
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		switch {
		case strings.TrimSpace(paragraph) == "":
		case strings.HasPrefix(paragraph, " "), strings.Contains(paragraph, "\n "):
			b.WriteString(preformatted(paragraph))
		default:
			b.WriteString("<p>" + display.EscapeHTML(strings.Join(strings.Fields(paragraph), " ")) + "</p>\n")
		}
	}
	return b.String()
}

func preformatted(text string) string {
	return `<pre style="white-space:pre-wrap">` + display.EscapeHTML(text) + "</pre>\n"
}

// flagTable lists the flags with their defaults.
func flagTable(flags *pflag.FlagSet) string {
	var b strings.Builder
	b.WriteString("<table>\n")
	cell := `<td align="left" style="text-align:left;vertical-align:top">`
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		fallback := ""
		if hasDefault(f) {
			fallback = "default " + f.DefValue
		}
		name := strings.ReplaceAll(display.EscapeHTML(flagName(f)), "|", "|<wbr>") // a long list of words may break
		b.WriteString("<tr>" + cell + "<code>" + name + "</code></td>" + cell + display.EscapeHTML(f.Usage) + "</td>" + cell + display.EscapeHTML(fallback) + "</td></tr>\n")
	})
	b.WriteString("</table>\n")
	return b.String()
}

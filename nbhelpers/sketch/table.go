package sketch

import (
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// Table is rows of text under a header.
type Table struct {
	Title  string     `json:"title,omitempty"`
	Header []string   `json:"header"`
	Rows   [][]string `json:"rows"`
	// Right names the columns, counted from 0, whose cells are numbers and stand at the right edge.
	Right  []int    `json:"right,omitempty"`
	Footer []string `json:"footer,omitempty"` // a last row set apart, such as totals; empty for none
	Notes  []string `json:"notes,omitempty"`  // sentences below the table
}

// longestCell is where the cell of a text table is cut, in columns.
const longestCell = 48

// Text draws the table in columns, each cell on one line.
func (t Table) Text() string {
	widths := t.widths()
	var b strings.Builder
	if t.Title != "" {
		b.WriteString(Label(t.Title, 0) + "\n")
	}
	line := func(cells []string) {
		var row strings.Builder
		for i, width := range widths {
			if i > 0 {
				row.WriteString("  ")
			}
			row.WriteString(pad(cell(cells, i), width, slices.Contains(t.Right, i)))
		}
		b.WriteString(strings.TrimRight(row.String(), " ") + "\n")
	}
	rule := func() {
		for i, width := range widths {
			if i > 0 {
				b.WriteString("  ")
			}
			b.WriteString(strings.Repeat("─", width))
		}
		b.WriteString("\n")
	}
	if len(t.Header) > 0 {
		line(t.Header)
		rule()
	}
	for _, row := range t.Rows {
		line(row)
	}
	if len(t.Footer) > 0 {
		rule()
		line(t.Footer)
	}
	for _, note := range t.Notes {
		b.WriteString(Label(note, 0) + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

func (t Table) widths() []int {
	var widths []int
	for _, row := range slices.Concat([][]string{t.Header, t.Footer}, t.Rows) {
		for i := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], Width(cell(row, i)))
		}
	}
	return widths
}

func cell(cells []string, i int) string {
	if i >= len(cells) {
		return ""
	}
	return Label(cells[i], longestCell)
}

// HTML is the table for a page, every text escaped. It uses attributes rather than styles for what must survive a page
// that strips them, as GitHub's does.
func (t Table) HTML() string {
	var b strings.Builder
	text := func(s string) string { return display.EscapeHTML(Label(s, 0)) }
	row := func(tag string, cells []string) {
		b.WriteString("<tr>")
		for i := range cells {
			align, shown := "left", text(cells[i])
			if slices.Contains(t.Right, i) {
				align = "right"
				if tag == "td" {
					shown = strings.ReplaceAll(shown, " ", "&nbsp;") // a number and its unit stay in one line
				}
			}
			b.WriteString("<" + tag + ` align="` + align + `" style="text-align:` + align + `">` + shown + "</" + tag + ">")
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("<div>\n")
	if t.Title != "" {
		b.WriteString("<p><b>" + text(t.Title) + "</b></p>\n")
	}
	b.WriteString("<table>\n")
	if len(t.Header) > 0 {
		b.WriteString("<thead>")
		row("th", t.Header)
		b.WriteString("</thead>\n")
	}
	b.WriteString("<tbody>\n")
	for _, cells := range t.Rows {
		row("td", cells)
	}
	b.WriteString("</tbody>\n")
	if len(t.Footer) > 0 {
		b.WriteString("<tfoot>")
		row("th", t.Footer)
		b.WriteString("</tfoot>\n")
	}
	b.WriteString("</table>\n")
	for _, note := range t.Notes {
		b.WriteString("<p><small>" + text(note) + "</small></p>\n")
	}
	b.WriteString("</div>")
	return b.String()
}

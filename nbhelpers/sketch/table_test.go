package sketch

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

func TestTableText(t *testing.T) {
	table := Table{
		Title: "counts", Header: []string{"class", "images"}, Rows: [][]string{{"glass", "5"}, {"猫", "12"}, {"none"}}, Right: []int{1, 9, -1},
		Footer: []string{"total", "17"}, Notes: []string{"a note"},
	}
	want := `counts
class  images
─────  ──────
glass       5
猫         12
none
─────  ──────
total      17
a note`
	if got := table.Text(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestTablesOfAnyData(t *testing.T) {
	many := Table{Header: []string{"class"}}
	for i := range 1000 {
		many.Header = append(many.Header, fmt.Sprint(i))
		many.Rows = append(many.Rows, []string{fmt.Sprint("class ", i), "1"})
	}
	for name, table := range map[string]Table{
		"empty": {}, "a header": {Header: []string{"a"}}, "rows": {Rows: [][]string{nil, {}, {"a", "b"}}}, "a footer": {Footer: []string{"a"}},
		"hostile": {Title: hostile, Header: []string{hostile}, Rows: [][]string{{hostile, hostile}}, Footer: []string{hostile}, Notes: []string{hostile}},
		"many":    many,
	} {
		checkText(t, name, table.Text(), 1<<20)
		markup := table.HTML()
		if strings.Contains(markup, "<script") || strings.ContainsAny(markup, "\x1b\u202e") {
			t.Errorf("%s: a label is not escaped: %.200s", name, markup)
		}
		for _, tag := range []string{"div", "table", "tbody", "tr", "td", "th"} {
			if opened, closed := strings.Count(markup, "<"+tag+">")+strings.Count(markup, "<"+tag+" "), strings.Count(markup, "</"+tag+">"); opened != closed {
				t.Errorf("%s: %d of <%s> are opened, %d closed", name, opened, tag, closed)
			}
		}
	}
}

func FuzzTable(f *testing.F) {
	f.Add("class", "<b>", "a\nb", 3)
	f.Fuzz(func(t *testing.T, title, header, cell string, right int) {
		table := Table{Title: title, Header: []string{header, cell}, Rows: [][]string{{cell}, {title, cell, header}}, Right: []int{right}}
		checkText(t, "table", table.Text(), 1<<20)
		if markup := table.HTML(); strings.Count(markup, "<td") != 4 || strings.Count(markup, "<th ") != 2 {
			t.Errorf("a cell brought markup of its own: %s", markup)
		}
	})
}

// A notebook page typesets what stands between two dollar signs in one element.
func TestPricesAreNoMathematics(t *testing.T) {
	const prices = "from $5 to $10"
	table := Table{Title: prices, Header: []string{prices}, Rows: [][]string{{prices}}, Right: []int{0}, Footer: []string{prices}, Notes: []string{prices}}
	gallery := Gallery{Title: prices, Side: 400, Notes: []string{prices}, Items: []GalleryItem{
		{Images: []GalleryImage{{URI: "data:,", Width: 1, Height: 1}}, Title: prices, Lines: []string{prices}, Bars: []GalleryBar{{Name: prices, Value: 1}}},
	}}
	for _, page := range []string{table.HTML(), gallery.HTML()} {
		attributes := regexp.MustCompile(`="[^"]*"`)
		if found := regexp.MustCompile(`\$[^<]*\$`).FindString(attributes.ReplaceAllString(page, "")); found != "" {
			t.Errorf("%q is typeset in\n%s", found, page)
		}
		if alt := `alt="` + prices + `"`; strings.Contains(page, "<img") && !strings.Contains(page, alt) {
			t.Errorf("no %s in\n%s", alt, page)
		}
	}
}

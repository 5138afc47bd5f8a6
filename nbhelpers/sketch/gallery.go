package sketch

import (
	"fmt"
	"html"
	"math"
	"strings"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// Gallery is images with what is known of them, as HTML for a page that shows images in its own colors.
type Gallery struct {
	Title   string
	Items   []GalleryItem
	Columns int // the most in a row
	Side    int // width of an item in CSS pixels
	Notes   []string
}

// GalleryItem is one entry of a gallery.
type GalleryItem struct {
	Images []GalleryImage
	Beside bool // whether the text stands beside the image, not below it
	Mark   Mark
	Title  string
	Lines  []string // below the title, smaller
	Bars   []GalleryBar
}

// GalleryImage is an image that is part of the page. One without a URI is shown as an empty frame.
type GalleryImage struct {
	URI           string // data:image/jpeg;base64,...
	Width, Height int    // in CSS pixels
}

// GalleryBar is a named probability.
type GalleryBar struct {
	Name  string
	Value float64
}

// Styles of galleries. None sets the color of text or of the page, so that both are those of the theme. Every one but the
// track's is among those that JupyterLab leaves in a notebook that is not trusted. A row wraps where the pane is narrow.
// GitHub strips all styles, and shows a table.
const (
	galleryTable = `display:block;margin:0;border:0`
	galleryBody  = `display:block`
	galleryRow   = `display:flex;flex-wrap:wrap;gap:%dpx;margin:0 0 %dpx 0;background:none`
	galleryCell  = `display:%s;width:%dpx;padding:0;text-align:left;vertical-align:top;white-space:normal;overflow-wrap:break-word;border:0`
	galleryImage = `display:inline-block;max-width:none;margin:0 %dpx 0 0;vertical-align:top`
	galleryFrame = `display:inline-block;width:%dpx;height:%dpx;border:1px dashed;opacity:0.5;box-sizing:border-box`
	galleryText  = `display:block;width:%dpx;margin:0 0 0 8px`
	galleryBar   = `display:flex;gap:6px;align-items:center`
	galleryTrack = `display:block;width:100px;height:11px;background:var(--jp-border-color2,#E0E0E0)`
	galleryFill  = `display:block;height:11px;width:%.1f%%;background:` + galleryBlue
	galleryBlue  = "#0072B2" // the first of Palette
	rightColor   = "#009E73" // of Okabe and Ito
	wrongColor   = "#D55E00"

	galleryGap    = 12
	galleryBeside = 8 + 96        // of the image and its gap, where the text stands beside it
	galleryValues = 100 + 60 + 12 // of a bar, its value and the gaps
)

// longestText is where a line of an item is cut, in columns.
const longestText = 120

// HTML is the gallery for a page. Every text is escaped.
func (g Gallery) HTML() string {
	var b strings.Builder
	b.WriteString("<div>\n")
	if g.Title != "" {
		b.WriteString("<p><b>" + escaped(g.Title, 0) + "</b></p>\n")
	}
	columns := max(1, g.Columns)
	if len(g.Items) > 0 {
		b.WriteString(`<table role="presentation" style="` + galleryTable + `"><tbody style="` + galleryBody + `">` + "\n")
		for i, item := range g.Items {
			if i%columns == 0 {
				if i > 0 {
					b.WriteString("</tr>\n")
				}
				fmt.Fprintf(&b, `<tr style="`+galleryRow+`">`+"\n", galleryGap, galleryGap)
			}
			item.write(&b, g.Side)
		}
		b.WriteString("</tr>\n</tbody></table>\n")
	}
	for _, note := range g.Notes {
		b.WriteString("<p><small>" + escaped(note, 0) + "</small></p>\n")
	}
	b.WriteString("</div>")
	return b.String()
}

// write writes the item as a cell of that width.
func (item GalleryItem) write(b *strings.Builder, side int) {
	images, text := "", ""
	for i, img := range item.Images {
		margin := 6
		if i == len(item.Images)-1 {
			margin = 0
		}
		images += img.html(item.Title, margin)
	}
	if heading := strings.TrimSpace(item.Mark.html() + " " + escaped(item.Title, longestText)); heading != "" {
		text += "<br>" + heading
	}
	for _, line := range item.Lines {
		if line != "" {
			text += "<br><small>" + escaped(line, longestText) + "</small>"
		}
	}
	for _, bar := range item.Bars {
		text += bar.html(side - galleryBeside - galleryValues)
	}
	kind := "block"
	if item.Beside {
		kind = "flex"
		images = fmt.Sprintf(`<div style="display:block;width:%dpx">%s</div>`, galleryBeside-8, images)
		text = fmt.Sprintf(`<div style="`+galleryText+`">%s</div>`, side-galleryBeside, strings.TrimPrefix(text, "<br>"))
	}
	fmt.Fprintf(b, `<td align="left" style="`+galleryCell+`">%s%s</td>`+"\n", kind, side, images, text)
}

func (img GalleryImage) html(name string, margin int) string {
	if img.URI == "" {
		return fmt.Sprintf(`<span style="`+galleryFrame+`"><small>no image</small></span>`, img.Width, img.Height)
	}
	return fmt.Sprintf(`<img alt="%s" width="%d" height="%d" style="`+galleryImage+`" src="%s">`,
		unbroken(html.EscapeString(Label(name, longestText))), img.Width, img.Height, margin, html.EscapeString(img.URI))
}

func (m Mark) html() string {
	switch m {
	case MarkRight:
		return `<b style="color:` + rightColor + `">` + m.String() + "</b>"
	case MarkWrong:
		return `<b style="color:` + wrongColor + `">` + m.String() + "</b>"
	}
	return ""
}

// html is the bar with its name in that width.
func (bar GalleryBar) html(width int) string {
	part := min(1, max(0, bar.Value))
	if math.IsNaN(bar.Value) {
		part = 0
	}
	return fmt.Sprintf(`<div style="`+galleryBar+`"><span style="display:block;width:%dpx">%s</span> <span style="`+galleryTrack+`"><span style="`+
		galleryFill+`"></span></span> <span style="display:block;width:60px;text-align:right;white-space:nowrap">%s</span></div>`,
		width, escaped(bar.Name, longestText), 100*part, escaped(Percent(bar.Value), 0))
}

// escaped is a label for a page, in which no line begins with a percent sign.
func escaped(s string, width int) string {
	return unbroken(display.EscapeHTML(Label(s, width)))
}

func unbroken(markup string) string { return strings.ReplaceAll(markup, " %", "&nbsp;%") }
